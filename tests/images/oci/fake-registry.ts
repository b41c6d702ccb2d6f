import type { ServerResponse } from "node:http";
import { digestOf } from "../../../images/oci/content.ts";
import { Registry } from "../../../images/oci/registry.ts";
import { type ScriptedServer, type Seen, scriptedServer } from "../../services/lib/kube/scripted-server.ts";

/** Whom the registry lets in: all, one user by password, or who has a token for the scope. */
export type Door = "open" | "basic" | "bearer";

export const user = { username: "me", password: "pass:word" } as const;
export const basicOf = ({ username, password }: { username: string; password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** A registry by the distribution protocol, in memory. */
export class FakeRegistry {
  readonly http: ScriptedServer;
  readonly host: string;
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  door: Door = "open";
  mounts = true;
  /** Whether the place of an upload is a whole URL or a path; both are in use. */
  absoluteLocations = false;
  #tokens = 0;
  readonly #granted = new Map<string, string>();

  private constructor(http: ScriptedServer) {
    this.http = http;
    this.host = `127.0.0.1:${http.port}`;
    http.fallback = (seen, response) => this.#answer(seen, response);
  }

  static async start(): Promise<FakeRegistry> {
    return new FakeRegistry(await scriptedServer());
  }

  client(credentials?: { username: string; password: string }): Registry {
    return new Registry({ host: this.host, plainHttp: true, credentials: async () => credentials });
  }

  /** The requests so far, with their query. */
  asked(): string[] {
    return this.http.seen.map(({ method, path, query }) => {
      const text = Object.entries(query).map(([key, value]) => `${key}=${value}`);
      return `${method} ${path}${text.length === 0 ? "" : `?${text.join("&")}`}`;
    });
  }

  /** Makes every token given so far worthless. */
  revoke(): void {
    this.#granted.clear();
  }

  #answer(seen: Seen, response: ServerResponse): void {
    if (seen.path === "/token") this.#giveToken(seen, response);
    else if (this.#letsIn(seen, response)) this.#serve(seen, response);
  }

  #serve(seen: Seen, response: ServerResponse): void {
    const [, repository = "", kind = "", rest = ""] =
      /^\/v2\/(.+?)\/(manifests|blobs\/uploads|blobs)\/(.*)$/.exec(seen.path) ?? [];
    if (kind === "manifests") this.#manifest(seen, response, `${repository}@${rest}`, repository);
    else if (kind === "blobs") this.#blob(seen, response, `${repository}@${rest}`);
    else this.#upload(seen, response, repository);
  }

  #letsIn(seen: Seen, response: ServerResponse): boolean {
    const { authorization = "" } = seen.headers;
    if (this.door === "open") return true;
    if (this.door === "basic" && authorization === basicOf(user)) return true;
    if (this.door === "bearer" && this.#allows(this.#granted.get(authorization) ?? "", seen)) return true;
    const challenge =
      this.door === "basic" ? 'Basic realm="here"' : `Bearer realm="${this.http.url}/token?x=1",service="the registry"`;
    response.writeHead(401, { "www-authenticate": challenge }).end("unauthorized");
    return false;
  }

  /** Whether a token of this scope is enough for a request. */
  #allows(scope: string, { method, path }: Seen): boolean {
    const repository = /^\/v2\/(.+?)\/(?:manifests|blobs)\//.exec(path)?.[1];
    const reads = method === "GET" || method === "HEAD";
    return scope === `repository:${repository}:pull,push` || (reads && scope === `repository:${repository}:pull`);
  }

  #giveToken({ headers: { authorization }, query }: Seen, response: ServerResponse): void {
    if (authorization !== basicOf(user)) {
      response.writeHead(403).end();
      return;
    }
    const token = `t${++this.#tokens}`;
    this.#granted.set(`Bearer ${token}`, query["scope"] ?? "");
    response.end(JSON.stringify(this.#tokens % 2 === 0 ? { access_token: token } : { token }));
  }

  #manifest(seen: Seen, response: ServerResponse, key: string, repository: string): void {
    if (seen.method === "PUT") {
      const stored = { type: seen.headers["content-type"] ?? "", bytes: seen.bytes };
      this.manifests.set(key, stored).set(`${repository}@${digestOf(seen.bytes)}`, stored);
      response.writeHead(201).end();
      return;
    }
    const found = this.manifests.get(key);
    if (!found) response.writeHead(404).end("unknown manifest");
    else response.writeHead(200, { "content-type": `${found.type}; charset=utf-8` }).end(found.bytes);
  }

  #blob(_seen: Seen, response: ServerResponse, key: string): void {
    const found = this.blobs.get(key);
    if (found) response.writeHead(200).end(found);
    else response.writeHead(404).end("unknown blob");
  }

  #upload(seen: Seen, response: ServerResponse, repository: string): void {
    const { digest = "", mount, from } = seen.query;
    if (seen.method === "POST") {
      const source = this.mounts ? this.blobs.get(`${from}@${mount}`) : undefined;
      if (source) {
        this.blobs.set(`${repository}@${mount}`, source);
        response.writeHead(201).end();
        return;
      }
      const place = `/v2/${repository}/blobs/uploads/1?state=s%2Ft`;
      response.writeHead(202, { location: this.absoluteLocations ? `${this.http.url}${place}` : place }).end();
      return;
    }
    if (seen.query["state"] !== "s/t" || digest !== digestOf(seen.bytes)) {
      response.writeHead(400).end("DIGEST_INVALID");
      return;
    }
    this.blobs.set(`${repository}@${digest}`, seen.bytes);
    response.writeHead(201).end();
  }
}
