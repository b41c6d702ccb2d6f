import { setTimeout as pause } from "node:timers/promises";

/** Time as the program sees it; tests inject their own. */
export interface Clock {
  /** Wall clock in milliseconds since the epoch, for what people read. */
  now(): number;
  /** Milliseconds that never go back, for every duration and deadline. */
  monotonicMs(): number;
  /** Waits; ends early, without an error, when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep: async (ms, signal) => {
    try {
      await pause(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
