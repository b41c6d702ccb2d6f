import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";

export interface CsiImages {
  readonly plugin: pulumi.Input<string>;
  readonly provisioner: pulumi.Input<string>;
  readonly resizer: pulumi.Input<string>;
  readonly registrar: pulumi.Input<string>;
  readonly livenessProbe: pulumi.Input<string>;
}

export interface CsiPodArgs {
  readonly images: CsiImages;
  readonly serviceAccount: pulumi.Input<string>;
  /** Of the kubelet, on every node. */
  readonly kubeletDir: string;
}

type Container = k8s.types.input.core.v1.Container;
type PodSpec = k8s.types.input.core.v1.PodSpec;

const SOCKET_DIR = "/csi";
const SOCKET = `${SOCKET_DIR}/csi.sock`;
/** On the node's loopback, where other drivers have theirs. */
const HEALTH_PORTS = { controller: 29652, node: 29653 } as const;
type Side = keyof typeof HEALTH_PORTS;

const socketMount = { name: "socket", mountPath: SOCKET_DIR };
const fromField = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const resources = (memory: string) => ({ requests: { cpu: "10m", memory: "32Mi" }, limits: { memory } });

/** A helper that talks to the driver's socket, which is root's, and needs no capability for it. */
function sidecar(
  name: string,
  image: pulumi.Input<string>,
  args: readonly string[],
  memory: string,
): Container & { volumeMounts: k8s.types.input.core.v1.VolumeMount[] } {
  return {
    name,
    image,
    args: [...args],
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ["ALL"] },
    },
    resources: resources(memory),
    volumeMounts: [socketMount],
  };
}

const health = ({ livenessProbe }: CsiImages, side: Side): Container =>
  sidecar(
    "liveness-probe",
    livenessProbe,
    [`--csi-address=${SOCKET}`, "--probe-timeout=3s", `--http-endpoint=localhost:${HEALTH_PORTS[side]}`, "--v=2"],
    "100Mi",
  );

/** The driver itself. Only a privileged container mounts so that the kubelet and its pods see it. */
function plugin({ images, kubeletDir }: CsiPodArgs, side: Side): Container {
  const propagated = { name: "pods", mountPath: `${kubeletDir}/pods`, mountPropagation: "Bidirectional" };
  return {
    name: "nfs",
    image: images.plugin,
    args: ["-v=2", "--nodeid=$(NODE_ID)", `--endpoint=unix://${SOCKET}`],
    env: [fromField("NODE_ID", "spec.nodeName")],
    securityContext: {
      privileged: true,
      allowPrivilegeEscalation: true,
      capabilities: { drop: ["ALL"], add: ["SYS_ADMIN"] },
    },
    resources: resources("300Mi"),
    livenessProbe: {
      httpGet: { host: "localhost", path: "/healthz", port: HEALTH_PORTS[side] },
      initialDelaySeconds: 30,
      periodSeconds: 30,
      timeoutSeconds: 10,
      failureThreshold: 5,
    },
    volumeMounts: [socketMount, propagated],
  };
}

function shared({ serviceAccount, kubeletDir }: CsiPodArgs): Omit<PodSpec, "containers"> & { volumes: object[] } {
  return {
    serviceAccountName: serviceAccount,
    // A mount hangs when the network goes that it was made from: it is made from the node's.
    hostNetwork: true,
    dnsPolicy: "ClusterFirstWithHostNet",
    enableServiceLinks: false,
    nodeSelector: { "kubernetes.io/os": "linux" },
    securityContext: { seccompProfile: { type: "RuntimeDefault" } },
    volumes: [{ name: "pods", hostPath: { path: `${kubeletDir}/pods`, type: "Directory" } }],
  };
}

/** Makes, grows and removes volumes, for which it mounts the export itself. */
export function controllerPod(args: CsiPodArgs): PodSpec {
  const { images } = args;
  const leading = ["--leader-election", "--leader-election-namespace=$(POD_NAMESPACE)"];
  const withNamespace = (container: Container): Container => ({
    ...container,
    env: [fromField("POD_NAMESPACE", "metadata.namespace")],
  });
  // Its feature is for drivers that change volumes; this one does not.
  const plain = [`--csi-address=${SOCKET}`, "--v=2", ...leading, "--feature-gates=VolumeAttributesClass=false"];
  const making = [...plain, "--extra-create-metadata=true", "--timeout=1200s", "--retry-interval-max=30m"];
  const base = shared(args);
  return {
    ...base,
    automountServiceAccountToken: true,
    priorityClassName: "system-cluster-critical",
    containers: [
      withNamespace(sidecar("csi-provisioner", images.provisioner, making, "400Mi")),
      withNamespace(sidecar("csi-resizer", images.resizer, [...plain, "--handle-volume-inuse-error=false"], "400Mi")),
      health(images, "controller"),
      plugin(args, "controller"),
    ],
    volumes: [...base.volumes, { name: "socket", emptyDir: {} }] as k8s.types.input.core.v1.Volume[],
  };
}

/** Mounts volumes for the pods of its node. */
export function nodePod(args: CsiPodArgs): PodSpec {
  const { images, kubeletDir } = args;
  const home = `${kubeletDir}/plugins/csi-nfsplugin`;
  const registering = ["--v=2", `--csi-address=${SOCKET}`, `--kubelet-registration-path=${home}/csi.sock`];
  const registrar = sidecar("node-driver-registrar", images.registrar, registering, "100Mi");
  const base = shared(args);
  return {
    ...base,
    automountServiceAccountToken: false,
    priorityClassName: "system-node-critical",
    // Wherever a notebook can be, its home can be.
    tolerations: [{ operator: "Exists" }],
    containers: [
      health(images, "node"),
      {
        ...registrar,
        env: [fromField("KUBE_NODE_NAME", "spec.nodeName")],
        volumeMounts: [socketMount, { name: "registration", mountPath: "/registration" }],
      },
      plugin(args, "node"),
    ],
    volumes: [
      ...base.volumes,
      { name: "socket", hostPath: { path: home, type: "DirectoryOrCreate" } },
      { name: "registration", hostPath: { path: `${kubeletDir}/plugins_registry`, type: "Directory" } },
    ] as k8s.types.input.core.v1.Volume[],
  };
}
