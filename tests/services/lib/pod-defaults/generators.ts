import fc from "fast-check";
import type { Manifest } from "./oracle.ts";

// Few names and, for each, mostly one value: elements meet often, and still most sets fit together.
const value = (agreed: string) =>
  fc.oneof({ weight: 12, arbitrary: fc.constant(agreed) }, { weight: 1, arbitrary: fc.constant("other") });
const optional = <T extends object>(fields: { [K in keyof T]: fc.Arbitrary<T[K]> }) =>
  fc.record(fields, { requiredKeys: [] });

const env = fc.oneof(
  fc.constantFrom("A", "B", "C").chain((name) => fc.record({ name: fc.constant(name), value: value(name) })),
  fc.boolean().map((isStored) => ({
    name: "POD",
    valueFrom: { fieldRef: { fieldPath: "metadata.name", ...(isStored ? { apiVersion: "v1" } : {}) } },
  })),
);
const mount = fc
  .tuple(fc.constantFrom("/a", "/b~1", "/c/d"), value("v"), fc.boolean())
  .map(([mountPath, name, isStored]) => ({ name, mountPath, ...(isStored ? { readOnly: false } : {}) }));
const storedVolume = fc
  .tuple(fc.constantFrom("v", "w", "other"), value("s"), fc.boolean())
  .map(([name, secretName, isStored]) => ({ name, secret: { secretName, ...(isStored ? { defaultMode: 420 } : {}) } }));
const imageVolume = fc.constant({ name: "image", image: { reference: "data:1" } });
const volume = fc.oneof({ weight: 3, arbitrary: storedVolume }, { weight: 1, arbitrary: imageVolume });
const toleration = fc.oneof(
  fc.record({
    key: fc.constantFrom("gpu", "spot"),
    operator: fc.constant("Exists"),
    effect: fc.constantFrom("NoSchedule", "NoExecute"),
  }),
  fc.record({ key: fc.constant("gpu"), value: fc.constantFrom("a", "b"), effect: fc.constant("NoSchedule") }),
);
const reference = fc.record({ name: fc.constantFrom("x", "y", "z") });
const envFrom = fc.oneof(
  fc.record({ secretRef: reference }),
  fc.record({ prefix: fc.constant("P_"), configMapRef: reference }),
);
const labels = fc
  .oneof(fc.constantFrom("app", "a.b/team"))
  .chain((key) => value(key.replace("/", ".")).map((text) => ({ [key]: text })));
const words = fc.constantFrom(["sh"], ["python", "-m", "x"]);
const preferred = fc
  .constantFrom("zone", "host")
  .map((topologyKey) => ({ weight: 1, podAffinityTerm: { topologyKey } }));
const affinity = fc
  .array(preferred, { minLength: 1, maxLength: 3 })
  .map((rules) => ({ podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [...new Set(rules)] } }));

const few = <T>(item: fc.Arbitrary<T>, key: (item: T) => string) =>
  fc.uniqueArray(item, { maxLength: 3, selector: key });
const json = (item: unknown): string => JSON.stringify(item);
const containerFields = {
  env: few(env, ({ name }) => name),
  envFrom: fc.uniqueArray(envFrom, { maxLength: 2, selector: json }),
  volumeMounts: few(mount, ({ mountPath }) => mountPath),
  command: words,
  args: words,
};
const podFields = {
  volumes: few(volume, ({ name }) => name),
  tolerations: fc.uniqueArray(toleration, { maxLength: 3, selector: json }),
  imagePullSecrets: few(reference, ({ name }) => name),
  nodeSelector: labels,
  affinity,
  serviceAccountName: fc.constantFrom("default", "editor"),
  automountServiceAccountToken: fc.boolean(),
};

const brought = (name: string, more: object = {}) =>
  fc
    .boolean()
    .map((isStored) => ({ name, image: "i:1", ...more, ...(isStored ? { imagePullPolicy: "IfNotPresent" } : {}) }));
const spec = optional({
  ...containerFields,
  ...podFields,
  labels,
  annotations: labels,
  initContainers: fc.array(brought("fetch"), { maxLength: 1 }),
  sidecars: fc.uniqueArray(fc.oneof(brought("log"), brought("mesh", { restartPolicy: "Always" })), {
    maxLength: 2,
    selector: ({ name }) => name,
  }),
  priority: fc.constantFrom(-1, 0, 5),
  targetContainers: fc.subarray(["main", "second", "istio-proxy", "setup"]),
  untouchedContainers: fc.subarray(["second"]),
});
const selector = fc.constantFrom(
  {},
  {},
  { matchLabels: { lab: "yes" } },
  { matchLabels: { lab: "no" } },
  { matchLabels: { app: "app" } },
);

export const manifests: fc.Arbitrary<readonly Manifest[]> = fc
  .uniqueArray(fc.tuple(fc.constantFrom("a", "b", "c-1", "d.x"), spec, selector), {
    maxLength: 4,
    selector: ([name]) => name,
  })
  .map((all) =>
    all.map(([name, fields, selects], i) => ({
      metadata: { name, namespace: "lab", resourceVersion: String(100 + i) },
      spec: { ...fields, selector: selects },
    })),
  );

const container = (name: string) =>
  optional(containerFields).map((fields) => ({ name, image: `${name}:1`, ...fields }));
const names = fc.shuffledSubarray(["main", "second", "third", "istio-proxy", "log"], { minLength: 1, maxLength: 5 });

/** Pods of one to five containers, with any of the fields there, empty or missing. */
export const pods = fc
  .tuple(
    names.chain((list) => fc.tuple(...list.map(container))),
    fc.option(fc.array(container("setup"), { maxLength: 1 }), { nil: undefined }),
    optional(podFields),
    optional({ labels: fc.constantFrom({ lab: "yes" }, { lab: "no", app: "app" }), annotations: labels }),
  )
  .map(([containers, initContainers, fields, metadata]) => ({
    metadata: { name: "pod-0", namespace: "lab", ...metadata },
    spec: { ...fields, containers, ...(initContainers ? { initContainers } : {}) },
  }));
