import type { ServerResponse } from "node:http";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { json, type ScriptedServer, type Seen, scriptedServer } from "./scripted-server.ts";

interface Change {
  readonly version: number;
  readonly event: { readonly type: "ADDED" | "MODIFIED" | "DELETED"; readonly object: KubeObject };
}

const gone = { kind: "Status", code: 410, reason: "Expired", message: "too old resource version" };
const lineOf = (event: unknown): string => `${JSON.stringify(event)}\n`;

/** One collection of an API server: lists in pages, watches from a version, and forgets old versions when told. */
export class FakeCollection {
  readonly http: ScriptedServer;
  readonly objects = new Map<string, KubeObject>();
  readonly watchers = new Set<ServerResponse>();
  version = 100;
  #goneInStream = false;
  #uids = 0;
  #forgotten = 0;
  readonly #changes: Change[] = [];

  private constructor(http: ScriptedServer) {
    this.http = http;
    http.fallback = (seen, response) =>
      seen.query["watch"] === "true" ? this.#watch(seen, response) : this.#list(seen, response);
  }

  static async start(): Promise<FakeCollection> {
    return new FakeCollection(await scriptedServer());
  }

  put(name: string, more: object = {}): void {
    const old = this.objects.get(name);
    const version = ++this.version;
    const uid = old?.metadata.uid ?? `uid-${++this.#uids}`;
    const object = { metadata: { name, ...more, uid, resourceVersion: String(version) } };
    this.objects.set(name, object);
    this.#tell({ version, event: { type: old ? "MODIFIED" : "ADDED", object } });
  }

  delete(name: string): void {
    const old = this.objects.get(name);
    if (!old) return;
    const version = ++this.version;
    this.objects.delete(name);
    const object = { metadata: { ...old.metadata, resourceVersion: String(version) } };
    this.#tell({ version, event: { type: "DELETED", object } });
  }

  bookmark(): void {
    const object = { kind: "Pod", metadata: { name: "", resourceVersion: String(this.version) } };
    this.send(lineOf({ type: "BOOKMARK", object }));
  }

  /** Sends bytes to every watcher as they are. */
  send(text: string): void {
    for (const watcher of this.watchers) watcher.write(text);
  }

  error(status: object): void {
    this.send(lineOf({ type: "ERROR", object: status }));
  }

  /** How a version that is too old is answered from now on. */
  answerGone(how: "in-stream" | "as-status"): void {
    this.#goneInStream = how === "in-stream";
  }

  /** Forgets the history, so that a watch cannot begin before the present. */
  compact(): void {
    this.#forgotten = ++this.version;
    this.#changes.length = 0;
  }

  /** Ends all watches: in good order, or by closing their connections. */
  drop(how: "end" | "break"): void {
    for (const watcher of this.watchers) {
      if (how === "end") watcher.end();
      else watcher.destroy();
    }
    this.watchers.clear();
  }

  listed(): KubeObject[] {
    return [...this.objects.values()].sort((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));
  }

  #tell(change: Change): void {
    this.#changes.push(change);
    this.send(lineOf(change.event));
  }

  #list(seen: Seen, response: ServerResponse): void {
    const from = Number(seen.query["continue"] ?? "0");
    const all = this.listed();
    const rest = from + 2 < all.length ? { continue: String(from + 2) } : {};
    const metadata = { resourceVersion: String(this.version), ...rest };
    json(200, { items: all.slice(from, from + 2), metadata })(seen, response);
  }

  #watch(seen: Seen, response: ServerResponse): void {
    const since = Number(seen.query["resourceVersion"]);
    if (since < this.#forgotten && !this.#goneInStream) {
      json(410, gone)(seen, response);
      return;
    }
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    if (since < this.#forgotten) {
      response.end(lineOf({ type: "ERROR", object: gone }));
      return;
    }
    for (const { version, event } of this.#changes) if (version > since) response.write(lineOf(event));
    this.watchers.add(response);
    response.once("close", () => this.watchers.delete(response));
  }
}
