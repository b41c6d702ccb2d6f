import type {
  ClusterView,
  EndpointSlice,
  Gateway,
  HttpRoute,
  Listener,
  Secret,
  TcpRoute,
} from "../../lab/gateway/objects.ts";
import type { KubeObject } from "../../services/lib/kube/types.ts";
import type { Issued } from "../support/public-certificates.ts";

type Mutable<T> = { -readonly [K in keyof T]: T[K] extends Iterable<infer Item> ? Item[] : T[K] };

let counter = 0;

/** Metadata in the order in which objects are made. */
export function meta(namespace: string, name: string, labels?: Record<string, string>) {
  counter += 1;
  const creationTimestamp = new Date(1_700_000_000_000 + counter * 1000).toISOString();
  return { name, namespace, generation: 1, creationTimestamp, ...(labels === undefined ? {} : { labels }) };
}

export function gateway(name: string, listeners: readonly Listener[], namespace = "edge"): Gateway {
  return { metadata: meta(namespace, name), spec: { gatewayClassName: "lab", listeners } };
}

export const plain = (name: string, port: number, more: Partial<Listener> = {}): Listener => ({
  name,
  port,
  protocol: "HTTP",
  ...more,
});

export const secure = (name: string, port: number, secrets: readonly string[]): Listener => ({
  name,
  port,
  protocol: "HTTPS",
  tls: { certificateRefs: secrets.map((secret) => ({ name: secret })) },
  allowedRoutes: { namespaces: { from: "All" } },
});

export function httpRoute(name: string, spec: Partial<HttpRoute["spec"]>, namespace = "edge"): HttpRoute {
  return { metadata: meta(namespace, name), spec: { parentRefs: [{ name: "gate", namespace: "edge" }], ...spec } };
}

export function tcpRoute(name: string, service: string, namespace = "edge"): TcpRoute {
  const rules = [{ backendRefs: [{ name: service, port: 22 }] }];
  return { metadata: meta(namespace, name), spec: { parentRefs: [{ name: "gate", namespace: "edge" }], rules } };
}

/** A Service with the ports 80 and 22, and its endpoints. */
export function addService(view: Cluster, name: string, addresses: readonly string[], namespace = "edge"): void {
  const ports = [
    { name: "http", port: 80 },
    { name: "ssh", port: 22 },
  ];
  view.services.push({ metadata: meta(namespace, name), spec: { ports } });
  const slice: EndpointSlice = {
    metadata: meta(namespace, `${name}-1`, { "kubernetes.io/service-name": name }),
    addressType: "IPv4",
    ports: [
      { name: "http", port: 8080, protocol: "TCP" },
      { name: "ssh", port: 2222, protocol: "TCP" },
    ],
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
  };
  view.endpointSlices.push(slice);
}

export function tlsSecret(name: string, { pem, keyPem }: Pick<Issued, "pem" | "keyPem">, namespace = "edge"): Secret {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return {
    metadata: meta(namespace, name),
    type: "kubernetes.io/tls",
    data: { "tls.crt": base64(pem), "tls.key": base64(keyPem) },
  };
}

export type Cluster = Mutable<ClusterView>;

/** A cluster with the lab's class, and nothing else but two namespaces. */
export function emptyCluster(): Cluster {
  const namespace = (name: string): KubeObject => ({
    metadata: { name, labels: { "kubernetes.io/metadata.name": name } },
  });
  return {
    gatewayClasses: [
      { metadata: { name: "lab", generation: 1 }, spec: { controllerName: "carrel.dev/lab-gateway" } },
      { metadata: { name: "other", generation: 1 }, spec: { controllerName: "example.org/other" } },
    ],
    gateways: [],
    httpRoutes: [],
    tcpRoutes: [],
    services: [],
    endpointSlices: [],
    secrets: [],
    namespaces: [namespace("edge"), namespace("work")],
  };
}
