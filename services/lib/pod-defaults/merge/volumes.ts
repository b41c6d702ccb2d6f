import { volume } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import type { Named } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyedOnce } from "./keyed-list.ts";

const volumes: KeyedField<Named> = {
  field: "volumes",
  itemsOf: (podDefault) => podDefault.volumes,
  keyOf: ({ name }) => name,
  same: (a, b) => sameAfterDefaulting(a, b, volume),
};

/** Volumes of the pod, by name. One of an earlier call stays as it is: an image volume may come from the mirror since. */
export function mergeVolumes(merge: Merge): void {
  mergeKeyedOnce(merge, volumes, {
    path: ["spec", "volumes"],
    present: merge.pod.spec?.volumes,
    sources: merge.sources,
  });
}
