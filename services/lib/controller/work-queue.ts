import type { Clock } from "../clock.ts";
import { type BackoffOptions, backoffMs, retryAfterMs } from "./backoff.ts";

/** When a key is to be looked at again though nothing has happened; never, without. */
export interface Outcome {
  readonly againInMs?: number;
}

export interface Failure {
  readonly key: string;
  readonly error: unknown;
  /** In a row. */
  readonly failures: number;
  readonly delayMs: number;
}

export interface WorkQueueOptions {
  readonly clock: Clock;
  /** Makes what a key names as it should be; safe to call any time, any number of times. */
  readonly work: (key: string, signal: AbortSignal) => Promise<Outcome | undefined>;
  readonly onFailure?: (failure: Failure) => void;
  /** Keys at the same time. @default 1 */
  readonly workers?: number;
  readonly backoff?: BackoffOptions;
}

const LONGEST_SLEEP_MS = 3_600_000;

/** Keys that need work: each waits once however often it is added, and is never worked on twice at once. */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  /** When each is due, of the monotonic clock. */
  readonly #due = new Map<string, number>();
  readonly #failures = new Map<string, number>();
  readonly #running = new Map<string, Promise<void>>();
  #wake: () => void = () => {};

  constructor(options: WorkQueueOptions) {
    this.#options = options;
  }

  /** Keys that wait, whether they are due or not. */
  get size(): number {
    return this.#due.size;
  }

  /** Keys whose last work failed. */
  get failing(): number {
    return this.#failures.size;
  }

  /** Wants work on a key, after a while if one is given; the earliest wish counts. */
  add(key: string, afterMs = 0): void {
    const dueMs = this.#options.clock.monotonicMs() + afterMs;
    if ((this.#due.get(key) ?? Number.POSITIVE_INFINITY) <= dueMs) return;
    this.#due.set(key, dueMs);
    this.#wake();
  }

  /** Works until the signal aborts, and until what was begun has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const end = (): void => this.#wake();
    signal.addEventListener("abort", end);
    while (!signal.aborted) {
      const waiting = new AbortController();
      // From here on an addition ends the sleep, also one that comes while keys are started.
      this.#wake = () => waiting.abort();
      const sleepMs = this.#startDue(signal);
      if (!waiting.signal.aborted) await this.#options.clock.sleep(sleepMs, waiting.signal);
    }
    signal.removeEventListener("abort", end);
    await Promise.all(this.#running.values());
  }

  /** Starts what is due. @returns milliseconds until something else may be */
  #startDue(signal: AbortSignal): number {
    const { clock, workers = 1 } = this.#options;
    const nowMs = clock.monotonicMs();
    let next = nowMs + LONGEST_SLEEP_MS;
    for (const [key, dueMs] of this.#due) {
      if (this.#running.has(key)) continue;
      if (this.#running.size >= workers) break;
      if (dueMs > nowMs) {
        next = Math.min(next, dueMs);
        continue;
      }
      this.#due.delete(key);
      // In a turn of its own: what fails at once must not end before it is written down here.
      this.#running.set(
        key,
        Promise.resolve().then(() => this.#work(key, signal)),
      );
    }
    return next - nowMs;
  }

  async #work(key: string, signal: AbortSignal): Promise<void> {
    const { work, backoff, onFailure } = this.#options;
    try {
      const outcome = await work(key, signal);
      this.#failures.delete(key);
      if (outcome?.againInMs !== undefined) this.add(key, outcome.againInMs);
    } catch (error) {
      if (signal.aborted) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      const delayMs = Math.max(backoffMs(failures, backoff), retryAfterMs(error));
      onFailure?.({ key, error, failures, delayMs });
      this.add(key, delayMs);
    } finally {
      this.#running.delete(key);
      this.#wake();
    }
  }
}
