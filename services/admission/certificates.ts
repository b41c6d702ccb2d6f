import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../lib/clock.ts";
import { type Logger, reasonOf } from "../lib/log.ts";

const REREAD_MS = 10_000;

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The certificate files of a mounted Secret, read again when they change. */
export class Certificates {
  readonly #dir: string;
  #current: KeyPair;

  /** @throws Error when the files are not there */
  constructor(dir: string) {
    this.#dir = dir;
    this.#current = this.#read();
  }

  get current(): KeyPair {
    return this.#current;
  }

  /** Seconds since the epoch. */
  get expiresAt(): number {
    return Date.parse(new X509Certificate(this.#current.cert).validTo) / 1000;
  }

  /** Looks for new files until the signal aborts; connections that exist keep the old ones. */
  async watch(apply: (pair: KeyPair) => void, clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(REREAD_MS, signal);
      try {
        const next = this.#read();
        if (next.cert === this.#current.cert && next.key === this.#current.key) continue;
        apply(next);
        this.#current = next;
        log.info("certificate-reloaded", { expiresAt: this.expiresAt });
      } catch (error) {
        // The files may be in the middle of being replaced; the old ones go on serving.
        log.warn("certificate-unreadable", { reason: reasonOf(error) });
      }
    }
  }

  #read(): KeyPair {
    return {
      cert: readFileSync(join(this.#dir, "tls.crt"), "utf8"),
      key: readFileSync(join(this.#dir, "tls.key"), "utf8"),
    };
  }
}
