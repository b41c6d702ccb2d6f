import type { Path } from "../patch.ts";
import type { Entry, PodDefault, StringMap } from "../types.ts";
import { type KeyedField, type Merge, newElements } from "./keyed-list.ts";

/** A map of texts in a pod, and what PodDefaults have for it. */
export interface StringMapField extends KeyedField<Entry> {
  readonly path: Path;
}

export function stringMapField(
  field: string,
  path: Path,
  itemsOf: (podDefault: PodDefault) => readonly Entry[],
): StringMapField {
  return { field, path, itemsOf, keyOf: ([key]) => key, same: (a, b) => a[1] === b[1], shown: ([, value]) => value };
}

/** Adds the keys that are not there; another value for one that is there is a conflict. */
export function mergeStringMap(merge: Merge, map: StringMapField, present: StringMap | null | undefined): void {
  const { sources, patch } = merge;
  if (!sources.some((source) => map.itemsOf(source).length > 0)) return;
  patch.addMembers(map.path, newElements(merge, map, { present: Object.entries(present ?? {}), sources }));
}
