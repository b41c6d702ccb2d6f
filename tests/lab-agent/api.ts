import type { IncomingMessage } from "node:http";
import { PassThrough } from "node:stream";
import type { KubeClient, ListOptions } from "../../services/lib/kube/client.ts";
import { type KubeObject, type ResourceRef, resourcePath } from "../../services/lib/kube/types.ts";
import { createLogger } from "../../services/lib/log.ts";

export const silent = createLogger({ write: () => {} });

/** An API server's collections in memory: lists, watches, merge patches and what was created. */
export class FakeApi implements Pick<KubeClient, "list" | "stream" | "patch" | "create"> {
  readonly patches: { readonly name: string; readonly body: unknown; readonly options: unknown }[] = [];
  readonly created: object[] = [];
  readonly #objects: Readonly<Record<string, readonly KubeObject[]>>;
  readonly #watches = new Map<string, PassThrough>();
  /** Thrown by the next patch or creation. */
  refusal: Error | undefined;

  constructor(objects: Readonly<Record<string, readonly KubeObject[]>>) {
    this.#objects = objects;
  }

  async list<T>(ref: ResourceRef, _namespace?: string, { project }: ListOptions = {}) {
    const items = (this.#objects[ref.plural] ?? []).map((object) => project?.(object) ?? object);
    return { items: items as T[], resourceVersion: "1" };
  }

  async stream(_method: string, path: string, options: { signal?: AbortSignal } = {}): Promise<IncomingMessage> {
    const stream = new PassThrough();
    options.signal?.addEventListener("abort", () => stream.destroy(new Error("aborted")));
    this.#watches.set(path, stream);
    return stream as unknown as IncomingMessage;
  }

  async patch<T>(_ref: ResourceRef, _namespace: string | undefined, name: string, body: unknown, options: unknown) {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw refusal;
    this.patches.push({ name, body, options });
    return body as T;
  }

  async create<T>(_ref: ResourceRef, _namespace: string | undefined, object: object): Promise<T> {
    const { refusal } = this;
    this.refusal = undefined;
    if (refusal) throw refusal;
    this.created.push(object);
    return object as T;
  }

  /** Sends an event to whoever watches that kind. */
  tell(ref: ResourceRef, type: "ADDED" | "MODIFIED" | "DELETED", object: KubeObject): void {
    this.#watches.get(resourcePath(ref))?.write(`${JSON.stringify({ type, object })}\n`);
  }
}
