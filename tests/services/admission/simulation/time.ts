import type { Clock } from "../../../../services/lib/clock.ts";

interface Event {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
}

/** Everything that was promised so far happens before this resolves. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Time that passes only from event to event. */
export class VirtualTime {
  /** The next event is the last one. */
  readonly #events: Event[] = [];
  #now = 0;
  #order = 0;

  get now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): void {
    this.at(this.#now + Math.max(0, ms), run);
  }

  /** What is to happen at exactly the same moment happens in the order in which it was asked for. */
  at(ms: number, run: () => void): void {
    const event = { at: ms, order: this.#order++, run };
    let low = 0;
    let high = this.#events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const other = this.#events[middle]!;
      if (other.at > event.at) low = middle + 1;
      else high = middle;
    }
    this.#events.splice(low, 0, event);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Lets events happen until `done`, or until a moment. */
  async run(untilMs: number, done: () => boolean): Promise<void> {
    await settled();
    while (!done()) {
      const next = this.#events.at(-1);
      if (next === undefined || next.at > untilMs) break;
      this.#events.pop();
      this.#now = next.at;
      next.run();
      await settled();
    }
  }

  /**
   * The clock of one process: it starts anywhere, may run at another speed, and stops for ever with the process.
   */
  clockOf(isAlive: () => boolean, startMs: number, speed: number): Clock {
    const now = (): number => startMs + this.#now * speed;
    return {
      now,
      monotonicMs: now,
      sleep: (ms, signal) =>
        new Promise((resolve) => {
          if (signal?.aborted) return resolve();
          signal?.addEventListener("abort", () => resolve(), { once: true });
          this.after(ms / speed, () => {
            if (isAlive()) resolve();
          });
        }),
    };
  }
}

export type Random = () => number;

/** Numbers in [0, 1) that a seed decides (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export const between = (random: Random, low: number, high: number): number => low + random() * (high - low);
export function oneOf<T>(random: Random, items: readonly T[]): T {
  return items[Math.floor(random() * items.length)]!;
}
