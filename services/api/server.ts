import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Clock } from "../lib/clock.ts";
import { type Logger, reasonOf } from "../lib/log.ts";
import type { Caller, Recognise } from "./auth/caller.ts";
import { ApiError } from "./errors.ts";
import type { Graphql, Trace } from "./graphql.ts";
import { corsHeaders, turnedAway } from "./http/gate.ts";
import { sendError } from "./http/reply.ts";
import type { ApiMetrics } from "./metrics.ts";
import type { Welcome } from "./welcome/welcome.ts";

export interface ListenerOptions {
  /** In logs and metrics. */
  readonly name: "public" | "internal";
  readonly recognise: Recognise;
  readonly graphql: Graphql;
  /** Pages for people without an account; none without. */
  readonly welcome?: Welcome | undefined;
  /** Why nothing can be told now, if so. */
  readonly problem: () => string | undefined;
  /** The one other origin whose pages may call. */
  readonly origin: string | undefined;
  /** Requests at the same time; more are told to come again. */
  readonly maxCalls: number;
  readonly metrics: ApiMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Above the time that a gateway keeps idle connections, so that it closes first. */
const KEEP_ALIVE_MS = 120_000;
const HEADERS_MS = 10_000;
/** For the whole of a request; what one may ask for is small. */
const REQUEST_MS = 15_000;

const BUSY = { status: 503, headers: { "retry-after": "1" } };

/** One of the two ports: each knows one kind of caller, and no other. */
class Listener {
  readonly #options: ListenerOptions;
  #calls = 0;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    const startedMs = this.#options.clock.monotonicMs();
    const trace: Trace = { operation: undefined, codes: new Set() };
    const who: { caller: Caller } = { caller: { kind: "nobody" } };
    this.#calls++;
    response.once("close", () => {
      this.#calls--;
      this.#record(response, who.caller, trace, startedMs);
    });
    this.#answer(request, response, trace, who).catch((error: unknown) => this.#failed(response, trace, error));
  }

  async #answer(
    request: IncomingMessage,
    response: ServerResponse,
    trace: Trace,
    who: { caller: Caller },
  ): Promise<void> {
    const { origin, maxCalls, problem, recognise, graphql, welcome } = this.#options;
    if (await welcome?.(request, response)) {
      trace.operation = "welcome";
      return;
    }
    const turned = turnedAway(request, origin);
    if (turned?.status === 204) return void response.writeHead(204, turned.headers).end();
    if (turned) return sendError(response, "BAD_REQUEST", turned.message, turned);
    const own = { "cache-control": "no-store", "x-content-type-options": "nosniff" };
    for (const [name, value] of Object.entries({ ...own, ...corsHeaders(request.headers, origin) })) {
      response.setHeader(name, value);
    }
    if (this.#calls > maxCalls) return sendError(response, "UNAVAILABLE", "too many requests at once: try again", BUSY);
    const recognised = await recognise(request.headers.authorization);
    if (!recognised.ok) return this.#unknown(response, recognised.reason);
    who.caller = recognised.caller;
    const unready = problem();
    if (unready !== undefined) return sendError(response, "UNAVAILABLE", `${unready}: try again`, BUSY);
    await graphql(request, response, { caller: recognised.caller, trace });
  }

  #unknown(response: ServerResponse, reason: string): void {
    const { name, log, metrics } = this.#options;
    metrics.refusals.add({ listener: name });
    log.info("unauthenticated", { listener: name, reason });
    const headers = { "www-authenticate": "Bearer" };
    const message = "who asks is not known: sign in again, and send the token as Authorization: Bearer";
    sendError(response, "UNAUTHENTICATED", message, { headers });
  }

  #failed(response: ServerResponse, trace: Trace, error: unknown): void {
    if (error instanceof ApiError) {
      trace.codes.add(error.code);
      sendError(response, error.code, error.message);
      return;
    }
    trace.codes.add("INTERNAL");
    this.#options.log.error("failed", { reason: reasonOf(error) });
    sendError(response, "INTERNAL", "something went wrong here: try again, and tell the administrators if it stays");
  }

  #record(response: ServerResponse, caller: Caller, { operation, codes }: Trace, startedMs: number): void {
    const { name, metrics, clock, log } = this.#options;
    const ms = clock.monotonicMs() - startedMs;
    metrics.requests.add({ listener: name, status: String(response.statusCode) });
    metrics.duration.observe(ms / 1000, { listener: name });
    for (const code of codes) metrics.errors.add({ code });
    log.info("request", {
      listener: name,
      status: response.statusCode,
      caller: caller.kind,
      user: caller.kind === "person" ? caller.person.name : undefined,
      operation,
      errors: codes.size === 0 ? undefined : [...codes].sort().join(","),
      ms: Math.round(ms),
    });
  }
}

/** Plain HTTP: TLS ends at the gateway, and between pods nothing else is let in. */
export function apiServer(options: ListenerOptions): Server {
  const listener = new Listener(options);
  const server = createServer((request, response) => listener.handle(request, response));
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.headersTimeout = HEADERS_MS;
  server.requestTimeout = REQUEST_MS;
  return server;
}
