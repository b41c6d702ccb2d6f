import type { Named } from "../types.ts";
import type { Merge } from "./keyed-list.ts";
import { mergeUnique, type UniqueField } from "./unique-list.ts";

const imagePullSecrets: UniqueField<Named> = {
  field: "imagePullSecrets",
  itemsOf: (podDefault) => podDefault.imagePullSecrets,
  keyOf: ({ name }) => name,
  // A name is all that a reference has.
  same: (a, b) => a.name === b.name,
};

/** Pull secrets of the pod, each name once. */
export function mergeImagePullSecrets(merge: Merge): void {
  mergeUnique(merge, imagePullSecrets, {
    path: ["spec", "imagePullSecrets"],
    present: merge.pod.spec?.imagePullSecrets,
    sources: merge.sources,
  });
}
