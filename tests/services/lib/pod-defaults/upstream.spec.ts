import assert from "node:assert/strict";
import { applyPodDefaults } from "../../../../services/lib/pod-defaults/apply.ts";
import type { JsonObject, Pod, PodSpec, StringMap } from "../../../../services/lib/pod-defaults/types.ts";
import { patched, podDefault, podOf } from "./support.ts";

const APPLIED = "carrel.dev/pod-defaults-applied";

interface Case {
  readonly name: string;
  /** Specs of the PodDefaults a, b, c. */
  readonly podDefaults: readonly JsonObject[];
  readonly spec?: PodSpec;
  readonly annotations?: StringMap;
  readonly labels?: StringMap;
  /** The expected spec and metadata, or the fields that conflict. */
  readonly gives?: { readonly spec?: object; readonly labels?: StringMap; readonly annotations?: StringMap };
  readonly conflicts?: readonly string[];
}

const a = { name: "A", value: "1" };
const toleration = { key: "old", operator: "Exists", effect: "NoSchedule" };
const added = { key: "new", operator: "Equal", value: "foo", effect: "NoSchedule" };
const mount = { name: "v", mountPath: "/v" };
const secret = { name: "secret-volume", secret: { secretName: "gcp-secret" } };
const secretMount = { name: "secret-volume", mountPath: "/secret/gcp" };
const init = { name: "init-kubectl", image: "kubectl", imagePullPolicy: "Always", command: ["echo", "pulled"] };
const sidecar = { name: "kubectl", image: "kubectl", imagePullPolicy: "IfNotPresent" };

/** Upstream's own examples and tests, and its table of rules field by field. */
const alike: readonly Case[] = [
  {
    name: "adds annotations",
    annotations: { foo: "bar" },
    podDefaults: [{ annotations: { baz: "bux" } }],
    gives: { annotations: { foo: "bar", baz: "bux" } },
  },
  {
    name: "keeps the same annotation",
    annotations: { foo: "bar" },
    podDefaults: [{ annotations: { foo: "bar" } }],
    gives: { annotations: { foo: "bar" } },
  },
  {
    name: "refuses another annotation",
    annotations: { foo: "bar" },
    podDefaults: [{ annotations: { foo: "buz" } }],
    conflicts: ["annotations foo"],
  },
  {
    name: "adds nothing for nothing",
    annotations: { foo: "bar" },
    podDefaults: [{}],
    gives: { annotations: { foo: "bar" } },
  },
  {
    name: "adds tolerations",
    spec: { tolerations: [toleration] },
    podDefaults: [{ tolerations: [added] }],
    gives: { spec: { tolerations: [toleration, added] } },
  },
  {
    name: "adds a secret and its mount",
    podDefaults: [{ volumes: [secret], volumeMounts: [secretMount] }],
    gives: { spec: { volumes: [secret], containers: [{ name: "main", volumeMounts: [secretMount] }] } },
  },
  {
    name: "injects containers after the pod's own",
    podDefaults: [{ initContainers: [init], sidecars: [sidecar] }],
    gives: { spec: { initContainers: [init], containers: [{ name: "main" }, sidecar] } },
  },
  {
    name: "puts env into every container",
    spec: { containers: [{ name: "x" }, { name: "y", env: [a] }] },
    podDefaults: [{ env: [a] }],
    gives: {
      spec: {
        containers: [
          { name: "x", env: [a] },
          { name: "y", env: [a] },
        ],
      },
    },
  },
  {
    name: "puts env into no init container",
    spec: { initContainers: [{ name: "i" }] },
    podDefaults: [{ env: [a] }],
    gives: { spec: { initContainers: [{ name: "i" }], containers: [{ name: "main", env: [a] }] } },
  },
  {
    name: "puts env into no sidecar of its own",
    podDefaults: [{ env: [a], sidecars: [sidecar] }],
    gives: { spec: { containers: [{ name: "main", env: [a] }, sidecar] } },
  },
  {
    name: "compares with what an earlier one set",
    podDefaults: [{ env: [a] }, { env: [{ name: "A", value: "2" }] }],
    conflicts: ["env A"],
  },
  {
    name: "refuses another volume of the name",
    spec: { volumes: [{ name: "v", emptyDir: {} }] },
    podDefaults: [{ volumes: [{ name: "v", hostPath: { path: "/" } }] }],
    conflicts: ["volumes v"],
  },
  {
    name: "refuses another label",
    labels: { app: "x" },
    podDefaults: [{ labels: { app: "y" } }],
    conflicts: ["labels app"],
  },
  {
    name: "unites pull secrets",
    spec: { imagePullSecrets: [{ name: "x" }] },
    podDefaults: [{ imagePullSecrets: [{ name: "x" }, { name: "y" }] }],
    gives: { spec: { imagePullSecrets: [{ name: "x" }, { name: "y" }] } },
  },
  {
    name: "takes command and args from the first",
    podDefaults: [{ command: ["x"] }, { command: ["y"], args: ["z"] }],
    gives: { spec: { containers: [{ name: "main", command: ["x"], args: ["z"] }] } },
  },
  {
    name: "keeps a container's command",
    spec: { containers: [{ name: "main", command: ["own"] }] },
    podDefaults: [{ command: ["x"] }],
    gives: { spec: { containers: [{ name: "main", command: ["own"] }] } },
  },
  {
    name: "gives no command to the mesh proxy",
    spec: { containers: [{ name: "main" }, { name: "istio-proxy" }] },
    podDefaults: [{ command: ["x"] }],
    gives: { spec: { containers: [{ name: "main", command: ["x"] }, { name: "istio-proxy" }] } },
  },
  {
    name: "takes the service account from the last",
    spec: { serviceAccountName: "default" },
    podDefaults: [{ serviceAccountName: "x" }, { serviceAccountName: "y" }],
    gives: { spec: { serviceAccountName: "y" } },
  },
  {
    name: "takes the token's mounting from the last",
    podDefaults: [{ automountServiceAccountToken: true }, { automountServiceAccountToken: false }],
    gives: { spec: { automountServiceAccountToken: false } },
  },
  {
    name: "adds a mount whose volume nobody has, for the API server to refuse",
    podDefaults: [{ volumeMounts: [mount] }],
    gives: { spec: { containers: [{ name: "main", volumeMounts: [mount] }] } },
  },
];

const proxied = { name: "istio-proxy" };
const subPath = { name: "v", mountPath: "/w", subPath: "w" };
const fieldRef = (more: object) => ({ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.name", ...more } } });

/** Where upstream breaks a pod (Q1 to Q15 of the facts) and Carrel does not. */
const differing: readonly Case[] = [
  {
    name: "Q1: one volume at two paths",
    podDefaults: [{ volumeMounts: [mount, subPath] }],
    gives: { spec: { containers: [{ name: "main", volumeMounts: [mount, subPath] }] } },
  },
  {
    name: "Q2: the first of a pod's two mounts",
    spec: { containers: [{ name: "main", volumeMounts: [mount, subPath] }] },
    podDefaults: [{ volumeMounts: [mount] }],
    gives: { spec: { containers: [{ name: "main", volumeMounts: [mount, subPath] }] } },
  },
  {
    name: "Q3: two tolerations of one key",
    spec: { tolerations: [toleration] },
    podDefaults: [{ tolerations: [{ ...toleration, effect: "NoExecute" }] }],
    gives: { spec: { tolerations: [toleration, { ...toleration, effect: "NoExecute" }] } },
  },
  {
    name: "Q7: what the API server has defaulted",
    spec: { containers: [{ name: "main", env: [fieldRef({ apiVersion: "v1" })] }] },
    podDefaults: [{ env: [fieldRef({})] }],
    gives: { spec: { containers: [{ name: "main", env: [fieldRef({ apiVersion: "v1" })] }] } },
  },
  {
    name: "Q8: a sidecar and env with three containers",
    spec: { containers: [{ name: "x" }, { name: "y" }, { name: "z" }] },
    podDefaults: [{ env: [a], sidecars: [sidecar] }],
    gives: {
      spec: { containers: [{ name: "x", env: [a] }, { name: "y", env: [a] }, { name: "z", env: [a] }, sidecar] },
    },
  },
  {
    name: "Q9: an equal source of env",
    spec: { containers: [{ name: "main", envFrom: [{ secretRef: { name: "s" } }] }] },
    podDefaults: [{ envFrom: [{ secretRef: { name: "s" } }] }],
    gives: { spec: { containers: [{ name: "main", envFrom: [{ secretRef: { name: "s" } }] }] } },
  },
  {
    name: "Q10: a sidecar that is there, and env",
    spec: { containers: [{ name: "main" }, sidecar] },
    podDefaults: [{ env: [a], sidecars: [sidecar] }],
    gives: { spec: { containers: [{ name: "main", env: [a] }, sidecar] } },
  },
  {
    name: "Q13: fields that nobody knew",
    spec: { containers: [{ name: "main", future: { x: 1 } }] },
    podDefaults: [{ env: [a], sidecars: [sidecar] }],
    gives: { spec: { containers: [{ name: "main", future: { x: 1 }, env: [a] }, sidecar] } },
  },
  {
    name: "Q15: env beside a mesh proxy",
    spec: { containers: [{ name: "main" }, proxied] },
    podDefaults: [{ env: [a], sidecars: [sidecar] }],
    gives: { spec: { containers: [{ name: "main", env: [a] }, proxied, sidecar] } },
  },
  {
    name: "a native sidecar",
    podDefaults: [{ sidecars: [{ ...sidecar, restartPolicy: "Always" }] }],
    gives: { spec: { containers: [{ name: "main" }], initContainers: [{ ...sidecar, restartPolicy: "Always" }] } },
  },
];

function check({ podDefaults, spec, annotations, labels, gives, conflicts = [] }: Case): void {
  const metadata = { ...(annotations ? { annotations } : {}), ...(labels ? { labels } : {}) };
  const pod: Pod = podOf(spec, metadata);
  const sources = podDefaults.map((fields, i) => podDefault("abc".charAt(i), fields));
  const outcome = applyPodDefaults(pod, sources);
  const found = outcome.kind === "conflict" ? outcome.conflicts : [];
  assert.deepEqual(
    found.map(({ field, key }) => `${field} ${key}`),
    conflicts,
  );
  if (outcome.kind !== "applied") return;
  const applied = sources.map(({ name }) => `${name}=1`).join(",");
  const expected = podOf(
    { ...spec, ...gives?.spec },
    {
      ...metadata,
      ...(gives?.labels ? { labels: gives.labels } : {}),
      annotations: { ...annotations, ...gives?.annotations, [APPLIED]: applied },
    },
  );
  assert.deepEqual(patched(pod, outcome.operations), expected);
}

describe("cases of upstream", () => {
  for (const item of alike) it(item.name, () => check(item));
});

describe("cases that upstream breaks", () => {
  for (const item of differing) it(item.name, () => check(item));
});
