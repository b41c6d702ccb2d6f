import type { Toleration } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyed } from "./keyed-list.ts";

/** As `kubectl taint` writes it; without an operator it is Equal, without an effect it is every effect. */
function textOf({ key = "", operator, value = "", effect = "" }: Toleration): string {
  return `${key}${operator === "Exists" ? "" : `=${value}`}:${effect}`;
}

const tolerations: KeyedField<Toleration> = {
  field: "tolerations",
  itemsOf: (podDefault) => podDefault.tolerations,
  keyOf: textOf,
  // The key is all of a toleration but how long it lasts.
  same: (a, b) => (a.tolerationSeconds ?? null) === (b.tolerationSeconds ?? null),
};

/** Tolerations of the pod, by key, operator, value and effect together, as one taint may need several. */
export function mergeTolerations(merge: Merge): void {
  mergeKeyed(merge, tolerations, {
    path: ["spec", "tolerations"],
    present: merge.pod.spec?.tolerations,
    sources: merge.sources,
  });
}
