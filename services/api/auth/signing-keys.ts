import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from "jose";
import type { Clock } from "../../lib/clock.ts";
import { unavailable } from "../errors.ts";

export interface SigningKeysOptions {
  /** Where the realm publishes its keys. */
  readonly url: string;
  readonly fetch: typeof fetch;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** How long keys are used without asking again: a key that was removed signs no longer than this. @default 300000 */
  readonly maxAgeMs?: number;
  /** How long they are used where nobody answers. @default 3600000 */
  readonly keepMs?: number;
  /** Between two questions; unknown key ids must not make us a nuisance. @default 5000 */
  readonly cooldownMs?: number;
  /** For an answer. @default 5000 */
  readonly timeoutMs?: number;
}

interface Kept {
  readonly keys: LocalJWKSet;
  readonly askedMs: number;
}

const MAX_BYTES = 262_144;

function keySet(text: string): JSONWebKeySet {
  if (text.length > MAX_BYTES) throw new Error("the key set is too large");
  return JSON.parse(text) as JSONWebKeySet;
}

/** The keys of a realm: fetched when needed, kept for a while, and fetched again for a key id that is new. */
export class SigningKeys {
  readonly #options: Required<SigningKeysOptions>;
  #kept: Kept | undefined;
  #asking: Promise<boolean> | undefined;
  #askedMs = Number.NEGATIVE_INFINITY;

  constructor(options: SigningKeysOptions) {
    this.#options = { maxAgeMs: 300_000, keepMs: 3_600_000, cooldownMs: 5_000, timeoutMs: 5_000, ...options };
  }

  /** The key that a token names. @throws ApiError where no keys are known, JOSEError where none fits */
  readonly keyFor: JWTVerifyGetKey = async (header, token) => {
    const keys = await this.#current();
    try {
      return await keys(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || !(await this.#refresh())) throw error;
      return await (this.#kept?.keys ?? keys)(header, token);
    }
  };

  async #current(): Promise<LocalJWKSet> {
    const { maxAgeMs, keepMs, clock } = this.#options;
    const ageMs = (): number => clock.monotonicMs() - (this.#kept?.askedMs ?? Number.NEGATIVE_INFINITY);
    if (ageMs() > maxAgeMs) await this.#refresh();
    if (this.#kept === undefined || ageMs() > keepMs) throw unavailable("the keys that sign tokens are not known now");
    return this.#kept.keys;
  }

  /** Asks anew, once for all who wait. @returns whether there is an answer newer than before */
  #refresh(): Promise<boolean> {
    const { clock, cooldownMs } = this.#options;
    if (this.#asking !== undefined) return this.#asking;
    if (clock.monotonicMs() - this.#askedMs < cooldownMs) return Promise.resolve(false);
    this.#askedMs = clock.monotonicMs();
    this.#asking = this.#ask(this.#askedMs).finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #ask(askedMs: number): Promise<boolean> {
    const { url, fetch, timeoutMs } = this.#options;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      const response = await fetch(url, { signal, redirect: "error", headers: { accept: "application/json" } });
      if (!response.ok) return false;
      this.#kept = { keys: createLocalJWKSet(keySet(await response.text())), askedMs };
      return true;
    } catch {
      // Whoever needs the keys is told that they are not known.
      return false;
    }
  }
}
