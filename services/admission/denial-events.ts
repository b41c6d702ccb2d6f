import type { Denial } from "../../quota/denial.ts";
import type { Clock } from "../lib/clock.ts";
import { isNotFound } from "../lib/kube/errors.ts";
import { type Logger, reasonOf } from "../lib/log.ts";
import { addToSeries, createEvent, type EventClient } from "./events/event-series.ts";
import {
  type Controller,
  controllerOf,
  countsItself,
  eventName,
  type RefusalEvent,
  type Refused,
  refusalEvent,
} from "./events/refusal-event.ts";
import { TokenBuckets } from "./events/token-buckets.ts";

/** What became of an occurrence: written as a new event, added to one, not written, or not even tried. */
export type EventResult = "created" | "counted" | "failed" | "dropped";

export interface DenialEventsOptions {
  readonly client: EventClient;
  readonly clock: Clock;
  readonly log: Logger;
  /** Which process writes; the pod's name. */
  readonly instance: string;
  readonly onResult: (result: EventResult, occurrences: number) => void;
}

/** The same refusal is one event for this long. */
const WINDOW_MS = 600_000;
/** How long occurrences are collected before they are counted in an event that is there. */
const COUNT_MS = 60_000;
/** A controller whose refusals all differ writes five events at once, then one every two minutes. */
const PER_OWNER = { burst: 5, refillMs: 120_000, keys: 2_048 };
/** Events that are remembered; as many again may come until the next tick. */
const REMEMBERED = 256;
const TICK_MS = 1_000;
const WRITES_PER_TICK = 5;
/** After a failure the API server is left alone: it may be ailing, or not want us to. */
const PAUSE_MS = 30_000;

interface Open {
  readonly event: RefusalEvent;
  readonly window: number;
  readonly countsItself: boolean;
  /** Occurrences that no write has told yet. */
  untold: number;
  lastMs: number;
  isThere: boolean;
  /** Of the monotonic clock; no write comes before. */
  dueMs: number;
}

/**
 * Says on the controllers of refused pods why they get none. Nobody waits for it: refusals are collected, and written
 * by `run` a few at a time; what is too much is dropped, and counted.
 */
export class DenialEvents {
  readonly #options: DenialEventsOptions;
  readonly #open = new Map<string, Open>();
  readonly #budgets = new TokenBuckets(PER_OWNER);
  #isFailing = false;

  constructor(options: DenialEventsOptions) {
    this.#options = options;
  }

  /** Takes note of a refused creation that is no dry run and whose pod has a controller. Never throws. */
  record(request: Refused, denied: Pick<Denial, "reason" | "message">): void {
    if (request.operation !== "CREATE" || request.dryRun === true) return;
    const controller = controllerOf(request);
    if (!controller) return;
    const nowMs = this.#options.clock.now();
    const window = Math.floor(nowMs / WINDOW_MS);
    const name = eventName(controller, denied, window);
    const open = this.#open.get(name) ?? this.#opened(name, controller, denied, nowMs);
    if (!open) {
      this.#options.onResult("dropped", 1);
      return;
    }
    open.untold++;
    open.lastMs = nowMs;
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(this.#isFailing ? PAUSE_MS : TICK_MS, signal);
      if (!signal.aborted) await this.#writeSome();
    }
  }

  #opened(
    name: string,
    controller: Controller,
    denied: Pick<Denial, "reason" | "message">,
    nowMs: number,
  ): Open | undefined {
    const { clock, instance } = this.#options;
    const monotonicMs = clock.monotonicMs();
    if (this.#open.size >= 2 * REMEMBERED || !this.#budgets.take(controller.uid, monotonicMs)) return undefined;
    const open = {
      event: refusalEvent(name, controller, denied, { nowMs, instance }),
      window: Math.floor(nowMs / WINDOW_MS),
      countsItself: countsItself(controller),
      untold: 0,
      lastMs: nowMs,
      isThere: false,
      dueMs: monotonicMs,
    };
    this.#open.set(name, open);
    return open;
  }

  async #writeSome(): Promise<void> {
    const { clock } = this.#options;
    const nowMs = clock.monotonicMs();
    const window = Math.floor(clock.now() / WINDOW_MS);
    for (const [name, open] of this.#open) {
      // What was forgotten and comes again is found to be there when it is written.
      const isOver = open.window !== window || this.#open.size > REMEMBERED;
      if (open.untold === 0 && isOver) this.#open.delete(name);
    }
    const due = [...this.#open].filter(([, { untold, dueMs }]) => untold > 0 && dueMs <= nowMs);
    for (const [name, open] of due.slice(0, WRITES_PER_TICK)) {
      await this.#write(name, open);
      if (this.#isFailing) return;
    }
  }

  async #write(name: string, open: Open): Promise<void> {
    const { client, clock, onResult } = this.#options;
    const { event, lastMs } = open;
    let left = open.untold;
    open.untold = 0;
    open.dueMs = clock.monotonicMs() + COUNT_MS;
    try {
      if (!open.isThere && (await createEvent(client, event))) {
        onResult("created", 1);
        left--;
      }
      open.isThere = true;
      // Kubernetes' own controllers count by themselves; ours says its reason once.
      if (left > 0 && !open.countsItself) {
        await addToSeries(client, event, left, lastMs);
        onResult("counted", left);
      }
      this.#isFailing = false;
    } catch (error) {
      this.#open.delete(name);
      onResult("failed", left);
      // An event that is gone, with its namespace or after its time, says nothing of the others.
      if (!isNotFound(error)) this.#failed(error, event);
    }
  }

  /** Says it once: what fails for one event fails for all, as without the right to write them. */
  #failed(error: unknown, { metadata: { namespace } }: RefusalEvent): void {
    if (!this.#isFailing) this.#options.log.warn("event-unwritten", { namespace, reason: reasonOf(error) });
    this.#isFailing = true;
  }
}
