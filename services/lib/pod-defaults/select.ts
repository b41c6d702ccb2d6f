import { appliedBefore } from "./provenance.ts";
import { matches } from "./selector.ts";
import { EXCLUDE_ANNOTATION, MIRROR_ANNOTATION, ownValue, type Pod, type PodDefault, type StringMap } from "./types.ts";

/** The PodDefaults of each namespace, in the order of application. */
export type PodDefaultIndex = ReadonlyMap<string, readonly PodDefault[]>;

/** Higher priority first, then by name as etcd orders keys, which is upstream's only order. */
export function inOrder(a: PodDefault, b: PodDefault): number {
  if (a.priority !== b.priority) return b.priority - a.priority;
  if (a.name === b.name) return 0;
  return a.name < b.name ? -1 : 1;
}

/** Sorts once, so that an admission does not. */
export function indexByNamespace(podDefaults: Iterable<PodDefault>): PodDefaultIndex {
  const index = new Map<string, PodDefault[]>();
  for (const podDefault of podDefaults) {
    const known = index.get(podDefault.namespace);
    if (known) known.push(podDefault);
    else index.set(podDefault.namespace, [podDefault]);
  }
  for (const list of index.values()) list.sort(inOrder);
  return index;
}

/** Why no PodDefault may change a pod, if so. */
export function exemption({ metadata }: Pod): "excluded" | "mirror" | undefined {
  if (ownValue(metadata?.annotations, EXCLUDE_ANNOTATION) === "true") return "excluded";
  return ownValue(metadata?.annotations, MIRROR_ANNOTATION) === undefined ? undefined : "mirror";
}

/** The labels that a pod had before it got PodDefaults, so that an injected label selects nothing, ever. */
export function labelsBefore(pod: Pod, applied: readonly PodDefault[]): StringMap {
  const labels = pod.metadata?.labels ?? {};
  const injected = new Map(applied.flatMap((podDefault) => podDefault.labels));
  return Object.fromEntries(Object.entries(labels).filter(([key, value]) => injected.get(key) !== value));
}

/**
 * The PodDefaults that select a pod, in the order of application. What the pod has already got stays selected, so
 * that a second call of the webhook finds the same set.
 * @param podDefaults of the pod's namespace, in order
 */
export function selectPodDefaults(pod: Pod, podDefaults: readonly PodDefault[]): readonly PodDefault[] {
  const isApplied = appliedBefore(pod);
  if (!isApplied) return podDefaults.filter(({ selector }) => matches(selector, pod.metadata?.labels));
  const labels = labelsBefore(pod, podDefaults.filter(isApplied));
  return podDefaults.filter((podDefault) => isApplied(podDefault) || matches(podDefault.selector, labels));
}
