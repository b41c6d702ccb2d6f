import { volumeMount } from "../api-defaults.ts";
import { sameAfterDefaulting } from "../equality.ts";
import type { VolumeMount } from "../types.ts";
import { type KeyedField, type Merge, mergeKeyed, type Target } from "./keyed-list.ts";

const volumeMounts: KeyedField<VolumeMount> = {
  field: "volumeMounts",
  itemsOf: (podDefault) => podDefault.volumeMounts,
  keyOf: ({ mountPath }) => mountPath,
  same: (a, b) => sameAfterDefaulting(a, b, volumeMount),
};

/** Mounts of one container, by path as Kubernetes keys them; one volume may be mounted at many. */
export function mergeVolumeMounts(merge: Merge, { path, container, sources }: Target): void {
  mergeKeyed(merge, volumeMounts, {
    path: [...path, "volumeMounts"],
    present: container.volumeMounts,
    sources,
    container: container.name,
  });
}
