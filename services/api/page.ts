import type { Page } from "./directory.ts";

/** Items of a list where a caller does not say how many, and the most that one may have at once. */
export const DEFAULT_PAGE = 50;
export const MAX_PAGE = 200;

/** A page that is no larger than what a caller may have at once. */
export function pageOf({ first, offset }: { first?: number | null; offset?: number | null }): Page {
  return { first: Math.min(Math.max(first ?? DEFAULT_PAGE, 0), MAX_PAGE), offset: Math.max(offset ?? 0, 0) };
}
