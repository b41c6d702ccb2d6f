import { volume } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import type { Named } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyed } from "./keyed-list.ts";

const volumes: KeyedField<Named> = {
  field: "volumes",
  itemsOf: (podDefault) => podDefault.volumes,
  keyOf: ({ name }) => name,
  same: (a, b) => sameAfterDefaulting(a, b, volume),
};

/** Volumes of the pod, by name. */
export function mergeVolumes(merge: Merge): void {
  mergeKeyed(merge, volumes, {
    path: ["spec", "volumes"],
    present: merge.pod.spec?.volumes,
    sources: merge.sources,
  });
}
