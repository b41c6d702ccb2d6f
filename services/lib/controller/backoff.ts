export interface BackoffOptions {
  /** After the first failure. @default 500 */
  readonly firstMs?: number;
  /** However many failures there were. @default 60000 */
  readonly lastMs?: number;
  /** From 0 to 1. @default Math.random */
  readonly random?: () => number;
}

/** Milliseconds until the next attempt: doubled by each failure, between half and one and a half of that, so that many do not come together. */
export function backoffMs(
  failures: number,
  { firstMs = 500, lastMs = 60_000, random = Math.random }: BackoffOptions = {},
): number {
  // Beyond 2^30 a number of failures says nothing more.
  const meanMs = Math.min(firstMs * 2 ** Math.min(failures - 1, 30), lastMs);
  return Math.round(meanMs * (0.5 + random()));
}

/** How long who was asked wants to be left alone, where the error says so. */
export function retryAfterMs(error: unknown): number {
  const asked = typeof error === "object" && error !== null && "retryAfterMs" in error ? error.retryAfterMs : 0;
  return typeof asked === "number" ? asked : 0;
}
