import { ownValue, type Pod, type PodDefault, PROVENANCE_ANNOTATION } from "./types.ts";

const mark = ({ name, resourceVersion }: PodDefault): string => `${name}=${resourceVersion}`;

/** The one annotation of an applied set: neither names nor versions have commas or equals signs. */
export const provenanceOf = (podDefaults: readonly PodDefault[]): string => podDefaults.map(mark).join(",");

/** Tells which PodDefaults, in this very version, a pod has already got; undefined where it has got none. */
export function appliedBefore(pod: Pod): ((podDefault: PodDefault) => boolean) | undefined {
  const stated = ownValue(pod.metadata?.annotations, PROVENANCE_ANNOTATION);
  if (stated === undefined) return undefined;
  const marks = new Set(stated.split(","));
  return (podDefault) => marks.has(mark(podDefault));
}
