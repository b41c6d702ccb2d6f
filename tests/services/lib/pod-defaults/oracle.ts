import { isDeepStrictEqual } from "node:util";

/*
 * What PodDefaults do to a pod, written down as plainly as the rules are, on copies and from the manifests; it shares
 * no code with the subject. It knows the API defaults of what `generators.ts` makes and of nothing else.
 */

type Item = Record<string, unknown>;

export interface Manifest {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly spec: Item;
}

/** `PodDefault field key container`, one for each conflict. */
export interface Intended {
  readonly pod: Item;
  readonly conflicts: readonly string[];
}

const PROXIES = ["istio-proxy", "linkerd-proxy"];
const RULES = "preferredDuringSchedulingIgnoredDuringExecution";

const itemOf = (owner: Item | undefined, field: string): Item => (owner?.[field] ?? {}) as Item;
const listOf = (owner: Item, field: string): Item[] => (owner[field] ?? []) as Item[];
const textsOf = (owner: Item, field: string): string[] | undefined => owner[field] as string[] | undefined;
const priorityOf = ({ spec }: Manifest): number => Number(spec["priority"] ?? 0);

function stored(item: Item): Item {
  const copy = structuredClone(item);
  const fieldRef = itemOf(itemOf(copy, "valueFrom"), "fieldRef");
  fieldRef["apiVersion"] ??= "v1";
  itemOf(copy, "secret")["defaultMode"] ??= 420;
  if (copy["mountPath"]) copy["readOnly"] ??= false;
  if (copy["image"]) copy["imagePullPolicy"] ??= "IfNotPresent";
  return copy;
}

const same = (a: Item, b: Item): boolean => isDeepStrictEqual(stored(a), stored(b));

type KeyOf = (item: Item) => string;
const byName: KeyOf = (item) => String(item["name"]);
const byPath: KeyOf = (item) => String(item["mountPath"]);
const byTaint: KeyOf = ({ key = "", operator = "Equal", value = "", effect = "" }) =>
  `${key}${operator === "Exists" ? "" : `=${value}`}:${effect}`;

function merge(list: Item[], items: Item[], keyOf: KeyOf, conflict: (key: string) => void): Item[] {
  const result = [...list];
  for (const item of items) {
    const found = result.findLast((other) => keyOf(other) === keyOf(item));
    if (!found) result.push(item);
    else if (!same(found, item)) conflict(keyOf(item));
  }
  return result;
}

function union(list: Item[], items: Item[]): Item[] {
  const result = [...list];
  for (const item of items) if (!result.some((other) => same(other, item))) result.push(item);
  return result;
}

/** What would be empty and is not there stays away. */
function put(owner: Item, field: string, value: object): void {
  if (Object.keys(value).length > 0) owner[field] = value;
}

/** One PodDefault's part in a pod that others have had theirs in. */
class Step {
  readonly #source: Manifest;
  readonly #conflicts: string[];

  constructor(source: Manifest, conflicts: string[]) {
    this.#source = source;
    this.#conflicts = conflicts;
  }

  list(owner: Item, field: string, keyOf: KeyOf, container = ""): void {
    this.add(owner, field, field, listOf(this.#source.spec, field), keyOf, container);
  }

  add(owner: Item, list: string, field: string, items: Item[], keyOf: KeyOf, container = ""): void {
    const conflict = (key: string): void => this.#conflict(field, key, container);
    put(owner, list, merge(listOf(owner, list), items, keyOf, conflict));
  }

  union(owner: Item, field: string): void {
    put(owner, field, union(listOf(owner, field), listOf(this.#source.spec, field)));
  }

  map(owner: Item, field: string): void {
    const merged = { ...itemOf(owner, field) };
    for (const [key, value] of Object.entries(itemOf(this.#source.spec, field))) {
      if (!(key in merged)) merged[key] = value;
      else if (merged[key] !== value) this.#conflict(field, key, "");
    }
    put(owner, field, merged);
  }

  words(owner: Item, field: string): void {
    if (owner[field] === undefined && this.#source.spec[field]) owner[field] = this.#source.spec[field];
  }

  #conflict(field: string, key: string, container: string): void {
    this.#conflicts.push(`${this.#source.metadata.name} ${field} ${key} ${container}`);
  }
}

function isTarget(list: string, name: string, spec: Item, brought: readonly string[]): boolean {
  const untouched = [...brought, ...(textsOf(spec, "untouchedContainers") ?? PROXIES)];
  if (untouched.includes(name)) return false;
  return textsOf(spec, "targetContainers")?.includes(name) ?? list === "containers";
}

function fillContainers(pod: Item, list: string, sources: readonly Manifest[], conflicts: string[]): void {
  const brought = sources
    .flatMap(({ spec }) => [...listOf(spec, "initContainers"), ...listOf(spec, "sidecars")])
    .map(byName);
  for (const container of listOf(itemOf(pod, "spec"), list)) {
    const name = byName(container);
    for (const source of sources.filter(({ spec }) => isTarget(list, name, spec, brought))) {
      const step = new Step(source, conflicts);
      step.list(container, "env", byName, name);
      step.list(container, "volumeMounts", byPath, name);
      step.union(container, "envFrom");
      step.words(container, "command");
      step.words(container, "args");
    }
  }
}

function fillPod(pod: Item, sources: readonly Manifest[], conflicts: string[]): void {
  const spec = itemOf(pod, "spec");
  for (const source of sources) {
    const step = new Step(source, conflicts);
    step.list(spec, "volumes", byName);
    step.list(spec, "tolerations", byTaint);
    step.union(spec, "imagePullSecrets");
    step.map(spec, "nodeSelector");
    step.map(itemOf(pod, "metadata"), "labels");
    step.map(itemOf(pod, "metadata"), "annotations");
    if (!source.spec["affinity"]) continue;
    const rules = listOf(itemOf(itemOf(source.spec, "affinity"), "podAffinity"), RULES);
    const present = listOf(itemOf(itemOf(spec, "affinity"), "podAffinity"), RULES);
    spec["affinity"] = { podAffinity: { [RULES]: union(present, rules) } };
  }
  for (const field of ["serviceAccountName", "automountServiceAccountToken"]) {
    const stating = sources.filter((source) => source.spec[field] !== undefined);
    const highest = Math.max(...stating.map(priorityOf));
    const winner = stating.findLast((source) => priorityOf(source) === highest);
    if (winner) spec[field] = winner.spec[field];
  }
}

function addContainers(pod: Item, sources: readonly Manifest[], conflicts: string[]): void {
  const spec = itemOf(pod, "spec");
  const isNative = (item: Item): boolean => item["restartPolicy"] === "Always";
  for (const source of sources) {
    const step = new Step(source, conflicts);
    const sidecars = listOf(source.spec, "sidecars");
    const init = [...listOf(source.spec, "initContainers"), ...sidecars.filter(isNative)];
    step.add(spec, "initContainers", "initContainers", init, byName);
    const others = sidecars.filter((item) => !isNative(item));
    step.add(spec, "containers", "sidecars", others, byName);
  }
}

export function intended(given: Item, manifests: readonly Manifest[]): Intended {
  const pod = structuredClone(given);
  const conflicts: string[] = [];
  const labels = itemOf(itemOf(given, "metadata"), "labels");
  const sources = manifests
    .filter(({ spec }) =>
      Object.entries(itemOf(itemOf(spec, "selector"), "matchLabels")).every(([key, value]) => labels[key] === value),
    )
    .toSorted((a, b) => priorityOf(b) - priorityOf(a) || (a.metadata.name < b.metadata.name ? -1 : 1));
  if (sources.length === 0) return { pod, conflicts };
  fillContainers(pod, "containers", sources, conflicts);
  fillContainers(pod, "initContainers", sources, conflicts);
  fillPod(pod, sources, conflicts);
  addContainers(pod, sources, conflicts);
  const applied = sources.map(({ metadata }) => `${metadata.name}=${metadata.resourceVersion}`).join(",");
  const metadata = itemOf(pod, "metadata");
  metadata["annotations"] = { ...itemOf(metadata, "annotations"), "carrel.dev/pod-defaults-applied": applied };
  return { pod, conflicts };
}
