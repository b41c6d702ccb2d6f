import type { Clock } from "../../lib/clock.ts";

/** Up to where calls are worked on; beyond it they are answered at once. */
export interface CallLimits {
  /** Calls that are decided at the same time. @default 512 */
  readonly calls: number;
  /** Bytes of the bodies of all calls under way: a parsed review stays until it is answered. @default 32 MiB */
  readonly bodyBytes: number;
  /** How late the event loop may be, in milliseconds. @default 1000 */
  readonly delayMs: number;
}

const defaults: CallLimits = { calls: 512, bodyBytes: 32 * 1024 * 1024, delayMs: 1_000 };

/** Why a call is not worked on: too many of them, too much in them, a late event loop, no time left. */
export type ShedCause = "calls" | "bytes" | "delay" | "deadline";

/** One call, from its headers to its answer. */
export interface Call {
  /** Of the monotonic clock. */
  readonly deadlineMs: number;
  shed: ShedCause | undefined;
  bodyBytes: number;
  /** Called once, at most a tick after the deadline. */
  onExpired: (() => void) | undefined;
}

/** How often deadlines are looked at and the event loop is measured. */
const TICK_MS = 100;

/** The calls under way: bounds what they take together, and ends each at its deadline. */
export class CallsUnderWay {
  readonly #limits: CallLimits;
  readonly #calls = new Set<Call>();
  #working = 0;
  #bodyBytes = 0;
  #delayMs = 0;

  constructor(limits: Partial<CallLimits> = {}) {
    this.#limits = { ...defaults, ...limits };
  }

  /** Every call that has no answer yet. */
  get count(): number {
    return this.#calls.size;
  }

  /** @param patienceMs what the call may take; it may have waited already for as long as the event loop is late */
  enter(now: number, patienceMs: number): Call {
    const deadlineMs = now + patienceMs - this.#delayMs;
    const call: Call = { deadlineMs, shed: this.#overload(), bodyBytes: 0, onExpired: undefined };
    if (deadlineMs <= now) call.shed ??= "deadline";
    this.#calls.add(call);
    if (call.shed === undefined) this.#working++;
    return call;
  }

  /** Counts a part of a call's body; false, and the call is shed, where that is more than all bodies may have. */
  take(call: Call, bytes: number): boolean {
    call.bodyBytes += bytes;
    this.#bodyBytes += bytes;
    if (this.#bodyBytes <= this.#limits.bodyBytes) return true;
    this.#shed(call, "bytes");
    return false;
  }

  /** Sheds a call whose body was complete only after its deadline. */
  checkTime(call: Call, now: number): void {
    if (now >= call.deadlineMs) this.#shed(call, "deadline");
  }

  leave(call: Call): void {
    // It holds the review, and the request of a kept connection holds the call until the next one comes.
    call.onExpired = undefined;
    if (!this.#calls.delete(call)) return;
    if (call.shed === undefined) this.#working--;
    this.#bodyBytes -= call.bodyBytes;
  }

  /** Ends calls at their deadlines and measures the event loop, until the signal aborts. */
  async watch(clock: Clock, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const before = clock.monotonicMs();
      await clock.sleep(TICK_MS, signal);
      const now = clock.monotonicMs();
      this.#delayMs = Math.max(0, now - before - TICK_MS);
      for (const call of this.#calls) if (now >= call.deadlineMs) this.#expire(call);
    }
  }

  #overload(): ShedCause | undefined {
    if (this.#working >= this.#limits.calls) return "calls";
    return this.#delayMs > this.#limits.delayMs ? "delay" : undefined;
  }

  #shed(call: Call, cause: ShedCause): void {
    if (call.shed !== undefined) return;
    call.shed = cause;
    this.#working--;
  }

  #expire(call: Call): void {
    const { onExpired } = call;
    call.onExpired = undefined;
    onExpired?.();
  }
}
