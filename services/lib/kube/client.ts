import { type AgentOptions, Agent as HttpAgent, request as httpRequest, type IncomingMessage } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { Discovery } from "./discovery.ts";
import { isGone, KubeError } from "./errors.ts";
import { textWithoutManagedFields } from "./managed-fields.ts";
import { type FetchPage, type Page, pagesOf } from "./pages.ts";
import { type KubeConfig, type KubeObject, type ResourceRef, resourcePath } from "./types.ts";

export type { KubeConfig, KubeObject, ObjectMeta, ResourceRef } from "./types.ts";

export interface ClientOptions {
  /** For a whole request, unless the call says otherwise. @default 30000 */
  readonly timeoutMs?: number;
  readonly userAgent?: string;
  /** Connections at once, beside one for each open stream. @default 16 */
  readonly maxSockets?: number;
}

export type QueryValue = string | number | boolean | undefined;

export interface RequestOptions {
  readonly body?: unknown;
  readonly contentType?: string;
  readonly query?: Readonly<Record<string, QueryValue>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  /** Gets the first bytes of a successful answer as text, before the rest has come. */
  readonly onHead?: (head: string) => void;
  /** Of a JSON answer; half of the work of reading an object is theirs. */
  readonly withoutManagedFields?: boolean;
}

export interface ListOptions {
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Objects per page. @default 500 */
  readonly limit?: number;
  readonly signal?: AbortSignal;
  /** Keeps of an object only what is needed, so that no more than one page of whole ones is in memory. */
  readonly project?: (object: KubeObject) => unknown;
  readonly withoutManagedFields?: boolean;
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

/** An API server that is briefly over its limits says when to come back; we do, this often. It has not begun such a request, so a write is safe too. */
const RETRIES_WHEN_BUSY = 4;

/** The API server closes what is idle for 90 s; a request on a connection that is just being closed would be lost. */
const IDLE_MS = 60_000;

/** What `Retry-After` says in milliseconds; nothing where it is absent, or a date. */
function retryAfterMs({ headers }: IncomingMessage): number | undefined {
  const value = headers["retry-after"] ?? "";
  return /^\d+$/.test(value) ? Number(value) * 1000 : undefined;
}

/** Waits; ends early, without an error, when the signal aborts. */
function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
  });
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

async function readAll(stream: IncomingMessage, onHead?: (head: string) => void): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) {
    if (chunks.length === 0) onHead?.((chunk as Buffer).toString("utf8"));
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}

/** The decoded body of an answer. @throws Error where a success is cut short; of a failure the text is enough */
function decode(bytes: Buffer, response: IncomingMessage, request: string, withoutManagedFields = false): unknown {
  if (bytes.length === 0) return undefined;
  const text = withoutManagedFields ? textWithoutManagedFields(bytes) : bytes.toString("utf8");
  if (!response.headers["content-type"]?.includes("json")) return text;
  try {
    return JSON.parse(text);
  } catch (cause) {
    if ((response.statusCode ?? 0) >= 400) return text;
    throw new Error(`${request}: the answer is not a whole JSON text`, { cause });
  }
}

async function failureOf(response: IncomingMessage, request: string): Promise<KubeError> {
  const body = decode(await readAll(response), response, request);
  return new KubeError(response.statusCode ?? 0, body, request, retryAfterMs(response));
}

/** A small Kubernetes client: JSON verbs, discovery and streams over node:https. Every request has a deadline. */
export class KubeClient {
  readonly config: KubeConfig;
  readonly #url: URL;
  readonly #agent: HttpAgent | HttpsAgent;
  /** Without a limit: a stream keeps its connection, and must not keep requests from theirs. */
  readonly #streams: HttpAgent | HttpsAgent;
  readonly #timeoutMs: number;
  readonly #userAgent: string;
  readonly #discovery: Discovery;

  constructor(config: KubeConfig, options: ClientOptions = {}) {
    this.config = config;
    this.#url = new URL(config.server);
    const newAgent = (agentOptions: AgentOptions): HttpAgent | HttpsAgent =>
      this.#url.protocol === "http:"
        ? new HttpAgent(agentOptions)
        : new HttpsAgent({
            ...agentOptions,
            ...(config.ca === undefined ? {} : { ca: config.ca }),
            ...(config.cert === undefined ? {} : { cert: config.cert }),
            ...(config.key === undefined ? {} : { key: config.key }),
          });
    this.#agent = newAgent({ keepAlive: true, maxSockets: options.maxSockets ?? 16, timeout: IDLE_MS });
    this.#streams = newAgent({ keepAlive: true, maxFreeSockets: 4 });
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#userAgent = options.userAgent ?? "carrel";
    this.#discovery = new Discovery((path) => this.request("GET", path));
  }

  /** Sends JSON (or a string as it is) and answers the decoded body. @throws KubeError for a status of 400 or more */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<unknown> {
    for (let attempt = 0; ; attempt++) {
      const response = await this.#send(method, path, options);
      const code = response.statusCode ?? 0;
      if (code < 400) {
        const bytes = await readAll(response, options.onHead);
        return decode(bytes, response, `${method} ${path}`, options.withoutManagedFields);
      }
      const failure = await failureOf(response, `${method} ${path}`);
      if (code !== 429 || attempt === RETRIES_WHEN_BUSY) throw failure;
      // One second where the server said nothing; five at most, because somebody waits.
      await pause(Math.min(failure.retryAfterMs ?? 1_000, 5_000), options.signal);
    }
  }

  /** Opens a stream (a watch, a log). The deadline is for the answer to begin. @throws KubeError */
  async stream(method: string, path: string, options: RequestOptions = {}): Promise<IncomingMessage> {
    const response = await this.#send(method, path, options, true);
    if ((response.statusCode ?? 0) < 400) return response;
    throw await failureOf(response, `${method} ${path}`);
  }

  async get<T = KubeObject>(ref: ResourceRef, namespace: string | undefined, name: string): Promise<T> {
    return (await this.request("GET", resourcePath(ref, namespace, name))) as T;
  }

  /**
   * All objects of a collection, page by page, with the resourceVersion of the list. Where the version that the pages are of
   * expires meanwhile, everything is asked for once more, in one page.
   */
  async list<T = KubeObject>(ref: ResourceRef, namespace?: string, options: ListOptions = {}): Promise<Listed<T>> {
    const { limit = 500, signal, project, withoutManagedFields = false, ...selectors } = options;
    const fetch: FetchPage<T> = async (query, onHead) =>
      (await this.request("GET", resourcePath(ref, namespace), {
        query: { ...query, ...selectors },
        onHead,
        withoutManagedFields,
        ...(signal === undefined ? {} : { signal }),
      })) as Page<T>;
    let items: T[] = [];
    const take = ({ items: some, metadata }: Page<T>): string => {
      // Not spread: a page without a limit may hold more objects than a call may have arguments.
      for (const item of some ?? []) items.push(project ? (project(item as KubeObject) as T) : item);
      return metadata.resourceVersion;
    };
    let resourceVersion: string | undefined;
    try {
      for await (const page of pagesOf(fetch, limit)) resourceVersion = take(page);
    } catch (error) {
      if (resourceVersion === undefined || !isGone(error)) throw error;
      items = [];
      resourceVersion = take(await fetch({}, () => {}));
    }
    return { items, resourceVersion: resourceVersion ?? "" };
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
    this.#streams.destroy();
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
          agent: streaming ? this.#streams : this.#agent,
          ...(options.signal === undefined ? {} : { signal: options.signal }),
        },
        (response) => {
          answer = response;
          // The body of a failure is short, and has to come in time like any other.
          if (streaming && (response.statusCode ?? 0) < 400) clearTimeout(deadline);
          else response.once("close", () => clearTimeout(deadline));
          resolve(response);
        },
      );
      const deadline = setTimeout(() => {
        const late = new Error(`${method} ${path}: no answer from ${this.config.server} within ${timeoutMs} ms`);
        answer?.destroy(late);
        request.destroy(late);
      }, timeoutMs);
      request.on("error", (error) => {
        clearTimeout(deadline);
        reject(error);
      });
      request.end(body);
    });
  }
}

/** The version that a collection is at, by a consistent read of none of its objects. */
export async function collectionVersion(
  client: Pick<KubeClient, "list">,
  ref: ResourceRef,
  namespace?: string,
  signal?: AbortSignal,
): Promise<string> {
  const none = { fieldSelector: "metadata.name=none", ...(signal === undefined ? {} : { signal }) };
  return (await client.list(ref, namespace, none)).resourceVersion;
}
