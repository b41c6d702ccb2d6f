import type { KubeClient } from "../../services/lib/kube/client.ts";
import { isNotFound } from "../../services/lib/kube/errors.ts";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import { type Gateway, type HttpRoute, refs } from "../gateway/objects.ts";

/** What the platform can be opened by, as its Gateway and routes say. */
export interface PublicNames {
  /** URL by the route's name; none of what only leads elsewhere. */
  readonly urls: Readonly<Record<string, string>>;
  readonly ssh?: { readonly host: string; readonly port: number };
  /** Whether the Gateway serves all that; undefined where there is none. */
  readonly programmed: boolean | undefined;
}

export const PLATFORM = "app.kubernetes.io/part-of=carrel";
const HTTPS_PORT = 443;

const isTrue = ({ status }: Gateway, type: string): boolean =>
  status?.conditions?.some((condition) => condition.type === type && condition.status === "True") === true;

function urlOf({ spec }: HttpRoute, port: number): string | undefined {
  const paths = (spec.rules ?? []).flatMap(({ backendRefs = [], matches = [] }) =>
    backendRefs.length === 0 ? [] : matches.map(({ path }) => path?.value ?? "/"),
  );
  const [host] = spec.hostnames ?? [];
  if (host === undefined || paths.length === 0) return undefined;
  const [only = "/", ...others] = paths;
  const path = others.length > 0 || only === "/" ? "" : only;
  return `https://${host}${port === HTTPS_PORT ? "" : `:${port}`}${path}`;
}

export function publicNamesOf(gateway: Gateway | undefined, routes: readonly HttpRoute[]): PublicNames {
  if (gateway === undefined) return { urls: {}, programmed: undefined };
  const portOf = (name: string): number | undefined => gateway.spec.listeners.find((each) => each.name === name)?.port;
  const urls = routes
    .map((route): [string, string | undefined] => [route.metadata.name, urlOf(route, portOf("https") ?? HTTPS_PORT)])
    .filter((entry): entry is [string, string] => entry[1] !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const hub = routes.find(({ metadata }) => metadata.name === "hub")?.spec.hostnames?.[0];
  const port = portOf("ssh");
  return {
    urls: Object.fromEntries(urls),
    ...(hub === undefined || port === undefined ? {} : { ssh: { host: hub, port } }),
    programmed: isTrue(gateway, "Programmed"),
  };
}

/** A kind that the cluster does not have has no objects. */
async function listed<T extends KubeObject>(client: KubeClient, ref: ResourceRef): Promise<readonly T[]> {
  try {
    return (await client.list<T>(ref, undefined, { labelSelector: PLATFORM })).items;
  } catch (error) {
    if (isNotFound(error)) return [];
    throw error;
  }
}

export async function publicNames(client: KubeClient): Promise<PublicNames> {
  const [gateways, routes] = await Promise.all([
    listed<Gateway>(client, refs.gateways),
    listed<HttpRoute>(client, refs.httpRoutes),
  ]);
  return publicNamesOf(gateways[0], routes);
}
