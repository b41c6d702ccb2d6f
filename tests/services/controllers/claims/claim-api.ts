import { PassThrough } from "node:stream";
import { parseQuantity } from "../../../../quota/quantity.ts";
import type { LiveClaim } from "../../../../services/controllers/claims/plan.ts";
import type {
  KubeClient,
  ListOptions,
  PatchOptions,
  RequestOptions,
  ResourceRef,
} from "../../../../services/lib/kube/client.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";

type Stored = KubeObject & { spec?: unknown; status?: { conditions?: { type: string }[] } };

/** RFC 7396. */
function merged(target: unknown, patch: unknown): unknown {
  if (typeof patch !== "object" || patch === null || Array.isArray(patch)) return patch;
  const base = typeof target === "object" && target !== null ? { ...(target as Record<string, unknown>) } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete base[key];
    else base[key] = merged(base[key], value);
  }
  return base;
}

const failure = (code: number, message: string): KubeError => new KubeError(code, { kind: "Status", message }, "");
const sizeOf = ({ spec }: LiveClaim): bigint => parseQuantity(spec.resources?.requests?.storage ?? 0, "whole");

/** The part of an API server that claims need, in memory, with its rules: labels select, versions are compared, a claim that is bound may only grow. */
export class ClaimApi {
  #version = 1;
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<{ readonly plural: string; readonly selector: string; readonly stream: PassThrough }>();
  readonly writes: string[] = [];
  readonly lists: string[] = [];
  /** What cannot be listed. */
  unlisted: string | undefined;
  /** What creation or growth is refused with. */
  refusal: string | undefined;
  /** Claims are bound as soon as they are made. */
  binds = true;

  get client(): Pick<KubeClient, "list" | "stream" | "get" | "create" | "patch"> {
    return {
      list: async <T>({ plural }: ResourceRef, _?: string, { labelSelector = "", project }: ListOptions = {}) => {
        this.lists.push(`${plural} ${labelSelector}`.trim());
        if (plural === this.unlisted) throw failure(503, "starting");
        const items = this.#selected(plural, labelSelector).map((one) => (project ? project(one) : one)) as T[];
        return { items, resourceVersion: String(this.#version) };
      },
      stream: async (_method: string, path: string, { query = {}, signal }: RequestOptions = {}) =>
        this.#watch(path.split("/").at(-1) ?? "", String(query["labelSelector"] ?? ""), signal) as never,
      get: async <T>({ plural }: ResourceRef, _: string | undefined, name: string) => this.#existing(plural, name) as T,
      create: async <T>({ plural }: ResourceRef, _: string | undefined, object: object) =>
        this.#create(plural, object as Stored) as T,
      patch: async <T>(
        { plural }: ResourceRef,
        _: string | undefined,
        name: string,
        body: unknown,
        how: PatchOptions,
      ) =>
        (how.subresource === "status"
          ? this.#tell(plural, name, body as Stored)
          : this.#patch(plural, name, body)) as T,
    };
  }

  claim(name: string): LiveClaim | undefined {
    return this.#objects.get(`persistentvolumeclaims/${name}`) as LiveClaim | undefined;
  }

  /** The condition of an object without its time. */
  condition(plural: string, name: string): object | undefined {
    const found = this.#objects.get(`${plural}/${name}`)?.status?.conditions?.find(({ type }) => type === "ClaimReady");
    if (found === undefined) return undefined;
    const { type: _type, lastTransitionTime: _time, ...rest } = found as unknown as Record<string, unknown>;
    return rest;
  }

  /** As people do; what is given takes the place of what was there. */
  put(plural: string, object: object): void {
    const { metadata, ...rest } = object as Stored;
    const old = this.#objects.get(`${plural}/${metadata.name}`);
    const generation = (old?.metadata.generation ?? 0) + 1;
    const status = old?.status && !("status" in rest) ? { status: old.status } : {};
    this.#store(plural, { ...rest, ...status, metadata: { uid: `uid-${metadata.name}`, ...metadata, generation } });
  }

  remove(plural: string, name: string): void {
    const old = this.#existing(plural, name);
    this.#objects.delete(`${plural}/${name}`);
    this.#send(plural, "DELETED", { ...old, metadata: { ...old.metadata, resourceVersion: String(++this.#version) } });
  }

  #existing(plural: string, name: string): Stored {
    const found = this.#objects.get(`${plural}/${name}`);
    if (found === undefined) throw failure(404, `${plural} "${name}" not found`);
    return found;
  }

  #create(plural: string, object: Stored): Stored {
    const { name } = object.metadata;
    if (this.#objects.has(`${plural}/${name}`)) throw failure(409, `${plural} "${name}" already exists`);
    if (this.refusal !== undefined) throw failure(403, this.refusal);
    this.writes.push(`create ${name}`);
    const { storage } = (object as unknown as LiveClaim).spec.resources?.requests ?? {};
    const status = this.binds ? { phase: "Bound", capacity: { storage } } : { phase: "Pending" };
    this.put(plural, { ...object, status });
    return this.#existing(plural, name);
  }

  #patch(plural: string, name: string, body: unknown): Stored {
    const old = this.#existing(plural, name);
    const next = merged(old, body) as Stored;
    if (next.metadata.resourceVersion !== old.metadata.resourceVersion)
      throw failure(409, "the object has been modified");
    const [before, after] = [old, next].map((one) => sizeOf(one as unknown as LiveClaim)) as [bigint, bigint];
    if (after < before) throw failure(422, "field can not be less than previous value");
    if (after > before && this.refusal !== undefined) throw failure(403, this.refusal);
    this.writes.push(`patch ${name} ${JSON.stringify((body as { spec?: object }).spec ?? "annotations")}`);
    this.#store(plural, next);
    return this.#existing(plural, name);
  }

  /** Server-side apply by one manager, who has one type of condition. */
  #tell(plural: string, name: string, { status }: Stored): void {
    const old = this.#existing(plural, name);
    const others = (old.status?.conditions ?? []).filter(({ type }) => type !== "ClaimReady");
    this.writes.push(`status ${name}`);
    this.#store(plural, { ...old, status: { ...old.status, conditions: [...others, ...(status?.conditions ?? [])] } });
  }

  #store(plural: string, object: Stored): void {
    const key = `${plural}/${object.metadata.name}`;
    const type = this.#objects.has(key) ? "MODIFIED" : "ADDED";
    const stored = { ...object, metadata: { ...object.metadata, resourceVersion: String(++this.#version) } };
    this.#objects.set(key, stored);
    this.#send(plural, type, stored);
  }

  #selected(plural: string, selector: string): Stored[] {
    const all = [...this.#objects].filter(([key]) => key.startsWith(`${plural}/`)).map(([, object]) => object);
    return all.filter((object) => isSelected(object, selector));
  }

  #send(plural: string, type: string, object: Stored): void {
    for (const watcher of this.#watchers) {
      if (watcher.plural !== plural || !isSelected(object, watcher.selector)) continue;
      watcher.stream.write(`${JSON.stringify({ type, object })}\n`);
    }
  }

  #watch(plural: string, selector: string, signal: AbortSignal | undefined): PassThrough {
    const stream = new PassThrough();
    const watcher = { plural, selector, stream };
    this.#watchers.add(watcher);
    signal?.addEventListener("abort", () => stream.destroy(new Error("aborted")));
    stream.once("close", () => this.#watchers.delete(watcher));
    return stream;
  }
}

function isSelected({ metadata }: Stored, selector: string): boolean {
  const [label = "", value] = selector.split("=");
  return selector === "" || metadata.labels?.[label] === value;
}
