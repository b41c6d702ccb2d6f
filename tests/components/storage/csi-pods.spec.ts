import assert from "node:assert/strict";
import { controllerPod, nodePod } from "../../../components/storage/csi-pods.ts";

const images = {
  plugin: "registry.test/plugin@sha256:1",
  provisioner: "registry.test/provisioner@sha256:1",
  resizer: "registry.test/resizer@sha256:1",
  registrar: "registry.test/registrar@sha256:1",
  livenessProbe: "registry.test/liveness@sha256:1",
};
const args = { images, serviceAccount: "mounter", kubeletDir: "/kubelet" };

const socket = { name: "socket", mountPath: "/csi" };
const resources = (memory: string) => ({ requests: { cpu: "10m", memory: "32Mi" }, limits: { memory } });
const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const sidecar = (name: string, image: string, memory: string, own: object) => ({
  name,
  image: `registry.test/${image}@sha256:1`,
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  resources: resources(memory),
  volumeMounts: [socket],
  ...own,
});
const liveness = (port: number) =>
  sidecar("liveness-probe", "liveness", "100Mi", {
    args: ["--csi-address=/csi/csi.sock", "--probe-timeout=3s", `--http-endpoint=localhost:${port}`, "--v=2"],
  });
const plugin = (port: number) => ({
  name: "nfs",
  image: "registry.test/plugin@sha256:1",
  args: ["-v=2", "--nodeid=$(NODE_ID)", "--endpoint=unix:///csi/csi.sock"],
  env: [field("NODE_ID", "spec.nodeName")],
  securityContext: {
    privileged: true,
    allowPrivilegeEscalation: true,
    capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] },
  },
  resources: resources("300Mi"),
  livenessProbe: {
    httpGet: { host: "localhost", path: "/healthz", port },
    initialDelaySeconds: 30,
    periodSeconds: 30,
    timeoutSeconds: 10,
    failureThreshold: 5,
  },
  volumeMounts: [socket, { name: "pods", mountPath: "/kubelet/pods", mountPropagation: "Bidirectional" }],
});
const shared = {
  serviceAccountName: "mounter",
  hostNetwork: true,
  dnsPolicy: "ClusterFirstWithHostNet",
  enableServiceLinks: false,
  nodeSelector: { "kubernetes.io/os": "linux" },
  securityContext: { seccompProfile: { type: "RuntimeDefault" } },
};
const podsVolume = { name: "pods", hostPath: { path: "/kubelet/pods", type: "Directory" } };

describe("controllerPod", () => {
  it("makes and grows volumes, one of several at a time", () => {
    const plain = [
      ...["--csi-address=/csi/csi.sock", "--v=2", "--leader-election"],
      ...["--leader-election-namespace=$(POD_NAMESPACE)", "--feature-gates=VolumeAttributesClass=false"],
    ];
    const env = [field("POD_NAMESPACE", "metadata.namespace")];
    const making = ["--extra-create-metadata=true", "--timeout=1200s", "--retry-interval-max=30m"];
    assert.deepEqual(controllerPod(args), {
      ...shared,
      automountServiceAccountToken: true,
      priorityClassName: "system-cluster-critical",
      containers: [
        sidecar("csi-provisioner", "provisioner", "400Mi", { args: [...plain, ...making], env }),
        sidecar("csi-resizer", "resizer", "400Mi", { args: [...plain, "--handle-volume-inuse-error=false"], env }),
        liveness(29652),
        plugin(29652),
      ],
      volumes: [podsVolume, { name: "socket", emptyDir: {} }],
    });
  });
});

describe("nodePod", () => {
  it("mounts on every node, and has no access to the cluster", () => {
    const home = "/kubelet/plugins/csi-nfsplugin";
    assert.deepEqual(nodePod(args), {
      ...shared,
      automountServiceAccountToken: false,
      priorityClassName: "system-node-critical",
      tolerations: [{ operator: "Exists" }],
      containers: [
        liveness(29653),
        sidecar("node-driver-registrar", "registrar", "100Mi", {
          args: ["--v=2", "--csi-address=/csi/csi.sock", `--kubelet-registration-path=${home}/csi.sock`],
          env: [field("KUBE_NODE_NAME", "spec.nodeName")],
          volumeMounts: [socket, { name: "registration", mountPath: "/registration" }],
        }),
        plugin(29653),
      ],
      volumes: [
        podsVolume,
        { name: "socket", hostPath: { path: home, type: "DirectoryOrCreate" } },
        { name: "registration", hostPath: { path: "/kubelet/plugins_registry", type: "Directory" } },
      ],
    });
  });
});
