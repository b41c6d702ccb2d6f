import { goDurationMs } from "./go-duration.ts";

/** What a webhook of ours has, where the API server does not say; and the most that it can have. */
const [DEFAULT_MS, MOST_MS] = [5_000, 30_000];
/** The rest is for the way. */
const SHARE = 0.8;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The part of the API server's patience that a call may take, in milliseconds: 80 % of `?timeout=5s`. As in the API server
 * itself, a timeout of 0 or less is none; so is one that is no duration of Go's.
 */
export function patienceMs(query: string): number {
  const given = /(?:^|&)timeout=([^&]*)/.exec(query)?.[1];
  const timeout = given === undefined ? undefined : goDurationMs(given.includes("%") ? decoded(given) : given);
  const isTime = timeout !== undefined && timeout > 0;
  return SHARE * (isTime ? Math.min(timeout, MOST_MS) : DEFAULT_MS);
}
