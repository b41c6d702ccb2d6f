/**
 * Whether version `a` is the same as or after `b`. Versions of one resource compare as integers since Kubernetes 1.35
 * (KEP-5504); an empty one is before all others.
 */
export function isAtLeast(a: string, b: string): boolean {
  return compareVersions(a, b) >= 0;
}

/** Negative, zero or positive; longer decimal strings are later ones, so nothing is lost above 2^53. */
export function compareVersions(a: string, b: string): number {
  return a.length === b.length ? (a < b ? -1 : a > b ? 1 : 0) : a.length - b.length;
}

export function laterVersion(a: string, b: string): string {
  return compareVersions(a, b) >= 0 ? a : b;
}
