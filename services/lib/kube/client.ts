import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Discovery } from "./discovery.ts";
import { KubeError } from "./errors.ts";
import { type KubeConfig, type KubeObject, type ResourceRef, resourcePath } from "./types.ts";

export type { KubeConfig, KubeObject, ObjectMeta, ResourceRef } from "./types.ts";

export interface ClientOptions {
  /** For a whole request, unless the call says otherwise. @default 30000 */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
  /** Connections at once. @default 16 */
  readonly maxSockets?: number;
}

export type QueryValue = string | number | boolean | undefined;

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page. @default 500 */
  readonly limit?: number;
}

export interface WriteOptions {
  readonly dryRun?: boolean;
  readonly fieldManager?: string;
  readonly fieldValidation?: "Strict" | "Warn" | "Ignore";
}

export interface PatchOptions extends WriteOptions {
  readonly type: "apply" | "merge" | "json" | "strategic";
  readonly force?: boolean;
  readonly subresource?: string;
}

export interface DeleteOptions {
  readonly propagationPolicy?: "Foreground" | "Background" | "Orphan";
  readonly uid?: string;
  readonly gracePeriodSeconds?: number;
}

export interface Listed<T> {
  readonly items: T[];
  readonly resourceVersion: string;
}

const patchTypes = {
  apply: "application/apply-patch+yaml",
  merge: "application/merge-patch+json",
  json: "application/json-patch+json",
  strategic: "application/strategic-merge-patch+json",
} as const;

/** An API server that is briefly over its limits says when to come back; we do, this often. */
const RETRIES_WHEN_BUSY = 4;

/** At most five seconds; one where the server gave none, or a date. */
function waitMs(retryAfter: string | undefined): number {
  return Math.min(/^\d+$/.test(retryAfter ?? "") ? Number(retryAfter) : 1, 5) * 1000;
}

function queryString(query: Readonly<Record<string, QueryValue>> = {}): string {
  const set = Object.entries(query).flatMap(([key, value]): [string, string][] =>
    value === undefined ? [] : [[key, String(value)]],
  );
  return set.length === 0 ? "" : `?${new URLSearchParams(set)}`;
}

function writeQuery(options: WriteOptions): Record<string, QueryValue> {
  return {
    dryRun: options.dryRun ? "All" : undefined,
    fieldManager: options.fieldManager,
    fieldValidation: options.fieldValidation,
  };
}

async function readAll(stream: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function decode(bytes: Buffer, contentType: string | undefined): unknown {
  const text = bytes.toString("utf8");
  return contentType?.includes("json") ? JSON.parse(text) : text;
}

/** A small Kubernetes client: JSON verbs, discovery and streams over node:https. Every request has a deadline. */
export class KubeClient {
  readonly config: KubeConfig;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  readonly #timeoutMs: number;
  readonly #userAgent: string;
  readonly #discovery: Discovery;

  constructor(config: KubeConfig, options: ClientOptions = {}) {
    this.config = config;
    this.#url = new URL(config.server);
    const agentOptions = { keepAlive: true, maxSockets: options.maxSockets ?? 16 };
    this.#agent =
      this.#url.protocol === "http:"
        ? new HttpAgent(agentOptions)
        : new HttpsAgent({
            ...agentOptions,
            ...(config.ca === undefined ? {} : { ca: config.ca }),
            ...(config.cert === undefined ? {} : { cert: config.cert }),
            ...(config.key === undefined ? {} : { key: config.key }),
          });
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#userAgent = options.userAgent ?? "carrel";
    this.#discovery = new Discovery((path) => this.request("GET", path));
  }

  /** Sends JSON (or a string as it is) and answers the decoded body. @throws KubeError for a status of 400 or more */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#send(method, path, options);
      const bytes = await readAll(response);
      const code = response.statusCode ?? 0;
      if (code === 429 && attempt < RETRIES_WHEN_BUSY) {
        await new Promise((resolve) => setTimeout(resolve, waitMs(response.headers["retry-after"])));
        continue;
      }
      const body = bytes.length === 0 ? undefined : decode(bytes, response.headers["content-type"]);
      if (code >= 400) throw new KubeError(code, body, `${method} ${path}`);
      return body;
    }
  }

  /** Opens a stream (a watch, a log). The deadline is for the answer to begin. @throws KubeError */
  async stream(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const response = await this.#send(method, path, options, true);
    const code = response.statusCode ?? 0;
    if (code < 400) return response;
    const bytes = await readAll(response);
    throw new KubeError(
      code,
      bytes.length === 0 ? undefined : decode(bytes, response.headers["content-type"]),
      `${method} ${path}`,
    );
  }

  async get<T = KubeObject>(ref: ResourceRef, namespace: string | undefined, name: string): Promise<T> {
    return (await this.request("GET", resourcePath(ref, namespace, name))) as T;
  }

  /** All objects of a collection, page by page, with the resourceVersion of the list. */
  async list<T = KubeObject>(ref: ResourceRef, namespace?: string, options: ListOptions = {}): Promise<Listed<T>> {
    const items: T[] = [];
    let next: string | undefined;
    for (;;) {
      const page = (await this.request("GET", resourcePath(ref, namespace), {
        query: {
          limit: options.limit ?? 500,
          continue: next,
          labelSelector: options.labelSelector,
          fieldSelector: options.fieldSelector,
        },
      })) as { items: T[] | null; metadata: { resourceVersion: string; continue?: string } };
      items.push(...(page.items ?? []));
      next = page.metadata.continue || undefined;
      if (next === undefined) return { items, resourceVersion: page.metadata.resourceVersion };
    }
  }

  async create<T = KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    object: object,
    options: WriteOptions = {},
  ): Promise<T> {
    return (await this.request("POST", resourcePath(ref, namespace), {
      body: object,
      query: writeQuery(options),
    })) as T;
  }

  /** PUT: a compare-and-swap when the object carries its resourceVersion. */
  async replace<T extends KubeObject>(
    ref: ResourceRef,
    object: T,
    options: WriteOptions & { subresource?: string } = {},
  ): Promise<T> {
    const { namespace, name } = object.metadata;
    return (await this.request("PUT", resourcePath(ref, namespace, name, options.subresource), {
      body: object,
      query: writeQuery(options),
    })) as T;
  }

  async patch<T = KubeObject>(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    body: unknown,
    options: PatchOptions,
  ): Promise<T> {
    return (await this.request("PATCH", resourcePath(ref, namespace, name, options.subresource), {
      body,
      contentType: patchTypes[options.type],
      query: { ...writeQuery(options), force: options.force },
    })) as T;
  }

  async delete(
    ref: ResourceRef,
    namespace: string | undefined,
    name: string,
    options: DeleteOptions = {},
  ): Promise<unknown> {
    const { uid, ...rest } = options;
    return this.request("DELETE", resourcePath(ref, namespace, name), {
      body: {
        apiVersion: "v1",
        kind: "DeleteOptions",
        ...rest,
        ...(uid === undefined ? {} : { preconditions: { uid } }),
      },
    });
  }

  /** How a kind is addressed, by discovery; answers are kept until `invalidate`. @throws KubeError 404 for an unknown kind */
  resourceFor(apiVersion: string, kind: string): Promise<ResourceRef> {
    return this.#discovery.resourceFor(apiVersion, kind);
  }

  /** Forgets what discovery answered, after a CRD was created or changed. */
  invalidate(): void {
    this.#discovery.invalidate();
  }

  close(): void {
    this.#agent.destroy();
  }

  #headers(body: string | undefined, options: RequestOptions): Record<string, string> {
    const { token } = this.config;
    const bearer = typeof token === "function" ? token() : token;
    return {
      accept: "application/json",
      "user-agent": this.#userAgent,
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
      ...(body === undefined
        ? {}
        : {
            "content-type": options.contentType ?? "application/json",
            "content-length": String(Buffer.byteLength(body)),
          }),
    };
  }

  #send(method: string, path: string, options: RequestOptions, streaming = false): Promise<IncomingMessage> {
    const body =
      options.body === undefined || typeof options.body === "string" ? options.body : JSON.stringify(options.body);
    const timeoutMs = options.timeoutMs ?? this.#timeoutMs;
    return new Promise((resolve, reject) => {
      let answer: IncomingMessage | undefined;
      const send = this.#url.protocol === "http:" ? httpRequest : httpsRequest;
      const request = send(
        {
          method,
          host: this.#url.hostname.replace(/^\[|\]$/g, ""),
          port: this.#url.port || (this.#url.protocol === "http:" ? 80 : 443),
          path: `${this.#url.pathname.replace(/\/$/, "")}${path}${queryString(options.query)}`,
          headers: this.#headers(body, options),
          agent: this.#agent,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => {
          answer = response;
          if (streaming) clearTimeout(deadline);
          else response.once("close", () => clearTimeout(deadline));
          resolve(response);
        },
      );
      const deadline = setTimeout(() => {
        const late = new Error(`${method} ${path}: no answer from ${this.config.server} within ${timeoutMs} ms`);
        answer?.destroy(late);
        request.destroy(late);
      }, timeoutMs);
      request.once("error", (error) => {
        clearTimeout(deadline);
        reject(error);
      });
      request.end(body);
    });
  }
}
