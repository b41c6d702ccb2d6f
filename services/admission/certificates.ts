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

export interface TlsFiles extends KeyPair {
  /** PEM of the authorities, each on lines of its own, that sign the API server's client certificate; without it nobody is asked for one. */
  readonly clientCa?: string;
}

const PEM = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** @throws Error for a file without a readable certificate, with which TLS would trust the public authorities */
function authoritiesIn(pem: string, file: string): string {
  const found = pem.match(PEM) ?? [];
  if (found.length === 0) throw new Error(`${file} holds no certificate in PEM`);
  for (const certificate of found) new X509Certificate(certificate);
  // OpenSSL reads none of two that stand on one line.
  return found.join("\n");
}

const endOf = (certificate: X509Certificate): number => Date.parse(certificate.validTo) / 1000;

/** The certificate files of a mounted Secret, and of a mounted ConfigMap for clients', read again when they change. */
export class Certificates {
  readonly #dir: string;
  readonly #clientCaFile: string | undefined;
  #current: TlsFiles;

  /** @throws Error when the files are not there */
  constructor(dir: string, clientCaFile?: string) {
    this.#dir = dir;
    this.#clientCaFile = clientCaFile;
    this.#current = this.#read();
  }

  get current(): TlsFiles {
    return this.#current;
  }

  /** Seconds since the epoch. */
  get expiresAt(): number {
    return endOf(new X509Certificate(this.#current.cert));
  }

  /** When the first of the clients' authorities ends, in seconds since the epoch; undefined without any. */
  get clientCaExpiresAt(): number | undefined {
    const { clientCa } = this.#current;
    const authorities = clientCa?.match(PEM);
    return authorities ? Math.min(...authorities.map((pem) => endOf(new X509Certificate(pem)))) : undefined;
  }

  /** Looks for new files until the signal aborts; connections that exist keep the old ones. */
  async watch(apply: (files: TlsFiles) => void, clock: Clock, log: Logger, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await clock.sleep(REREAD_MS, signal);
      try {
        const next = this.#read();
        const { cert, key, clientCa } = this.#current;
        if (next.cert === cert && next.key === key && next.clientCa === clientCa) continue;
        apply(next);
        this.#current = next;
        log.info("certificate-reloaded", { expiresAt: this.expiresAt });
      } catch (error) {
        // The files may be in the middle of being replaced; the old ones go on serving.
        log.warn("certificate-unreadable", { reason: reasonOf(error) });
      }
    }
  }

  #read(): TlsFiles {
    const pair = {
      cert: readFileSync(join(this.#dir, "tls.crt"), "utf8"),
      key: readFileSync(join(this.#dir, "tls.key"), "utf8"),
    };
    if (this.#clientCaFile === undefined) return pair;
    return { ...pair, clientCa: authoritiesIn(readFileSync(this.#clientCaFile, "utf8"), this.#clientCaFile) };
  }
}
