import { type Clock, systemClock } from "../../services/lib/clock.ts";
import { type Logger, reasonOf } from "../../services/lib/log.ts";

export interface CoalesceOptions {
  readonly name: string;
  readonly log: Logger;
  readonly clock?: Clock;
  /** How long changes gather before the task runs. @default 50 */
  readonly quietMs?: number;
  /** How long after a failure the task runs again. @default 1000 */
  readonly retryMs?: number;
}

/** Runs a task once for many changes, never twice at a time, and again after a failure. */
export class Coalesced {
  readonly #task: () => Promise<void>;
  readonly #options: CoalesceOptions;
  #wanted = false;
  #wake: () => void = () => {};

  constructor(task: () => Promise<void>, options: CoalesceOptions) {
    this.#task = task;
    this.#options = options;
  }

  /** Something changed: the task runs soon. */
  request(): void {
    this.#wanted = true;
    this.#wake();
  }

  /** Serves requests until the signal aborts; a task under way is finished. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock = systemClock, quietMs = 50, retryMs = 1_000, name, log } = this.#options;
    signal.addEventListener("abort", () => this.#wake(), { once: true });
    while (!signal.aborted) {
      if (!this.#wanted) await this.#requested();
      await clock.sleep(quietMs, signal);
      if (signal.aborted) return;
      this.#wanted = false;
      try {
        await this.#task();
      } catch (error) {
        if (signal.aborted) return;
        log.warn(`${name}-failed`, { reason: reasonOf(error) });
        this.#wanted = true;
        await clock.sleep(retryMs, signal);
      }
    }
  }

  #requested(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
