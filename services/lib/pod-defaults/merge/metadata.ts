import { provenanceOf } from "../provenance.ts";
import { ownValue, PROVENANCE_ANNOTATION } from "../types.ts";
import type { Merge } from "./keyed-list.ts";
import { mergeStringMap, stringMapField } from "./string-map.ts";

const labels = stringMapField("labels", ["metadata", "labels"], (podDefault) => podDefault.labels);
const annotations = stringMapField("annotations", ["metadata", "annotations"], (podDefault) => podDefault.annotations);

export function mergeLabels(merge: Merge): void {
  mergeStringMap(merge, labels, merge.pod.metadata?.labels);
}

export function mergeAnnotations(merge: Merge): void {
  mergeStringMap(merge, annotations, merge.pod.metadata?.annotations);
}

/** Writes which PodDefaults were applied, also where they had nothing to add. */
export function stampProvenance({ pod, sources, patch }: Merge): void {
  const value = provenanceOf(sources);
  if (ownValue(pod.metadata?.annotations, PROVENANCE_ANNOTATION) === value) return;
  patch.set([...annotations.path, PROVENANCE_ANNOTATION], value);
}
