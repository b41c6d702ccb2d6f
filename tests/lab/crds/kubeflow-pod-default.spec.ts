import assert from "node:assert/strict";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { labUnderTest } from "../../support/lab.ts";

const ref: ResourceRef = {
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  plural: "poddefaults",
  namespaced: true,
};
const namespace = "default";
const container = { name: "helper", image: "registry.example.org/helper:1" };

/** What upstream's definition takes, field by field; every one of its fields is in one of them. */
const manifests: Readonly<Record<string, object | undefined>> = {
  "no spec at all": undefined,
  "a selector that selects everything": { selector: {} },
  "a Secret as a volume, as in upstream's guide": {
    selector: { matchLabels: { "add-gcp-secret": "true" } },
    desc: "add gcp credential",
    volumeMounts: [{ name: "secret-volume", mountPath: "/secret/gcp" }],
    volumes: [{ name: "secret-volume", secret: { secretName: "gcp-secret" } }],
  },
  "environment of every kind": {
    selector: { matchExpressions: [{ key: "notebook", operator: "Exists" }] },
    env: [
      { name: "PLAIN", value: "$(OTHER) and $$" },
      { name: "EMPTY" },
      { name: "FIELD", valueFrom: { fieldRef: { apiVersion: "v1", fieldPath: "metadata.name" } } },
      { name: "RESOURCE", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "1m" } } },
      { name: "KEY", valueFrom: { configMapKeyRef: { name: "a", key: "b", optional: true } } },
      { name: "SECRET", valueFrom: { secretKeyRef: { name: "a", key: "b" } } },
    ],
    envFrom: [{ prefix: "P_", configMapRef: { name: "a", optional: true } }, { secretRef: { name: "b" } }],
  },
  "volumes of many kinds": {
    selector: { matchLabels: { a: "" } },
    volumes: [
      { name: "empty", emptyDir: { medium: "Memory", sizeLimit: "1Gi" } },
      { name: "claim", persistentVolumeClaim: { claimName: "a", readOnly: true } },
      { name: "nfs", nfs: { server: "nfs.example.org", path: "/a" } },
      { name: "host", hostPath: { path: "/a", type: "Directory" } },
      {
        name: "projected",
        projected: {
          defaultMode: 292,
          sources: [
            { serviceAccountToken: { path: "token", expirationSeconds: 7200, audience: "pipelines.kubeflow.org" } },
            { downwardAPI: { items: [{ path: "labels", fieldRef: { fieldPath: "metadata.labels" } }] } },
          ],
        },
      },
      { name: "csi", csi: { driver: "example.org", volumeAttributes: { a: "b" } } },
      { name: "ephemeral", ephemeral: { volumeClaimTemplate: { spec: { accessModes: ["ReadWriteOnce"] } } } },
    ],
    volumeMounts: [
      {
        name: "empty",
        mountPath: "/dev/shm",
        mountPropagation: "None",
        recursiveReadOnly: "IfPossible",
        readOnly: true,
      },
      { name: "claim", mountPath: "/a", subPath: "b" },
      { name: "nfs", mountPath: "/c", subPathExpr: "$(POD_NAME)" },
    ],
  },
  "where and as whom a pod runs": {
    selector: { matchExpressions: [{ key: "tier", operator: "In", values: ["gpu", ""] }] },
    tolerations: [
      { key: "nvidia.com/gpu", operator: "Exists", effect: "NoSchedule" },
      { key: "a", operator: "Equal", value: "b", effect: "NoExecute", tolerationSeconds: 60 },
      { operator: "Exists" },
    ],
    imagePullSecrets: [{ name: "registry" }],
    serviceAccountName: "editor",
    automountServiceAccountToken: false,
  },
  "labels, annotations, command and arguments": {
    selector: { matchExpressions: [{ key: "example.org/a", operator: "DoesNotExist" }] },
    labels: { "example.org/team": "physics", empty: "" },
    annotations: { "sidecar.istio.io/inject": "false", json: '{"a":[1]}' },
    command: ["sh", "-c"],
    args: ["echo $0"],
  },
  "containers beside and before": {
    selector: { matchExpressions: [{ key: "tier", operator: "NotIn", values: ["gpu"] }] },
    initContainers: [
      { ...container, restartPolicy: "Always", resizePolicy: [{ resourceName: "cpu", restartPolicy: "NotRequired" }] },
    ],
    sidecars: [
      {
        ...container,
        ports: [{ containerPort: 8080, protocol: "TCP" }],
        livenessProbe: { httpGet: { path: "/", port: 8080, httpHeaders: [{ name: "A", value: "b" }] } },
        lifecycle: { preStop: { exec: { command: ["true"] } } },
        securityContext: { capabilities: { drop: ["ALL"] } },
        resources: { limits: { cpu: "1", memory: "1Gi" } },
      },
    ],
  },
};

describe("Kubeflow's PodDefault on the API server", () => {
  let client: KubeClient;
  before(async () => {
    client = (await labUnderTest()).client;
  });

  for (const [what, spec] of Object.entries(manifests)) {
    it(`is kept as upstream's would be: ${what}`, async () => {
      const object = {
        apiVersion: ref.apiVersion,
        kind: ref.kind,
        metadata: { name: "upstream" },
        ...(spec === undefined ? {} : { spec }),
      };
      const options = { dryRun: true, fieldValidation: "Strict" } as const;
      const made = await client.create<KubeObject & { spec?: object }>(ref, namespace, object, options);
      assert.deepEqual(made.spec, spec);
    });
  }
});
