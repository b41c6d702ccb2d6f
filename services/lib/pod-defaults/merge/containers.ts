import { container } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import type { Container, PodDefault } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyedOnce } from "./keyed-list.ts";

const containerField = (field: "initContainers" | "sidecars"): KeyedField<Container> => ({
  field,
  itemsOf: (podDefault) => podDefault[field],
  keyOf: ({ name }) => name,
  same: (a, b) => sameAfterDefaulting(a, b, container),
});
const [initContainers, sidecars] = [containerField("initContainers"), containerField("sidecars")];

/**
 * Containers that come with PodDefaults, by name, after the pod's own. Between two calls of the webhook others change
 * them, the image mirror their image and the API server their token mount; so those of an earlier call stay as they are.
 */
export function mergeContainers(merge: Merge): void {
  const { pod, sources } = merge;
  mergeKeyedOnce(merge, initContainers, {
    path: ["spec", "initContainers"],
    present: pod.spec?.initContainers,
    sources,
  });
  mergeKeyedOnce(merge, sidecars, { path: ["spec", "containers"], present: pod.spec?.containers, sources });
}

/** Names of containers that come with PodDefaults, which get no container fields, whether they are in the pod or not. */
export function broughtContainers(sources: readonly PodDefault[]): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { initContainers, sidecars } of sources) {
    for (const { name } of initContainers) names.add(name);
    for (const { name } of sidecars) names.add(name);
  }
  return names;
}
