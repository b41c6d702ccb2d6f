import type { KubeObject } from "../../services/lib/kube/types.ts";
import { type Backends, isFinding, resolved } from "./backends.ts";
import type { Finding } from "./conditions.ts";
import { exactness } from "./hostnames.ts";
import type { HttpMatch, HttpRoute, HttpRule, Listener, RedirectFilter } from "./objects.ts";
import type { Action, PlannedRule, Redirect } from "./plan.ts";

const wellKnown: Readonly<Record<string, number>> = { http: 80, https: 443 };

/** What of a route this gateway cannot do; it says so rather than serve something else. */
export function unsupportedIn({ spec }: HttpRoute): string | undefined {
  const all = (spec.rules ?? []).map(unsupportedInRule);
  return all.find((wrong) => wrong !== undefined);
}

function unsupportedInMatch({ path, headers, queryParams, method }: HttpMatch): string | undefined {
  if ([headers, queryParams].some((list) => (list ?? []).length > 0) || method !== undefined)
    return "a match by anything but the path";
  return path?.type === "RegularExpression" ? "a path by regular expression" : undefined;
}

function unsupportedInRule({ matches = [], filters = [], backendRefs = [] }: HttpRule): string | undefined {
  const filter = filters.find(({ type }) => type !== "RequestRedirect");
  if (filter !== undefined) return `the filter ${filter.type}`;
  if (filters.some(({ requestRedirect }) => requestRedirect?.path !== undefined)) return "a redirect to another path";
  if (backendRefs.length > 1) return "more than one backend in a rule";
  if (backendRefs.some((backend) => (backend.filters ?? []).length > 0)) return "filters of a backend";
  return matches.map(unsupportedInMatch).find((wrong) => wrong !== undefined);
}

/** Without a port of its own a redirect goes to that of its scheme, or of the listener where the scheme stays. */
function redirectOf({ scheme, hostname, port, statusCode = 302 }: RedirectFilter, listener: Listener): Redirect {
  const target = scheme ?? listener.protocol.toLowerCase();
  const to = port ?? (scheme === undefined ? listener.port : wellKnown[scheme]);
  return {
    code: statusCode,
    ...(scheme === undefined ? {} : { scheme }),
    ...(hostname === undefined ? {} : { host: hostname }),
    ...(to === undefined || to === wellKnown[target] ? {} : { port: to }),
  };
}

interface Judged {
  readonly action: Action;
  readonly finding: Finding;
}

function actionOf(route: HttpRoute, rule: HttpRule, listener: Listener, backends: Backends): Judged {
  const redirect = rule.filters?.find(({ requestRedirect }) => requestRedirect !== undefined)?.requestRedirect;
  if (redirect !== undefined) return { action: { redirect: redirectOf(redirect, listener) }, finding: resolved };
  const [reference] = rule.backendRefs ?? [];
  if (reference === undefined || reference.weight === 0) return { action: { status: 500 }, finding: resolved };
  const found = backends.resolve(route, reference);
  return isFinding(found)
    ? { action: { status: 500 }, finding: found }
    : { action: { backend: found }, finding: resolved };
}

const everything: readonly HttpMatch[] = [{}];

interface Planned {
  readonly rules: readonly PlannedRule[];
  readonly finding: Finding;
}

type Hosts = readonly (string | undefined)[];

function plannedRule(rule: HttpRule, { action, finding }: Judged, hosts: Hosts): Planned {
  const matches = rule.matches === undefined || rule.matches.length === 0 ? everything : rule.matches;
  const rules = matches.flatMap(({ path }) => {
    const type = path?.type === "Exact" ? "Exact" : "PathPrefix";
    const common = { path: { type, value: path?.value ?? "/" }, action } as const;
    return hosts.map((host) => (host === undefined ? common : { host, ...common }));
  });
  return { rules, finding };
}

/** A route's rules at a listener, and what is wrong with their backends. */
export function plannedRules(route: HttpRoute, listener: Listener, hosts: Hosts, backends: Backends): Planned {
  const planned = (route.spec.rules ?? []).map((rule) =>
    plannedRule(rule, actionOf(route, rule, listener, backends), hosts),
  );
  return {
    rules: planned.flatMap(({ rules }) => rules),
    finding: planned.map(({ finding }) => finding).find(({ status }) => status === "False") ?? resolved,
  };
}

/** A rule and the route it is from, which decides between rules that are equally exact. */
export interface RoutedRule {
  readonly rule: PlannedRule;
  readonly route: KubeObject;
}

const ageOf = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? ""} ${metadata.namespace}/${metadata.name}`;

/** As the Gateway API orders them: host, exact path, longest path, oldest route, and then the order within the route. */
export function byPrecedence(a: RoutedRule, b: RoutedRule): number {
  const exact = ({ rule }: RoutedRule): number => (rule.path.type === "Exact" ? 1 : 0);
  return (
    exactness(b.rule.host) - exactness(a.rule.host) ||
    exact(b) - exact(a) ||
    b.rule.path.value.length - a.rule.path.value.length ||
    (ageOf(a.route) < ageOf(b.route) ? -1 : ageOf(a.route) > ageOf(b.route) ? 1 : 0)
  );
}
