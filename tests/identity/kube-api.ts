import { PassThrough } from "node:stream";
import type {
  KubeClient,
  KubeObject,
  ListOptions,
  PatchOptions,
  RequestOptions,
  ResourceRef,
} from "../../services/lib/kube/client.ts";
import { KubeError } from "../../services/lib/kube/errors.ts";

interface Stored extends KubeObject {
  status?: unknown;
}

/** The part of an API server that controllers use, in memory: lists, watches, status by server-side apply. */
export class KubeApi {
  #version = 1;
  #uid = 0;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Map<string, Set<PassThrough>>();
  writes = 0;

  /** What controllers are given. */
  get client(): Pick<KubeClient, "list" | "stream" | "patch"> {
    return {
      list: async <T>(ref: ResourceRef, _namespace?: string, { project }: ListOptions = {}) => ({
        items: this.#of(ref.plural).map((object) => (project ? project(object) : object)) as T[],
        resourceVersion: String(this.#version),
      }),
      stream: async (_method: string, at: string, { signal }: RequestOptions = {}) =>
        this.#watch(at.split("/").at(-1) ?? "", signal) as never,
      patch: async <T>(
        ref: ResourceRef,
        _namespace: string | undefined,
        name: string,
        body: unknown,
        _options: PatchOptions,
      ) => this.#patchStatus(ref.plural, name, body as Stored) as T,
    };
  }

  get<T>(plural: string, name: string): T | undefined {
    return this.#objects.get(`${plural}/${name}`) as T | undefined;
  }

  put(plural: string, object: { readonly metadata: { readonly name: string }; readonly spec?: object }): void {
    const key = `${plural}/${object.metadata.name}`;
    const old = this.#objects.get(key);
    const generation = (old?.metadata.generation ?? 0) + 1;
    const metadata = {
      ...object.metadata,
      uid: old?.metadata.uid ?? `uid-${++this.#uid}`,
      generation,
      resourceVersion: String(++this.#version),
    };
    this.#store(plural, { ...object, metadata, ...(old?.status === undefined ? {} : { status: old.status }) });
  }

  remove(plural: string, name: string): void {
    const old = this.#objects.get(`${plural}/${name}`);
    this.#objects.delete(`${plural}/${name}`);
    this.#version++;
    if (old)
      this.#tell(plural, "DELETED", { ...old, metadata: { ...old.metadata, resourceVersion: String(this.#version) } });
  }

  #of(plural: string): Stored[] {
    return [...this.#objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
  }

  #store(plural: string, object: Stored): void {
    const key = `${plural}/${object.metadata.name}`;
    const type = this.#objects.has(key) ? "MODIFIED" : "ADDED";
    this.#objects.set(key, object);
    this.#tell(plural, type, object);
  }

  #patchStatus(plural: string, name: string, { status }: Stored): Stored {
    const old = this.#objects.get(`${plural}/${name}`);
    if (!old) throw new KubeError(404, undefined, `PATCH ${plural}/${name}`);
    this.writes++;
    const patched = { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.#version) }, status };
    this.#store(plural, patched);
    return patched;
  }

  #tell(plural: string, type: string, object: Stored): void {
    for (const watcher of this.#watchers.get(plural) ?? []) watcher.write(`${JSON.stringify({ type, object })}\n`);
  }

  #watch(plural: string, signal: AbortSignal | undefined): PassThrough {
    const stream = new PassThrough();
    signal?.addEventListener("abort", () => stream.destroy(new Error("aborted")));
    const all = this.#watchers.get(plural) ?? new Set();
    this.#watchers.set(plural, all.add(stream));
    stream.once("close", () => all.delete(stream));
    return stream;
  }
}
