const suffixOf = (wildcard: string): string => wildcard.slice(1);
const isWildcard = (host: string): boolean => host.startsWith("*.");

/** The narrower of two hostnames, of which one may be a wildcard, or undefined where they have none in common. */
function narrower(a: string, b: string): string | undefined {
  if (a === b) return a;
  if (isWildcard(a) && b.endsWith(suffixOf(a))) return b;
  if (isWildcard(b) && a.endsWith(suffixOf(b))) return a;
  return undefined;
}

/** The hosts that a route serves through a listener; `[undefined]` is every host, and none means they do not meet. */
export function commonHosts(
  listener: string | undefined,
  route: readonly string[] | undefined,
): readonly (string | undefined)[] {
  if (route === undefined || route.length === 0) return [listener];
  if (listener === undefined) return route;
  return route.flatMap((host) => narrower(listener, host) ?? []);
}

/** How exact a hostname is: a whole one before every wildcard, a longer one before a shorter. */
export function exactness(host: string | undefined): number {
  if (host === undefined) return 0;
  return host.length + (isWildcard(host) ? 0 : 1000);
}
