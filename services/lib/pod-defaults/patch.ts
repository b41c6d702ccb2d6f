/** An RFC 6902 operation; nothing else is needed, because nothing is ever removed. */
export interface Operation {
  readonly op: "add" | "replace";
  readonly path: string;
  readonly value: unknown;
}

/** Where a value stands in a pod, from its root. */
export type Path = readonly (string | number)[];

/** Most segments are names of fields and have nothing to escape. */
function escapeSegment(segment: string): string {
  const escaped = segment.includes("~") ? segment.replaceAll("~", "~0") : segment;
  return escaped.includes("/") ? escaped.replaceAll("/", "~1") : escaped;
}

/** RFC 6901. */
export function pointerOf(path: Path): string {
  let pointer = "";
  for (const segment of path) pointer += `/${typeof segment === "number" ? segment : escapeSegment(segment)}`;
  return pointer;
}

function memberOf(value: unknown, segment: string | number): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, segment)) return undefined;
  return (value as Readonly<Record<string | number, unknown>>)[segment];
}

/** Collects operations on one document that is never touched or copied; parents that are missing are added first. */
export class PatchWriter {
  readonly operations: Operation[] = [];
  readonly #document: object;
  /** Places that the operations so far have filled and the document has not. */
  readonly #added = new Set<string>();

  constructor(document: object) {
    this.#document = document;
  }

  /** Adds to the end of a list. */
  append(path: Path, items: readonly unknown[]): void {
    if (items.length === 0) return;
    const pointer = pointerOf(path);
    if (!this.#isThere(path, pointer)) {
      this.#add(path, pointer, items);
      return;
    }
    for (const value of items) this.operations.push({ op: "add", path: `${pointer}/-`, value });
  }

  /** Adds members to a map that has none of them. */
  addMembers(path: Path, entries: readonly (readonly [string, unknown])[]): void {
    if (entries.length === 0) return;
    const pointer = pointerOf(path);
    if (!this.#isThere(path, pointer)) {
      this.#add(path, pointer, Object.fromEntries(entries));
      return;
    }
    for (const [key, value] of entries) {
      this.operations.push({ op: "add", path: `${pointer}/${escapeSegment(key)}`, value });
    }
  }

  /** Sets one value, whether there is one or not. */
  set(path: Path, value: unknown): void {
    const pointer = pointerOf(path);
    if (this.#isThere(path, pointer)) this.operations.push({ op: "replace", path: pointer, value });
    else this.#add(path, pointer, value);
  }

  #isThere(path: Path, pointer: string): boolean {
    return this.#isInDocument(path) || this.#added.has(pointer);
  }

  #isInDocument(path: Path): boolean {
    let value: unknown = this.#document;
    for (const segment of path) value = memberOf(value, segment);
    return value !== undefined && value !== null;
  }

  #add(path: Path, pointer: string, value: unknown): void {
    const parent = path.slice(0, -1);
    if (parent.length > 0 && !this.#isInDocument(parent)) {
      const parentPointer = pointerOf(parent);
      if (!this.#added.has(parentPointer)) this.#add(parent, parentPointer, {});
    }
    this.#added.add(pointer);
    this.operations.push({ op: "add", path: pointer, value });
  }
}
