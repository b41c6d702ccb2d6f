import type { KubeObject } from "./types.ts";

/** What changed in a store; a recreated object is a deletion and an addition, never an update. */
export interface StoreHandlers<T> {
  added?(object: T): void;
  updated?(object: T, old: T): void;
  deleted?(object: T): void;
}

const keyOf = (object: KubeObject): string =>
  object.metadata.namespace === undefined
    ? object.metadata.name
    : `${object.metadata.namespace}/${object.metadata.name}`;

/** Objects by namespace and name, told apart by uid. What a handler throws undoes the change, so that it can be told again. */
export class Store<T extends KubeObject> {
  readonly #objects = new Map<string, T>();
  readonly #handlers: StoreHandlers<T>;

  constructor(handlers: StoreHandlers<T> = {}) {
    this.#handlers = handlers;
  }

  get size(): number {
    return this.#objects.size;
  }

  values(): IterableIterator<T> {
    return this.#objects.values();
  }

  get(name: string, namespace?: string): T | undefined {
    return this.#objects.get(namespace === undefined ? name : `${namespace}/${name}`);
  }

  /** Takes an object that was added or modified. */
  put(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    const isAnew = old !== undefined && old.metadata.uid !== object.metadata.uid;
    if (isAnew) this.#drop(key, old);
    this.#replace(key, isAnew ? undefined : old, object);
  }

  /** Takes a deletion; one of an older object of the same name is already known. */
  remove(object: T): void {
    const key = keyOf(object);
    const old = this.#objects.get(key);
    if (old === undefined || old.metadata.uid !== object.metadata.uid) return;
    this.#drop(key, old);
  }

  /** Takes a complete list: what it does not hold was deleted while nobody watched. */
  replaceAll(objects: readonly T[]): void {
    const listed = new Set(objects.map(keyOf));
    for (const [key, old] of [...this.#objects]) if (!listed.has(key)) this.#drop(key, old);
    for (const object of objects) this.put(object);
  }

  #replace(key: string, old: T | undefined, object: T): void {
    this.#objects.set(key, object);
    try {
      if (old === undefined) this.#handlers.added?.(object);
      else if (old.metadata.resourceVersion !== object.metadata.resourceVersion) this.#handlers.updated?.(object, old);
    } catch (error) {
      if (old === undefined) this.#objects.delete(key);
      else this.#objects.set(key, old);
      throw error;
    }
  }

  #drop(key: string, old: T): void {
    this.#objects.delete(key);
    try {
      this.#handlers.deleted?.(old);
    } catch (error) {
      this.#objects.set(key, old);
      throw error;
    }
  }
}
