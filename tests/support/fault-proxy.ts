import { once } from "node:events";
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import { Agent, createServer, request as httpsRequest, type Server } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import type { KubeConfig } from "../../services/lib/kube/types.ts";
import { selfSigned } from "../services/admission/key-pair.ts";

/** What spoils a request or its answer; one of them at most happens to each, and counts once it was done. */
export const faultKinds = [
  /** The connection is reset and the API server never sees the request. */
  "reset-before-request",
  /** The API server has answered, and the connection is reset instead. */
  "reset-before-answer",
  /** The connection is reset within a line of the body. */
  "half-line-reset",
  /** The body ends within a line, in good order. */
  "half-line-end",
  /** 410 for a watch, or for the next page of a list. */
  "gone",
  /** An ERROR event with code 410 in a watch. */
  "gone-in-stream",
  /** An ERROR event with code 500 in a watch. */
  "error-in-stream",
  /** 429 with Retry-After. */
  "busy",
  "status-500",
  "status-503",
  /** The API server has answered; the client gets nothing, or the beginning, and the connection stays open. */
  "stall",
  /** The head of an answer with status 500, and no body ever. */
  "stall-in-error",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** How likely each kind is where it can happen; what is left of 1 passes. */
export type FaultRates = Readonly<Partial<Record<FaultKind, number>>>;

export interface FaultProxyOptions {
  readonly upstream: KubeConfig;
  readonly seed: number;
  readonly rates: { readonly watch: FaultRates; readonly other: FaultRates };
  /** How likely an answer is late by up to 50 ms. @default 0 */
  readonly delay?: number;
  /** How likely a body comes in pieces that are cut and joined at any byte. @default 0 */
  readonly rechunk?: number;
  /** Told of every request that the API server was sent. */
  readonly onForwarded?: (method: string, path: string, body: Buffer) => void;
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly isWatch: boolean;
}

const status = (code: number, reason: string, message: string): string =>
  JSON.stringify({ kind: "Status", apiVersion: "v1", status: "Failure", code, reason, message });
const errorEvent = (code: number, reason: string): string =>
  `{"type":"ERROR","object":${status(code, reason, `injected ${code}`)}}\n`;

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Bytes up to where a body is cut: at or after `at`, and neither before the first nor after the last byte of a line. */
export function cutWithinLine(bytes: Buffer, sent: number, at: number): number | undefined {
  for (let cut = Math.max(at - sent, 1); cut < bytes.length; cut++) if (bytes[cut - 1] !== 10) return cut;
  return undefined;
}

/** A TLS server on loopback before a real API server, which breaks what passes through it by a seeded random. */
export class FaultProxy {
  readonly config: KubeConfig;
  readonly counts: Record<FaultKind, number>;
  /** Requests of which the API server could not be reached. */
  unreachable = 0;
  delayed = 0;
  rechunked = 0;
  passed = 0;
  readonly #options: FaultProxyOptions;
  readonly #server: Server;
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #random: () => number;
  readonly #closing = new AbortController();
  /** By the client's port: only the socket below TLS can be reset. */
  readonly #sockets = new Map<number, Socket>();
  #faulty = true;

  private constructor(options: FaultProxyOptions, server: Server, config: KubeConfig) {
    const { upstream } = options;
    this.#options = options;
    this.#server = server;
    this.config = config;
    this.counts = Object.fromEntries(faultKinds.map((kind) => [kind, 0])) as Record<FaultKind, number>;
    this.#url = new URL(upstream.server);
    this.#agent = new Agent({ keepAlive: true, ca: upstream.ca, cert: upstream.cert, key: upstream.key });
    this.#random = seededRandom(options.seed);
    server.on("connection", (socket) => this.#remember(socket as Socket));
    server.on("request", (request, response) => void this.#answer(request, response));
    // Connections that are broken on purpose.
    server.on("tlsClientError", () => {});
    server.on("clientError", (_error, socket) => socket.destroy());
  }

  static async start(options: FaultProxyOptions): Promise<FaultProxy> {
    const { cert, key } = await selfSigned("fault proxy", new Date(Date.now() + 86_400_000));
    const server = createServer({ cert, key, keepAliveTimeout: 60_000 });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return new FaultProxy(options, server, { server: `https://localhost:${port}`, ca: cert });
  }

  /** Open connections of clients. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Faults so far; neither delays nor bodies in pieces count. */
  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** From now on every answer passes as it is; what is open is cut. */
  heal(): void {
    this.#faulty = false;
    this.#server.closeAllConnections();
  }

  /** From now on answers are spoilt again; what is open is cut. */
  spoil(): void {
    this.#faulty = true;
    this.#server.closeAllConnections();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await closed;
  }

  #remember(socket: Socket): void {
    const port = socket.remotePort ?? 0;
    this.#sockets.set(port, socket);
    // By then another connection may have the port.
    socket.once("close", () => {
      if (this.#sockets.get(port) === socket) this.#sockets.delete(port);
    });
  }

  #reset(response: ServerResponse): void {
    this.#sockets.get(response.socket?.remotePort ?? 0)?.resetAndDestroy();
    response.destroy();
  }

  #pick({ url, isWatch }: Exchange): FaultKind | undefined {
    if (!this.#faulty) return undefined;
    const possible = (kind: FaultKind): boolean => {
      if (kind === "gone") return isWatch || url.searchParams.has("continue");
      return isWatch || (kind !== "gone-in-stream" && kind !== "error-in-stream");
    };
    const rates = isWatch ? this.#options.rates.watch : this.#options.rates.other;
    let left = this.#random();
    for (const kind of faultKinds) {
      if (!possible(kind)) continue;
      left -= rates[kind] ?? 0;
      if (left < 0) return kind;
    }
    return undefined;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? "", "https://proxy");
    const isWatch = url.searchParams.get("watch") === "true";
    const exchange = { request, response, url, isWatch };
    // Whatever the other side does to a connection is what is being tried here.
    request.on("error", () => {});
    response.on("error", () => {});
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const kind = this.#pick(exchange);
      if (kind === undefined) this.passed++;
      if (kind !== undefined && this.#refuse(kind, exchange)) return;
      if (this.#faulty && this.#random() < (this.#options.delay ?? 0)) {
        this.delayed++;
        await pause(50 * this.#random(), undefined, { signal: this.#closing.signal });
      }
      const answer = await this.#forward(exchange, Buffer.concat(chunks));
      if (answer) await this.#relay(kind, answer, exchange);
    } catch {
      response.destroy();
    }
  }

  /** Answers without the API server, where the kind is one of those; whether it did. */
  #refuse(kind: FaultKind, { response, isWatch }: Exchange): boolean {
    const answers: Partial<Record<FaultKind, () => void>> = {
      "reset-before-request": () => this.#reset(response),
      gone: () => respond(response, 410, status(410, "Expired", "injected 410")),
      "gone-in-stream": () => respond(response, 200, errorEvent(410, "Expired")),
      "error-in-stream": () => respond(response, 200, errorEvent(500, "InternalError")),
      busy: () => {
        // A list waits for itself, a watch by its backoff.
        const headers = { "retry-after": isWatch ? "1" : "0" };
        respond(response, 429, status(429, "TooManyRequests", "injected 429"), headers);
      },
      "status-500": () => respond(response, 500, status(500, "InternalError", "injected 500")),
      "status-503": () => respond(response, 503, "upstream connect error", { "content-type": "text/plain" }),
      "stall-in-error": () => {
        response.writeHead(500, { "content-type": "application/json", "content-length": "1000" });
        response.write("{");
      },
    };
    const answer = answers[kind];
    if (!answer) return false;
    this.counts[kind]++;
    answer();
    return true;
  }

  /** Sends the request to the API server; resets the client's connection where there is none. */
  #forward({ request, response }: Exchange, body: Buffer): Promise<IncomingMessage | undefined> {
    const method = request.method ?? "GET";
    const path = request.url ?? "/";
    return new Promise((resolve) => {
      const upstream = httpsRequest(
        {
          method,
          host: this.#url.hostname,
          port: this.#url.port,
          path,
          headers: forwardedHeaders(request.headers, this.#url.host, body.length),
          agent: this.#agent,
        },
        resolve,
      );
      upstream.on("error", () => {
        this.unreachable++;
        this.#reset(response);
        resolve(undefined);
      });
      response.once("close", () => upstream.destroy());
      this.#options.onForwarded?.(method, path, body);
      upstream.end(body);
    });
  }

  async #relay(kind: FaultKind | undefined, answer: IncomingMessage, { response, isWatch }: Exchange): Promise<void> {
    if (kind === "reset-before-answer") {
      this.counts[kind]++;
      // Only now has the API server done what it was asked for.
      this.#reset(response);
      return;
    }
    if (kind === "stall" && (!isWatch || this.#random() < 0.2)) {
      this.counts.stall++;
      return;
    }
    const { "content-type": type = "application/json" } = answer.headers;
    response.writeHead(answer.statusCode ?? 502, { "content-type": type });
    response.flushHeaders();
    try {
      await this.#relayBody(kind, answer, response, this.#cutAt(isWatch));
    } catch {
      this.#reset(response);
    }
  }

  /** Most watches are cut within their first events, some after many. */
  #cutAt(isWatch: boolean): number {
    const most = isWatch ? (this.#random() < 0.1 ? 8_000 : 1_200) : 300;
    return 1 + Math.floor(this.#random() * most);
  }

  /** Passes the body on; a kind that cuts does so in the line that holds the byte `cutAt`. */
  async #relayBody(
    kind: FaultKind | undefined,
    answer: IncomingMessage,
    response: ServerResponse,
    cutAt: number,
  ): Promise<void> {
    const cuts = kind === "half-line-reset" || kind === "half-line-end" || kind === "stall" ? kind : undefined;
    let sent = 0;
    for await (const bytes of this.#pieces(answer)) {
      const cut = cuts === undefined ? undefined : cutWithinLine(bytes, sent, cutAt);
      if (cuts !== undefined && cut !== undefined) {
        this.counts[cuts]++;
        response.write(bytes.subarray(0, cut), () => {
          if (cuts === "half-line-reset") this.#reset(response);
          else if (cuts === "half-line-end") response.end();
        });
        // The client closes what stalls.
        await once(response, "close");
        return;
      }
      sent += bytes.length;
      if (!response.write(bytes)) await drainOrClose(response);
    }
    response.end();
  }

  /** The chunks of a body, or the same bytes cut and joined elsewhere, also within characters. */
  async *#pieces(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const recut = this.#faulty && this.#random() < (this.#options.rechunk ?? 0);
    if (recut) this.rechunked++;
    let held: Buffer = Buffer.alloc(0);
    for await (const chunk of body) {
      held = Buffer.concat([held, chunk]);
      // The last piece is kept back, so that it is joined with what comes next.
      for (let pieces = 0; recut && held.length > 1 && pieces < 40; pieces++) {
        const size = 1 + Math.floor(this.#random() * Math.min(held.length - 1, 700));
        yield held.subarray(0, size);
        held = held.subarray(size);
      }
      if (recut) continue;
      yield held;
      held = Buffer.alloc(0);
    }
    if (held.length > 0) yield held;
  }
}

async function drainOrClose(response: ServerResponse): Promise<void> {
  const waiting = new AbortController();
  const { signal } = waiting;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  waiting.abort();
}

function forwardedHeaders(headers: IncomingHttpHeaders, host: string, length: number): IncomingHttpHeaders {
  const { connection: _, "content-length": __, ...rest } = headers;
  return { ...rest, host, ...(length === 0 ? {} : { "content-length": String(length) }) };
}

function respond(response: ServerResponse, code: number, body: string, headers: Record<string, string> = {}): void {
  response.writeHead(code, { "content-type": "application/json", ...headers });
  response.end(body);
}
