import { managedFieldsOf } from "./managed-fields.ts";
import { seeded } from "./statistics.ts";

/** What every contestant is set up with: mirrors of three registries, and five PodDefaults. */
export const rules = ["docker.io", "quay.io", "ghcr.io"].map((from) => ({
  from,
  to: `mirror.test/${from.split(".")[0]}`,
}));

/** Manifests in the order of application; `d` is selected by the label `default-d: "yes"`. */
export const podDefaults = ["a", "b", "c", "d", "e"].map((name) => ({
  metadata: { name, namespace: "work", resourceVersion: "1" },
  spec: {
    selector: { matchLabels: { [`default-${name}`]: "yes" } },
    env: [{ name: `FROM_${name.toUpperCase()}`, value: name }],
    volumes: [{ name: `volume-${name}`, emptyDir: {} }],
    volumeMounts: [{ name: `volume-${name}`, mountPath: `/mnt/${name}` }],
  },
}));

export interface Case {
  readonly name: string;
  readonly body: Buffer;
  /** What a right answer is: a patch, none, or an HTTP error. */
  readonly kind: "patch" | "unchanged" | "invalid";
  /** PodDefaults are for new pods alone. */
  readonly isCreation: boolean;
}

interface Wanted {
  readonly name: string;
  readonly kib: number;
  readonly operation?: "CREATE" | "UPDATE";
  readonly isEphemeral?: boolean;
  /** Nothing has anything to do. */
  readonly isPlain?: boolean;
  /** Only PodDefaults have something to do. */
  readonly hasMirroredImages?: boolean;
}

const NAMES = ["python:3.12", "quay.io/jupyter/base-notebook:2026", `ghcr.io/example/tool@sha256:${"ab".repeat(32)}`];
const resource = { group: "", version: "v1", resource: "pods" };
const kind = { group: "", version: "v1", kind: "Pod" };

function environment(container: number, bytes: number, random: () => number): object[] {
  const variables: object[] = [];
  for (let left = bytes; left > 0; ) {
    const value = `value-${"x".repeat(16 + Math.floor(random() * 32))}`;
    const variable = { name: `SETTING_${container}_${variables.length}`, value };
    variables.push(variable);
    left -= JSON.stringify(variable).length + 1;
  }
  return variables;
}

function reviewOf(wanted: Wanted, random: () => number): object {
  const { name, kib, operation = "CREATE", isEphemeral = false, isPlain = false, hasMirroredImages = isPlain } = wanted;
  const images = hasMirroredImages ? NAMES.map((_, i) => `mirror.test/quay/own/image-${i}:1`) : NAMES;
  // Half of it is what the API server notes of each field.
  const bytes = (kib * 1024 - 1400) / images.length / 2;
  const containers = images.map((image, n) => ({
    name: `c${n}`,
    image,
    env: environment(n, bytes, random),
    resources: { limits: { cpu: "1", memory: "1Gi" } },
  }));
  const labels: Record<string, string> = isPlain
    ? { app: name }
    : { app: name, "default-b": "yes", "default-d": "yes" };
  const metadata = { name, namespace: "work", labels };
  const ephemeral = { name: "debug", image: "busybox:1" };
  const spec = { containers, ...(isEphemeral ? { ephemeralContainers: [ephemeral] } : {}) };
  const managedFields = managedFieldsOf({ metadata, spec });
  const object = { metadata: { ...metadata, managedFields }, spec };
  const before = containers.map((container) => ({ ...container, image: isPlain ? container.image : "own.test/a:1" }));
  const request = {
    uid: `705ab4f5-6393-11e8-b7cc-${String(Math.floor(random() * 1e12)).padStart(12, "0")}`,
    kind,
    resource,
    ...(isEphemeral ? { subResource: "ephemeralcontainers" } : {}),
    name,
    namespace: "work",
    operation,
    userInfo: { username: "system:serviceaccount:work:hub" },
    object,
    ...(operation === "UPDATE"
      ? { oldObject: { metadata: object.metadata, spec: { containers: isEphemeral ? containers : before } } }
      : {}),
    dryRun: false,
  };
  return { kind: "AdmissionReview", apiVersion: "admission.k8s.io/v1", request };
}

const wanted: readonly Wanted[] = [
  { name: "create-2k", kib: 2 },
  { name: "create-5k", kib: 5 },
  { name: "create-10k", kib: 10 },
  { name: "create-10k-mirrored", kib: 10, hasMirroredImages: true },
  { name: "create-30k", kib: 30 },
  { name: "create-100k", kib: 100 },
  { name: "create-1m", kib: 1024 },
  { name: "update-10k", kib: 10, operation: "UPDATE" },
  { name: "ephemeral-10k", kib: 10, operation: "UPDATE", isEphemeral: true },
  { name: "plain-2k", kib: 2, isPlain: true },
  { name: "plain-10k", kib: 10, isPlain: true },
  { name: "plain-30k", kib: 30, isPlain: true },
];

/** How often a case of each size comes in twenty calls; the rest is 10 KiB. */
const others: readonly string[] = wanted.map(({ name }) => name);

/** Twenty reviews of seven sizes, the same for the same seed: a fifth needs no patch, one in twenty is no review. */
export function corpus(seed: number): readonly Case[] {
  const random = seeded(seed);
  const more = ["create-2k", "create-5k", "create-10k", "create-10k", "create-30k", "plain-10k", "create-10k"];
  const specs = [...others, ...more].flatMap((name) => wanted.find((each) => each.name === name) ?? []);
  const cases = specs.map(
    (spec): Case => ({
      name: spec.name,
      body: Buffer.from(JSON.stringify(reviewOf(spec, random))),
      kind: spec.isPlain ? "unchanged" : "patch",
      isCreation: (spec.operation ?? "CREATE") === "CREATE",
    }),
  );
  const cut = Buffer.from(JSON.stringify(reviewOf({ name: "cut", kib: 10 }, random))).subarray(0, 5_000);
  return [...cases, { name: "cut", body: cut, kind: "invalid", isCreation: true }];
}

/** The review that the figures for one size are of. */
export function caseOf(cases: readonly Case[], name: string): Case {
  const found = cases.find((each) => each.name === name);
  if (!found) throw new Error(`the corpus has no case ${name}: it has ${cases.map((each) => each.name).join(", ")}`);
  return found;
}
