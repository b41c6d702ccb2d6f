import { KubeError } from "../../../../services/lib/kube/errors.ts";
import type { KubeObject, ResourceRef } from "../../../../services/lib/kube/types.ts";

export interface Change {
  readonly version: number;
  readonly plural: string;
  readonly line: Buffer;
}

/** What an object has to be for its deletion to be carried out. */
export interface Preconditions {
  readonly uid?: string;
  readonly resourceVersion?: string;
}

const keyOf = (namespace: string | undefined, name: string): string => `${namespace ?? ""}/${name}`;
const failure = (code: number, reason: string): KubeError =>
  new KubeError(code, { kind: "Status", message: `${reason} in the simulation`, reason }, "simulation");

/** Objects with versions, compare-and-swap, and a history for watches: what admission needs of an API server. */
export class ApiServer {
  readonly #collections = new Map<string, Map<string, KubeObject>>();
  readonly #history: Change[] = [];
  readonly #watchers = new Set<(change: Change) => void>();
  #version = 100;
  #uids = 0;

  get version(): number {
    return this.#version;
  }

  newUid(): string {
    return `uid-${++this.#uids}`;
  }

  all<T extends KubeObject>(plural: string): readonly T[] {
    return [...this.#collection(plural).values()] as T[];
  }

  get(plural: string, namespace: string | undefined, name: string): KubeObject {
    const object = this.#collection(plural).get(keyOf(namespace, name));
    if (!object) throw failure(404, "NotFound");
    return object;
  }

  list(plural: string): { items: readonly KubeObject[]; resourceVersion: string } {
    return { items: this.all(plural), resourceVersion: String(this.#version) };
  }

  create(plural: string, object: KubeObject): KubeObject {
    const { namespace, name, uid = this.newUid() } = object.metadata;
    if (this.#collection(plural).has(keyOf(namespace, name))) throw failure(409, "AlreadyExists");
    return this.#write("ADDED", plural, { ...object, metadata: { ...object.metadata, uid } });
  }

  replace(plural: string, object: KubeObject): KubeObject {
    const { namespace, name, uid, resourceVersion } = object.metadata;
    const { metadata } = this.get(plural, namespace, name);
    if (uid !== metadata.uid || resourceVersion !== metadata.resourceVersion) throw failure(409, "Conflict");
    return this.#write("MODIFIED", plural, object);
  }

  delete(plural: string, object: KubeObject): void {
    this.#write("DELETED", plural, object);
    this.#collection(plural).delete(keyOf(object.metadata.namespace, object.metadata.name));
  }

  /** Deletes what is as it is expected to be. */
  remove(plural: string, namespace: string | undefined, name: string, expected: Preconditions): void {
    const object = this.get(plural, namespace, name);
    const isOther = (Object.keys(expected) as (keyof Preconditions)[]).some(
      (key) => expected[key] !== object.metadata[key],
    );
    if (isOther) throw failure(409, "Conflict");
    this.delete(plural, object);
  }

  /** Every change of a collection after a version, from the history and as it comes; answers how to stop. */
  watch({ plural }: ResourceRef, after: number, take: (change: Change) => void): () => void {
    const watcher = (change: Change): void => {
      if (change.plural === plural) take(change);
    };
    for (const change of this.#history) if (change.version > after) watcher(change);
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  #collection(plural: string): Map<string, KubeObject> {
    const known = this.#collections.get(plural) ?? new Map<string, KubeObject>();
    this.#collections.set(plural, known);
    return known;
  }

  #write(type: string, plural: string, object: KubeObject): KubeObject {
    const version = ++this.#version;
    const written = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    this.#collection(plural).set(keyOf(written.metadata.namespace, written.metadata.name), written);
    const line = Buffer.from(`${JSON.stringify({ type, object: written })}\n`);
    const change = { version, plural, line };
    this.#history.push(change);
    for (const watcher of [...this.#watchers]) watcher(change);
    return written;
  }
}

export const gone = (): KubeError => failure(410, "Expired");
