import { PassThrough } from "node:stream";
import type { KubeClient, ListOptions, RequestOptions, ResourceRef } from "../../../../services/lib/kube/client.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";

interface Watcher {
  readonly plural: string;
  readonly selector: string;
  readonly stream: PassThrough;
}

interface WatchEvent {
  readonly plural: string;
  readonly type: string;
  readonly object: KubeObject;
}

const failure = (code: number): KubeError => new KubeError(code, { kind: "Status", message: `failure ${code}` }, "");

/** The part of an API server that pulling needs, in memory: selectors of several labels, versions, uids. */
export class PullApi {
  #version = 1;
  readonly #objects = new Map<string, KubeObject>();
  readonly #watchers = new Set<Watcher>();
  readonly #events: WatchEvent[] = [];
  readonly writes: string[] = [];
  /** What cannot be listed, and of which name nothing can be made. */
  unlisted: string | undefined;
  refused: string | undefined;

  get client(): Pick<KubeClient, "list" | "stream" | "get" | "create" | "replace" | "delete"> {
    return {
      list: async <T>({ plural }: ResourceRef, _?: string, { labelSelector = "", project }: ListOptions = {}) => {
        if (plural === this.unlisted) throw failure(503);
        const items = this.#selected(plural, labelSelector).map((one) => (project ? project(one) : one)) as T[];
        return { items, resourceVersion: String(this.#version) };
      },
      stream: async (_method: string, path: string, { query = {}, signal }: RequestOptions = {}) =>
        this.#watch(path.split("/").at(-1) ?? "", query, signal) as never,
      get: async <T>({ plural }: ResourceRef, _: string | undefined, name: string) => {
        const there = this.object(plural, name);
        if (there === undefined) throw failure(404);
        return there as T;
      },
      create: async <T>({ plural }: ResourceRef, _: string | undefined, object: object) => {
        const { name } = (object as KubeObject).metadata;
        if (name === this.refused) throw failure(403);
        if (this.#objects.has(`${plural}/${name}`)) throw failure(409);
        this.writes.push(`create ${name}`);
        return this.put(plural, object as KubeObject) as T;
      },
      replace: async <T extends KubeObject>({ plural }: ResourceRef, object: T) => {
        const { name, resourceVersion } = object.metadata;
        if (this.object(plural, name)?.metadata.resourceVersion !== resourceVersion) throw failure(409);
        this.writes.push(`replace ${name}`);
        return this.put(plural, object) as T;
      },
      delete: async ({ plural }, _, name, { uid } = {}) => {
        const there = this.object(plural, name);
        if (there === undefined) throw failure(404);
        if (there.metadata.uid !== uid) throw failure(409);
        this.writes.push(`delete ${name}`);
        this.remove(plural, name);
      },
    };
  }

  object(plural: string, name: string): KubeObject | undefined {
    return this.#objects.get(`${plural}/${name}`);
  }

  put(plural: string, object: KubeObject): KubeObject {
    const key = `${plural}/${object.metadata.name}`;
    const old = this.#objects.get(key);
    const uid = old?.metadata.uid ?? `uid-${++this.#version}`;
    const stored = { ...object, metadata: { ...object.metadata, uid, resourceVersion: String(++this.#version) } };
    this.#objects.set(key, stored);
    this.#send(plural, old === undefined ? "ADDED" : "MODIFIED", stored);
    return stored;
  }

  remove(plural: string, name: string): void {
    const old = this.object(plural, name);
    if (old === undefined) throw failure(404);
    this.#objects.delete(`${plural}/${name}`);
    this.#send(plural, "DELETED", { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.#version) } });
  }

  #selected(plural: string, selector: string): KubeObject[] {
    const all = [...this.#objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
    return all.filter((object) => isSelected(object, selector));
  }

  #send(plural: string, type: string, object: KubeObject): void {
    this.#events.push({ plural, type, object });
    for (const watcher of this.#watchers) tell(watcher, { plural, type, object });
  }

  /** What has happened since the version that is asked from is told first. */
  #watch(plural: string, query: NonNullable<RequestOptions["query"]>, signal: AbortSignal | undefined): PassThrough {
    const stream = new PassThrough();
    const watcher = { plural, selector: String(query["labelSelector"] ?? ""), stream };
    const from = Number(query["resourceVersion"]);
    const later = this.#events.filter(({ object }) => Number(object.metadata.resourceVersion) > from);
    for (const event of later) tell(watcher, event);
    this.#watchers.add(watcher);
    signal?.addEventListener("abort", () => stream.destroy(new Error("aborted")));
    stream.once("close", () => this.#watchers.delete(watcher));
    return stream;
  }
}

function tell({ plural, selector, stream }: Watcher, { plural: of, type, object }: WatchEvent): void {
  if (of === plural && isSelected(object, selector)) stream.write(`${JSON.stringify({ type, object })}\n`);
}

function isSelected({ metadata }: KubeObject, selector: string): boolean {
  const wanted = selector === "" ? [] : selector.split(",").map((one) => one.split("="));
  return wanted.every(([label = "", value]) => metadata.labels?.[label] === value);
}
