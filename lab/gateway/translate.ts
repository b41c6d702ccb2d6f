import type { KubeObject } from "../../services/lib/kube/types.ts";
import { Backends, isFinding, resolved } from "./backends.ts";
import { type Finding, no, yes } from "./conditions.ts";
import { commonHosts } from "./hostnames.ts";
import { byPrecedence, plannedRules, type RoutedRule, unsupportedIn } from "./http-rules.ts";
import { admits, type JudgedListener, judgeListeners, takesKind } from "./listeners.ts";
import {
  type ClusterView,
  CONTROLLER_NAME,
  type Gateway,
  type GatewayClass,
  type HttpRoute,
  type ParentReference,
  type TcpRoute,
} from "./objects.ts";
import type { Backend, Plan, PlannedListener } from "./plan.ts";

/** What was found about a route at one of its parents. */
export interface RouteFindings {
  readonly parentRef: ParentReference;
  readonly findings: readonly Finding[];
}

export interface JudgedRoute<T extends HttpRoute | TcpRoute> {
  readonly route: T;
  readonly parents: readonly RouteFindings[];
}

/** The cluster's objects as one plan, and what is to be said about each of them. */
export interface Translation {
  readonly plan: Plan;
  readonly classes: readonly GatewayClass[];
  readonly gateways: readonly Gateway[];
  readonly listeners: readonly (JudgedListener & { readonly attachedRoutes: number })[];
  readonly httpRoutes: readonly JudgedRoute<HttpRoute>[];
  readonly tcpRoutes: readonly JudgedRoute<TcpRoute>[];
}

const idOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const ageOf = (object: KubeObject): string => `${object.metadata.creationTimestamp ?? ""} ${idOf(object)}`;
const oldestFirst = <T extends KubeObject>(objects: Iterable<T>): T[] =>
  [...objects].sort((a, b) => (ageOf(a) < ageOf(b) ? -1 : 1));

/** What one pass over the cluster gathers. */
class Translator {
  readonly #backends: Backends;
  readonly #namespaces: ReadonlyMap<string, KubeObject>;
  readonly #listeners: readonly JudgedListener[];
  readonly #rules = new Map<string, RoutedRule[]>();
  readonly #tcp = new Map<string, Backend>();
  readonly #attached = new Map<string, Set<string>>();

  constructor(view: ClusterView, listeners: readonly JudgedListener[]) {
    this.#backends = new Backends(view);
    this.#namespaces = new Map([...view.namespaces].map((namespace) => [namespace.metadata.name, namespace]));
    this.#listeners = listeners;
  }

  http(route: HttpRoute): JudgedRoute<HttpRoute> {
    return this.#judge(route, "HTTPRoute", (listeners) => {
      const wrong = unsupportedIn(route);
      if (wrong !== undefined) return [no("Accepted", "UnsupportedValue", `${wrong} is not supported here`), resolved];
      const meeting = listeners
        .map((judged) => ({ judged, hosts: commonHosts(judged.listener.hostname, route.spec.hostnames) }))
        .filter(({ hosts }) => hosts.length > 0);
      if (meeting.length === 0)
        return [no("Accepted", "NoMatchingListenerHostname", "no listener has a hostname of the route"), resolved];
      let finding = resolved;
      for (const { judged, hosts } of meeting) {
        const planned = plannedRules(route, judged.listener, hosts, this.#backends);
        if (planned.finding.status === "False") finding = planned.finding;
        const before = this.#rules.get(judged.id) ?? [];
        this.#rules.set(judged.id, [...before, ...planned.rules.map((rule) => ({ rule, route }))]);
        this.#attach(judged, route);
      }
      return [yes("Accepted"), finding];
    });
  }

  tcp(route: TcpRoute): JudgedRoute<TcpRoute> {
    return this.#judge(route, "TCPRoute", (listeners) => {
      const references = (route.spec.rules ?? []).flatMap(({ backendRefs = [] }) => backendRefs);
      const [reference] = references;
      if (reference === undefined || references.length > 1)
        return [
          no("Accepted", "UnsupportedValue", "a route without exactly one backend is not supported here"),
          resolved,
        ];
      const free = listeners.filter(({ id }) => !this.#tcp.has(id));
      if (free.length === 0) return [no("Accepted", "Conflicted", "an older route has the listener"), resolved];
      const found = this.#backends.resolve(route, reference);
      for (const judged of free) {
        this.#tcp.set(judged.id, isFinding(found) ? { name: "none", endpoints: [] } : found);
        this.#attach(judged, route);
      }
      return [yes("Accepted"), isFinding(found) ? found : resolved];
    });
  }

  attachedTo({ id }: JudgedListener): number {
    return this.#attached.get(id)?.size ?? 0;
  }

  planned(judged: JudgedListener): PlannedListener[] {
    const { id, kind, listener, certificates } = judged;
    if (kind === undefined) return [];
    const rules = (this.#rules.get(id) ?? []).toSorted(byPrecedence).map(({ rule }) => rule);
    const backend = this.#tcp.get(id);
    return [{ id, port: listener.port, kind, certificates, rules, ...(backend === undefined ? {} : { backend }) }];
  }

  #attach({ id }: JudgedListener, route: KubeObject): void {
    const routes = this.#attached.get(id) ?? new Set();
    this.#attached.set(id, routes.add(idOf(route)));
  }

  /** Judges a route at each of its parents that is a Gateway of ours. */
  #judge<T extends HttpRoute | TcpRoute>(
    route: T,
    kind: string,
    attach: (listeners: readonly JudgedListener[]) => readonly Finding[],
  ): JudgedRoute<T> {
    const parents = (route.spec.parentRefs ?? []).flatMap((parentRef): RouteFindings[] => {
      const named = this.#listeners.filter((judged) => isOf(judged, parentRef, route));
      if (named.length === 0) return [];
      const meant = named.filter(({ listener }) => isMeant(listener, parentRef));
      if (meant.length === 0)
        return [{ parentRef, findings: [no("Accepted", "NoMatchingParent", "there is no such listener"), resolved] }];
      const open = meant.filter((judged) => takesKind(judged, kind) && admits(judged, route, this.#namespaces));
      if (open.length > 0) return [{ parentRef, findings: attach(open) }];
      const refused = no("Accepted", "NotAllowedByListeners", `no listener takes a ${kind} of this namespace`);
      return [{ parentRef, findings: [refused, resolved] }];
    });
    return { route, parents };
  }
}

function isOf({ gateway }: JudgedListener, parent: ParentReference, route: KubeObject): boolean {
  const { group = "gateway.networking.k8s.io", kind = "Gateway", name, namespace = route.metadata.namespace } = parent;
  const { metadata } = gateway;
  const isGateway = group === "gateway.networking.k8s.io" && kind === "Gateway";
  return isGateway && metadata.name === name && metadata.namespace === namespace;
}

function isMeant(listener: { readonly name: string; readonly port: number }, parent: ParentReference): boolean {
  const { sectionName = listener.name, port = listener.port } = parent;
  return listener.name === sectionName && listener.port === port;
}

/** Everything that the cluster asks of this gateway. @param address where the proxy listens */
export function translate(view: ClusterView, address: string): Translation {
  const classes = [...view.gatewayClasses].filter(({ spec }) => spec.controllerName === CONTROLLER_NAME);
  const names = new Set(classes.map(({ metadata }) => metadata.name));
  const gateways = oldestFirst(view.gateways).filter(({ spec }) => names.has(spec.gatewayClassName));
  const secrets = new Map([...view.secrets].map((secret) => [idOf(secret), secret]));
  const listeners = judgeListeners(gateways, secrets);
  const translator = new Translator(view, listeners);
  const httpRoutes = oldestFirst(view.httpRoutes).map((route) => translator.http(route));
  const tcpRoutes = oldestFirst(view.tcpRoutes).map((route) => translator.tcp(route));
  return {
    plan: { address, listeners: listeners.flatMap((judged) => translator.planned(judged)) },
    classes,
    gateways,
    listeners: listeners.map((judged) => ({ ...judged, attachedRoutes: translator.attachedTo(judged) })),
    httpRoutes,
    tcpRoutes,
  };
}
