import { isUtf8 } from "node:buffer";
import { createServer as createHttp, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createHttps, type Server as HttpsServer } from "node:https";
import type { Clock } from "../lib/clock.ts";
import { type Logger, reasonOf } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";
import type { KeyPair } from "./certificates.ts";
import type { AdmissionMetrics } from "./metrics.ts";
import { type Answer, isMutation } from "./mutation.ts";
import { parseReview, type ReviewRequest, reviewResponse } from "./review.ts";

/** Objects are at most 3 MiB, a review may hold two of them. */
const BODY_LIMIT = 8 * 1024 * 1024;
/** The API server drops idle connections after 90 s; we must not be first. */
const KEEP_ALIVE_MS = 120_000;
const DEFAULT_TIMEOUT_MS = 5_000;

export type Webhook = (request: ReviewRequest, deadlineMs: number) => Promise<Answer>;

export interface ServerOptions {
  readonly webhooks: Readonly<Record<string, Webhook>>;
  readonly metrics: AdmissionMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether this process is going: connections end with the answer that is under way, before they are cut. */
  readonly isDraining?: () => boolean;
}

/** A request that gets no verdict, and the status that says so. */
class Refused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

/** What is wrong with a request is 4xx; a webhook that could not tell is 500, and its failurePolicy decides. */
function codeOf(error: unknown): number {
  if (error instanceof Refused) return error.code;
  return error instanceof UserError ? 400 : 500;
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw new Refused(400, "the body is not UTF-8");
  return bytes.toString("utf8");
}

/** By events: an async iterator over a small body costs as much as parsing it. */
function bodyOf(request: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on("data", (chunk: Buffer) => {
      size += chunk.length;
      // What comes after that is read and dropped, so that the answer can still be sent.
      if (size > BODY_LIMIT) reject(new Refused(413, `the body is larger than ${BODY_LIMIT} bytes`));
      else chunks.push(chunk);
    });
    request.once("error", reject);
    request.once("end", () => {
      try {
        resolve(textOf(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** @throws Refused for what is no AdmissionReview before its body is read */
function refuseForeign({ method, headers }: IncomingMessage): void {
  if (method !== "POST") throw new Refused(405, `${method} is not allowed: POST an AdmissionReview`);
  const type = headers["content-type"]?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") throw new Refused(415, `content type "${type ?? ""}" is not application/json`);
  const encoding = headers["content-encoding"] ?? "identity";
  if (encoding !== "identity") throw new Refused(415, `content encoding "${encoding}" is not supported`);
}

function send(response: ServerResponse, code: number, body: string, type = "text/plain; charset=utf-8"): void {
  response.writeHead(code, { "content-type": type, "content-length": Buffer.byteLength(body) });
  response.end(body);
}

/** The part of the API server's patience that a decision may take: `?timeout=5s` less a fifth for the way. */
export function deadlineOf(query: string, now: number): number {
  const seconds = /(?:^|&)timeout=(\d+(?:\.\d+)?)s(?:&|$)/.exec(query)?.[1];
  return now + 0.8 * (seconds === undefined ? DEFAULT_TIMEOUT_MS : Number(seconds) * 1000);
}

/** Counts a decision and says it in one line, without anything of the pod but its name. */
function record(
  options: ServerOptions,
  review: ReviewRequest,
  webhook: string,
  verdict: Answer,
  started: number,
): void {
  const { metrics, clock, log } = options;
  const { operation, subResource = "", namespace = "", name = "", dryRun = false } = review;
  const denied = isMutation(verdict) ? undefined : verdict;
  const operations = isMutation(verdict) ? verdict.operations.length : 0;
  const outcome = denied?.reason ?? "Allowed";
  metrics.requests.add({ webhook, operation, outcome });
  metrics.duration.observe((clock.monotonicMs() - started) / 1000, { webhook });
  log.info("decided", { webhook, operation, subResource, namespace, name, dryRun, outcome, operations });
}

async function answer(options: ServerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { webhooks, clock, isDraining } = options;
  if (isDraining?.()) response.setHeader("connection", "close");
  const started = clock.monotonicMs();
  const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
  const webhook = Object.hasOwn(webhooks, path) ? webhooks[path] : undefined;
  if (!webhook) throw new Refused(404, `there is no webhook at ${path}`);
  refuseForeign(request);
  const review = parseReview(await bodyOf(request));
  const verdict = await webhook(review, deadlineOf(query, started));
  send(response, 200, JSON.stringify(reviewResponse(review.uid, verdict)), "application/json");
  record(options, review, path.slice(1), verdict, started);
}

/** HTTPS for the API server: HTTP/1.1 over TLS 1.3, connections kept longer than it keeps them. */
export function webhookServer(options: ServerOptions, pair: KeyPair): HttpsServer {
  const server = createHttps(
    { ...pair, minVersion: "TLSv1.3", keepAliveTimeout: KEEP_ALIVE_MS },
    (request, response) => {
      answer(options, request, response).catch((error: unknown) => {
        options.log.warn("no-verdict", { reason: reasonOf(error) });
        if (!response.headersSent) send(response, codeOf(error), `${reasonOf(error)}\n`);
        request.resume();
      });
    },
  );
  server.headersTimeout = KEEP_ALIVE_MS + 5_000;
  return server;
}

export interface Health {
  readonly metrics: () => string;
  /** Why no request should come here now, if so. */
  readonly notReady: () => string | undefined;
}

/** Plain HTTP inside the pod network: /metrics, /livez, /readyz. */
export function healthServer({ metrics, notReady }: Health): Server {
  return createHttp((request, response) => {
    if (request.url === "/livez") return send(response, 200, "ok\n");
    if (request.url === "/metrics") return send(response, 200, metrics(), "text/plain; version=0.0.4; charset=utf-8");
    if (request.url !== "/readyz") return send(response, 404, "not found\n");
    const reason = notReady();
    return send(response, reason === undefined ? 200 : 503, `${reason ?? "ok"}\n`);
  });
}
