import type { Conflict } from "../conflict.ts";
import type { PatchWriter, Path } from "../patch.ts";
import { appliedBefore } from "../provenance.ts";
import type { Container, Pod, PodDefault } from "../types.ts";

/** One thing that a PodDefault has for a pod, and what became of it. */
export interface Gift {
  readonly podDefault: string;
  readonly field: string;
  readonly key: string;
  readonly container?: string;
  /** `kept` where the pod has it already, or has its own command; `overruled` where another PodDefault decides. */
  readonly outcome: "added" | "kept" | "replaced" | "overruled";
}

/** One application of PodDefaults to a pod; the merges read the pod and write the rest. */
export interface Merge {
  readonly pod: Pod;
  /** In the order of application. */
  readonly sources: readonly PodDefault[];
  readonly patch: PatchWriter;
  readonly conflicts: Conflict[];
  /** Kept only where somebody wants to read it, because an admission does not. */
  readonly gifts?: Gift[];
}

/** Where container fields go: one container, and the PodDefaults that are meant for it. */
export interface Target {
  readonly path: Path;
  readonly container: Container;
  readonly sources: readonly PodDefault[];
}

/** A field whose elements are told apart by a key. */
export interface KeyedField<T> {
  readonly field: string;
  readonly itemsOf: (podDefault: PodDefault) => readonly T[];
  readonly keyOf: (item: T) => string;
  readonly same: (a: T, b: T) => boolean;
  /** What a conflict shows of an element. @default the element */
  readonly shown?: (item: T) => unknown;
  /** Whether an element of the pod is taken for the PodDefault's own, whatever has become of it. */
  readonly isOwn?: (podDefault: PodDefault) => boolean;
}

/** Where a field stands in the pod, and who has something for it. */
export interface Place<T> {
  readonly path: Path;
  readonly present: readonly T[] | null | undefined;
  readonly sources: readonly PodDefault[];
  readonly container?: string;
}

interface Known<T> {
  readonly item: T;
  readonly owner?: string;
}

/** Up to here looking through a list takes less time than making a map of it; beyond, the time must not multiply. */
const MAX_SCANS = 8;

/** A plain loop, because it runs for every element of the pod, and `findLast` calls two functions for each. */
function lastOf<T>(items: readonly T[], keyOf: (item: T) => string, key: string): T | undefined {
  for (let i = items.length - 1; i >= 0; i--) {
    const item = items[i] as T;
    if (keyOf(item) === key) return item;
  }
  return undefined;
}

/** Elements of the pod and those added to them, by key; of several with one key the last counts, as in Kubernetes. */
class KnownElements<T> {
  readonly #present: readonly T[];
  readonly #keyOf: (item: T) => string;
  readonly #added = new Map<string, Known<T>>();
  #index: Map<string, T> | undefined;
  #scans = 0;

  constructor(present: readonly T[], keyOf: (item: T) => string) {
    this.#present = present;
    this.#keyOf = keyOf;
  }

  find(key: string): Known<T> | undefined {
    const added = this.#added.get(key);
    if (added) return added;
    const item = this.#scan(key);
    return item === undefined ? undefined : { item };
  }

  add(key: string, known: Known<T>): void {
    this.#added.set(key, known);
  }

  #scan(key: string): T | undefined {
    this.#scans += 1;
    if (this.#scans <= MAX_SCANS) return lastOf(this.#present, this.#keyOf, key);
    this.#index ??= new Map(this.#present.map((item) => [this.#keyOf(item), item]));
    return this.#index.get(key);
  }
}

/** Says what becomes of an element whose key is taken by another, or by none. */
function report<T>(merge: Merge, keyed: KeyedField<T>, where: Where, item: T, found?: Known<T>): void {
  const { same, isOwn, shown = (value: T): unknown => value } = keyed;
  const fits = !found || isOwn?.(where.source) || same(found.item, item);
  if (fits && !merge.gifts) return;
  const container = where.container === undefined ? {} : { container: where.container };
  const base = { podDefault: where.source.name, field: keyed.field, key: keyed.keyOf(item), ...container };
  if (fits) {
    merge.gifts?.push({ ...base, outcome: found ? "kept" : "added" });
  } else {
    const other = found.owner === undefined ? {} : { other: found.owner };
    merge.conflicts.push({ ...base, ...other, value: shown(item), otherValue: shown(found.item) });
  }
}

interface Where {
  readonly source: PodDefault;
  readonly container: string | undefined;
}

/** What is not there yet; what is there and equal stays, and what is there and differs is a conflict. */
export function newElements<T>(merge: Merge, keyed: KeyedField<T>, place: Omit<Place<T>, "path">): readonly T[] {
  const added: T[] = [];
  let known: KnownElements<T> | undefined;
  for (const source of place.sources) {
    for (const item of keyed.itemsOf(source)) {
      known ??= new KnownElements(place.present ?? [], keyed.keyOf);
      const key = keyed.keyOf(item);
      const found = known.find(key);
      if (!found) {
        known.add(key, { item, owner: source.name });
        added.push(item);
      }
      report(merge, keyed, { source, container: place.container }, item, found);
    }
  }
  return added;
}

/** Appends the elements that are not there yet. */
export function mergeKeyed<T>(merge: Merge, keyed: KeyedField<T>, place: Place<T>): void {
  merge.patch.append(place.path, newElements(merge, keyed, place));
}

/** The same for a field whose elements, once they are in the pod, others may change: those of an earlier call stay as they are. */
export function mergeKeyedOnce<T>(merge: Merge, keyed: KeyedField<T>, place: Place<T>): void {
  const isOwn = appliedBefore(merge.pod);
  mergeKeyed(merge, isOwn ? { ...keyed, isOwn } : keyed, place);
}
