import type { PodDefault } from "../types.ts";
import type { Merge, Place } from "./keyed-list.ts";

/** A field whose elements have no key: each is there or it is not. */
export interface UniqueField<T> {
  readonly field: string;
  readonly itemsOf: (podDefault: PodDefault) => readonly T[];
  /** What people call an element. */
  readonly keyOf: (item: T) => string;
  readonly same: (a: T, b: T) => boolean;
}

/** Appends what is not there; there is nothing to conflict with. */
export function mergeUnique<T>(merge: Merge, unique: UniqueField<T>, place: Place<T>): void {
  const { field, itemsOf, keyOf, same } = unique;
  const present = place.present ?? [];
  const where = place.container === undefined ? {} : { container: place.container };
  const added: T[] = [];
  for (const source of place.sources) {
    for (const item of itemsOf(source)) {
      const isThere = present.some((other) => same(other, item)) || added.some((other) => same(other, item));
      if (!isThere) added.push(item);
      merge.gifts?.push({
        podDefault: source.name,
        field,
        key: keyOf(item),
        ...where,
        outcome: isThere ? "kept" : "added",
      });
    }
  }
  merge.patch.append(place.path, added);
}
