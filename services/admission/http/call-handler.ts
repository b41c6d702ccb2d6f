import type { IncomingMessage, ServerResponse } from "node:http";
import { GROUP_LABEL } from "../../../quota/owner.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { AdmissionMetrics } from "../metrics.ts";
import { type Answer, isMutation } from "../mutation.ts";
import { parseReview, type ReviewRequest, reviewResponse, type UnreadRequest } from "../review.ts";
import { checkPodSize, readRequest } from "../review-reader.ts";
import { readBody, takeText } from "./body.ts";
import type { Call, CallsUnderWay } from "./calls.ts";
import type { Stranger } from "./client-certificate.ts";
import { refuseForeign } from "./foreign.ts";
import { patienceMs } from "./patience.ts";
import { Refused, send } from "./reply.ts";
import { errorDenial, errorRefusal, lateDenial, lateRefusal, shedDenial, shedRefusal } from "./without-verdict.ts";

/** @param deadlineMs of the monotonic clock */
export type Webhook = (request: ReviewRequest, deadlineMs: number) => Promise<Answer>;

export interface CallHandlerOptions {
  /** What answers at each path. */
  readonly webhooks: Readonly<Record<string, Webhook>>;
  /** Paths that deny what they cannot decide; at the others such a call has failed, and failurePolicy decides. */
  readonly failClosed?: readonly string[];
  readonly metrics: AdmissionMetrics;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether this process is going: connections end with the answer that is under way, before they are cut. */
  readonly isDraining?: () => boolean;
}

type OutcomeLabels = Readonly<Record<"webhook" | "operation" | "outcome", string>>;

interface Route {
  /** Of the webhook, in metrics and in the log. */
  readonly name: string;
  readonly webhook: Webhook;
  readonly failsClosed: boolean;
  readonly labels: { readonly webhook: string };
  /** Labels by operation and outcome, of which there are few. */
  readonly outcomes: Map<string, Map<string, OutcomeLabels>>;
}

function outcomeLabels({ name: webhook, outcomes }: Route, operation: string, outcome: string): OutcomeLabels {
  const known = outcomes.get(operation)?.get(outcome);
  if (known) return known;
  const labels = { webhook, operation, outcome };
  outcomes.set(operation, (outcomes.get(operation) ?? new Map()).set(outcome, labels));
  return labels;
}

interface Exchange {
  readonly route: Route;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the monotonic clock. */
  readonly startedMs: number;
  readonly call: Call;
  /** What is under review, for the answer at the deadline; dropped with the answer, as a kept connection keeps the rest. */
  unread: UnreadRequest | undefined;
  review: ReviewRequest | undefined;
}

const JSON_TYPE = { "content-type": "application/json" };
const SHED_LOG_MS = 1_000;

/** What is wrong with a request is 4xx; a webhook that could not tell is 500. */
function codeOf(error: unknown): number {
  if (error instanceof Refused) return error.code;
  return error instanceof UserError ? 400 : 500;
}

/** A pod whose name the API server still makes is called by what its name will begin with. */
function nameOf({ name = "", object }: Partial<ReviewRequest> = {}): string {
  const { name: own = name, generateName = "" } = object?.metadata ?? {};
  return own === "" && generateName !== "" ? `${generateName}*` : own;
}

/** Takes calls from the API server and answers each of them, with the webhook's verdict or with why there is none. */
export class CallHandler {
  readonly #options: CallHandlerOptions;
  readonly #calls: CallsUnderWay;
  readonly #stranger: Stranger | undefined;
  readonly #routes: ReadonlyMap<string, Route>;
  #shedLoggedMs = Number.NEGATIVE_INFINITY;

  /** @param stranger who may not call; without it everybody may */
  constructor(options: CallHandlerOptions, calls: CallsUnderWay, stranger?: Stranger) {
    this.#options = options;
    this.#calls = calls;
    this.#stranger = stranger;
    const { webhooks, failClosed = [] } = options;
    this.#routes = new Map(
      Object.entries(webhooks).map(([path, webhook]) => [
        path,
        {
          name: path.slice(1),
          webhook,
          failsClosed: failClosed.includes(path),
          labels: { webhook: path.slice(1) },
          outcomes: new Map(),
        },
      ]),
    );
  }

  /** @param waits whether the caller sends its body only when it is told to */
  handle(request: IncomingMessage, response: ServerResponse, waits: boolean): void {
    this.#answer(request, response, waits).catch((error: unknown) => this.#refuse(request, response, error));
  }

  async #answer(request: IncomingMessage, response: ServerResponse, waits: boolean): Promise<void> {
    const { clock, isDraining } = this.#options;
    if (isDraining?.()) response.setHeader("connection", "close");
    const flaw = this.#stranger?.(request.socket);
    if (flaw !== undefined) throw new Refused(403, flaw, { connection: "close" });
    const startedMs = clock.monotonicMs();
    const [path = "/", query = ""] = (request.url ?? "/").split("?", 2);
    const route = this.#routeAt(path);
    refuseForeign(request);
    const call = this.#calls.enter(startedMs, patienceMs(query));
    try {
      if (call.shed !== undefined && !route.failsClosed) throw shedRefusal(call.shed);
      if (waits) response.writeContinue();
      await this.#review({ route, request, response, startedMs, call, unread: undefined, review: undefined });
    } finally {
      this.#calls.leave(call);
      if (call.shed !== undefined) this.#countShed(route, call.shed, startedMs);
    }
  }

  #routeAt(path: string): Route {
    const route = this.#routes.get(path);
    if (route) return route;
    throw new Refused(404, `there is no webhook at ${path}: there are ${[...this.#routes.keys()].join(", ")}`);
  }

  async #review(exchange: Exchange): Promise<void> {
    const { route, request, call } = exchange;
    const unread = parseReview(takeText(await readBody(request, call, this.#calls)));
    this.#calls.checkTime(call, this.#options.clock.monotonicMs());
    if (call.shed !== undefined) {
      if (!route.failsClosed) throw shedRefusal(call.shed);
      return this.#give(exchange, unread, shedDenial(call.shed));
    }
    exchange.unread = unread;
    call.onExpired = () => this.#expire(exchange);
    try {
      const review = readRequest(unread);
      exchange.review = review;
      if (route.failsClosed) checkPodSize(review);
      this.#give(exchange, unread, await route.webhook(review, call.deadlineMs), review);
    } catch (error) {
      if (!route.failsClosed) throw errorRefusal(error);
      this.#give(exchange, unread, errorDenial(error), exchange.review);
    } finally {
      call.onExpired = undefined;
      exchange.unread = undefined;
      exchange.review = undefined;
    }
  }

  #expire(exchange: Exchange): void {
    const { route, request, response, call, unread, review } = exchange;
    if (!route.failsClosed) this.#refuse(request, response, lateRefusal());
    else if (unread) this.#give(exchange, unread, lateDenial(), review);
    // A webhook that never ends must not keep others out for ever.
    this.#calls.leave(call);
  }

  /** Answers with a verdict, counts it and says it in one line, without anything of the pod but its name and group. */
  #give(
    { route, response, startedMs, call }: Exchange,
    { uid }: UnreadRequest,
    answer: Answer,
    review?: ReviewRequest,
  ): void {
    // It has expired and was answered so; what is decided after that is nobody's answer.
    if (response.headersSent) return;
    send(response, 200, reviewResponse(uid, answer), JSON_TYPE);
    const { metrics, clock, log } = this.#options;
    const webhook = route.name;
    const isChange = isMutation(answer);
    const outcome = isChange ? "Allowed" : (answer?.reason ?? "Allowed");
    metrics.requests.add(outcomeLabels(route, review?.operation ?? "unknown", outcome));
    metrics.duration.observe((clock.monotonicMs() - startedMs) / 1000, route.labels);
    if (call.shed !== undefined) return;
    const operations = isChange ? answer.operations.length : 0;
    const warning = isChange ? answer.warnings?.[0] : undefined;
    const { operation, subResource = "", namespace = "", object, dryRun = false } = review ?? {};
    const subject = { namespace, name: nameOf(review), group: object?.metadata.labels?.[GROUP_LABEL] };
    log.info("decided", { webhook, operation, subResource, ...subject, dryRun, outcome, operations, warning });
  }

  #refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const reason = reasonOf(error);
    const isShed = error instanceof Refused && error.code === 503;
    if (!isShed) this.#options.log.warn("no-verdict", { reason });
    send(response, codeOf(error), `${reason}\n`, error instanceof Refused ? error.headers : undefined);
    request.resume();
  }

  #countShed({ name }: Route, cause: NonNullable<Call["shed"]>, now: number): void {
    const { metrics, log } = this.#options;
    metrics.shed.add({ webhook: name, cause });
    // A line for each would be more work than the calls that are shed.
    if (now - this.#shedLoggedMs < SHED_LOG_MS) return;
    this.#shedLoggedMs = now;
    log.warn("shedding", { webhook: name, cause, underWay: this.#calls.count });
  }
}
