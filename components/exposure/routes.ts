/** Names of the Gateway and of its listeners; routes and policies of the site's refer to them. */
export const GATEWAY = "carrel";
export const listenerNames = { http: "http", https: "https", ssh: "ssh" } as const;
export const GATEWAY_API = "gateway.networking.k8s.io/v1";

/** What of a public name is served by which Service. */
export interface Route {
  /** Unique, and for ever: the HTTPRoute's name. */
  readonly name: string;
  readonly host: string;
  /** Whole elements of the path; the longest one of all routes decides. */
  readonly pathPrefixes: readonly string[];
  readonly service: string;
  /** Of the Service, and of its HTTPRoute. */
  readonly namespace: string;
  readonly port: number;
  /** Whether it answers people who have not logged in; anything else asks them to, or refuses. */
  readonly isPublicWithoutLogin: boolean;
}

/** The Service of a port without HTTP. */
export interface TcpTarget {
  readonly service: string;
  readonly namespace: string;
  readonly port: number;
}

type Spec = Readonly<Record<string, unknown>>;

const parent = (namespace: string, sectionName: string): Spec => ({ name: GATEWAY, namespace, sectionName });

/** @param gateway namespace of the Gateway */
export function httpRouteSpec({ host, pathPrefixes, service, port }: Route, gateway: string): Spec {
  return {
    parentRefs: [parent(gateway, listenerNames.https)],
    hostnames: [host],
    rules: [
      {
        matches: pathPrefixes.map((value) => ({ path: { type: "PathPrefix", value } })),
        backendRefs: [{ name: service, port }],
      },
    ],
  };
}

/** @param gateway namespace of the Gateway */
export function tcpRouteSpec({ service, port }: TcpTarget, gateway: string): Spec {
  return {
    parentRefs: [parent(gateway, listenerNames.ssh)],
    rules: [{ backendRefs: [{ name: service, port }] }],
  };
}

export interface RedirectTarget {
  /** Undefined keeps the host that was asked for. */
  readonly host?: string;
  readonly port: number;
}

/** Sends browsers for good to HTTPS at `to`; path and query stay. @param gateway namespace of the Gateway */
export function redirectSpec(
  hostnames: readonly string[],
  listeners: readonly string[],
  { host, port }: RedirectTarget,
  gateway: string,
): Spec {
  const requestRedirect = { scheme: "https", port, statusCode: 301, ...(host === undefined ? {} : { hostname: host }) };
  return {
    parentRefs: listeners.map((name) => parent(gateway, name)),
    hostnames,
    rules: [{ filters: [{ type: "RequestRedirect", requestRedirect }] }],
  };
}

export interface ListenerPorts {
  readonly http: number;
  readonly https: number;
  readonly ssh: number;
}

/** Listeners that take routes of the namespaces that have some, and of no other. */
export function gatewaySpec(
  gatewayClassName: string,
  ports: ListenerPorts,
  namespaces: readonly string[],
  tlsSecret: unknown,
): Spec {
  const expression = { key: "kubernetes.io/metadata.name", operator: "In", values: [...new Set(namespaces)].sort() };
  const from = { from: "Selector", selector: { matchExpressions: [expression] } };
  const allowed = (kind: string): Spec => ({ namespaces: from, kinds: [{ kind }] });
  return {
    gatewayClassName,
    listeners: [
      // Redirects alone come here, and they are of the Gateway's own namespace.
      { name: listenerNames.http, protocol: "HTTP", port: ports.http, allowedRoutes: { namespaces: { from: "Same" } } },
      {
        name: listenerNames.https,
        protocol: "HTTPS",
        port: ports.https,
        tls: { mode: "Terminate", certificateRefs: [{ name: tlsSecret }] },
        allowedRoutes: allowed("HTTPRoute"),
      },
      { name: listenerNames.ssh, protocol: "TCP", port: ports.ssh, allowedRoutes: allowed("TCPRoute") },
    ],
  };
}
