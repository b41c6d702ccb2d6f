export interface AttemptLimit {
  /** How many may come at once. */
  readonly burst: number;
  /** Milliseconds until one more may come. */
  readonly refillMs: number;
}

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/** So many keys are remembered; the one charged least recently is forgotten first. */
const KEYS = 10_000;

/** A token bucket for each of many keys: who is asked and what is charged are apart, so that success costs nothing. */
export class Attempts {
  readonly #limit: AttemptLimit;
  readonly #buckets = new Map<string, Bucket>();

  constructor(limit: AttemptLimit) {
    this.#limit = limit;
  }

  /** @param nowMs of a clock that never goes back */
  allows(key: string, nowMs: number): boolean {
    return this.#left(key, nowMs) >= 1;
  }

  charge(key: string, nowMs: number): void {
    const left = Math.max(0, this.#left(key, nowMs) - 1);
    this.#buckets.delete(key);
    this.#buckets.set(key, { left, atMs: nowMs });
    const [oldest] = this.#buckets.keys();
    if (this.#buckets.size > KEYS && oldest !== undefined) this.#buckets.delete(oldest);
  }

  #left(key: string, nowMs: number): number {
    const { burst, refillMs } = this.#limit;
    const bucket = this.#buckets.get(key);
    return bucket === undefined ? burst : Math.min(burst, bucket.left + (nowMs - bucket.atMs) / refillMs);
  }
}
