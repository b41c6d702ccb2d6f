import { request } from "node:https";
import type { LookupFunction } from "node:net";
import { rootCertificates } from "node:tls";
import { type Clock, systemClock } from "../../services/lib/clock.ts";
import { reasonOf } from "../../services/lib/log.ts";

/** Whether the link still makes an administrator; a reason where nobody told. */
export type LinkState = "valid" | "used" | { readonly unknown: string };

export interface AskOptions {
  /** PEM of the authority that signed the platform's certificate, if it is none that everybody knows. */
  readonly ca?: string;
  readonly clock?: Clock;
  /** How long it is asked again while the platform is not there yet. @default 60000 */
  readonly patienceMs?: number;
}

const VALID = 200;
const USED = 410;
const ANSWER_MS = 5_000;
const PAUSE_MS = 500;

/** Names below .localhost are this machine, also where its resolver does not know. */
const lookup: LookupFunction = (_host, options, callback) => {
  if (options.all) callback(null, [{ address: "127.0.0.1", family: 4 }]);
  else callback(null, "127.0.0.1", 4);
};

function statusOf(link: URL, ca: string | undefined): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      link,
      {
        agent: false,
        timeout: ANSWER_MS,
        ...(ca === undefined ? {} : { ca: [...rootCertificates, ca] }),
        ...(link.hostname.endsWith(".localhost") ? { lookup } : {}),
      },
      (response) => {
        response.resume();
        resolve(response.statusCode ?? 0);
      },
    );
    outgoing.on("timeout", () => outgoing.destroy(new Error(`no answer within ${ANSWER_MS / 1000} s`)));
    outgoing.on("error", reject);
    outgoing.end();
  });
}

async function ask(link: URL, ca: string | undefined): Promise<LinkState> {
  try {
    const status = await statusOf(link, ca);
    if (status === VALID) return "valid";
    return status === USED ? "used" : { unknown: `${link.origin} answered with ${status}` };
  } catch (error) {
    return { unknown: `${link.origin}: ${reasonOf(error)}` };
  }
}

/** Asks the platform about the link of its first administrator; to look at the page uses nothing up. */
export async function linkState(link: string, options: AskOptions = {}): Promise<LinkState> {
  const { ca, clock = systemClock, patienceMs = 60_000 } = options;
  const url = new URL(link);
  const deadline = clock.monotonicMs() + patienceMs;
  for (;;) {
    const state = await ask(url, ca);
    if (typeof state === "string" || clock.monotonicMs() >= deadline) return state;
    await clock.sleep(PAUSE_MS);
  }
}
