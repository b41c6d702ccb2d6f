export interface BucketOptions {
  /** How many may come at once. */
  readonly burst: number;
  /** Milliseconds until one more may come. */
  readonly refillMs: number;
  /** How many keys are remembered; the one asked for least recently is forgotten first. */
  readonly keys: number;
}

interface Bucket {
  tokens: number;
  atMs: number;
}

/** A limit of events over time for each of many keys. */
export class TokenBuckets {
  readonly #options: BucketOptions;
  readonly #buckets = new Map<string, Bucket>();

  constructor(options: BucketOptions) {
    this.#options = options;
  }

  /** Whether one more may come. @param nowMs of a clock that never goes back */
  take(key: string, nowMs: number): boolean {
    const { burst, refillMs, keys } = this.#options;
    const { tokens, atMs } = this.#buckets.get(key) ?? { tokens: burst, atMs: nowMs };
    const filled = Math.min(burst, tokens + (nowMs - atMs) / refillMs);
    const taken = filled >= 1;
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: taken ? filled - 1 : filled, atMs: nowMs });
    if (this.#buckets.size > keys) for (const [oldest] of this.#buckets) return this.#forget(oldest, taken);
    return taken;
  }

  #forget(key: string, answer: boolean): boolean {
    this.#buckets.delete(key);
    return answer;
  }
}
