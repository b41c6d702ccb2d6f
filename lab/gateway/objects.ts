import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import type { LabelSelector } from "../agent/policy-types.ts";

/** Whom a GatewayClass has to name for its Gateways to be served here. */
export const CONTROLLER_NAME = "carrel.dev/lab-gateway";

const GATEWAY_API = "gateway.networking.k8s.io/v1";
const namespaced = (apiVersion: string, kind: string, plural: string): ResourceRef => ({
  apiVersion,
  kind,
  plural,
  namespaced: true,
});

export const refs = {
  gatewayClasses: { apiVersion: GATEWAY_API, kind: "GatewayClass", plural: "gatewayclasses", namespaced: false },
  gateways: namespaced(GATEWAY_API, "Gateway", "gateways"),
  httpRoutes: namespaced(GATEWAY_API, "HTTPRoute", "httproutes"),
  tcpRoutes: namespaced(GATEWAY_API, "TCPRoute", "tcproutes"),
  services: namespaced("v1", "Service", "services"),
  endpointSlices: namespaced("discovery.k8s.io/v1", "EndpointSlice", "endpointslices"),
  secrets: namespaced("v1", "Secret", "secrets"),
  namespaces: { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
} as const satisfies Readonly<Record<string, ResourceRef>>;

export interface Condition {
  readonly type: string;
  readonly status: "True" | "False" | "Unknown";
  readonly reason: string;
  readonly message: string;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
}

export interface GatewayClass extends KubeObject {
  readonly spec: { readonly controllerName: string };
  readonly status?: { readonly conditions?: readonly Condition[] };
}

export interface Listener {
  readonly name: string;
  readonly hostname?: string;
  readonly port: number;
  readonly protocol: string;
  readonly tls?: {
    readonly mode?: string;
    readonly certificateRefs?: readonly ObjectReference[];
  };
  readonly allowedRoutes?: {
    readonly namespaces?: { readonly from?: string; readonly selector?: LabelSelector };
    readonly kinds?: readonly { readonly group?: string; readonly kind: string }[];
  };
}

interface ObjectReference {
  readonly group?: string;
  readonly kind?: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface ListenerStatus {
  readonly name: string;
  readonly supportedKinds: readonly { readonly group: string; readonly kind: string }[];
  readonly attachedRoutes: number;
  readonly conditions: readonly Condition[];
}

export interface Gateway extends KubeObject {
  readonly spec: { readonly gatewayClassName: string; readonly listeners: readonly Listener[] };
  readonly status?: {
    readonly addresses?: readonly { readonly type?: string; readonly value: string }[];
    readonly conditions?: readonly Condition[];
    readonly listeners?: readonly ListenerStatus[];
  };
}

export interface ParentReference extends ObjectReference {
  readonly sectionName?: string;
  readonly port?: number;
}

export interface BackendReference extends ObjectReference {
  readonly port?: number;
  readonly weight?: number;
}

export interface RouteParentStatus {
  readonly parentRef: ParentReference;
  readonly controllerName: string;
  readonly conditions: readonly Condition[];
}

interface RouteStatus {
  readonly parents?: readonly RouteParentStatus[];
}

export interface RedirectFilter {
  readonly scheme?: string;
  readonly hostname?: string;
  readonly port?: number;
  readonly statusCode?: number;
  readonly path?: unknown;
}

export interface HttpFilter {
  readonly type: string;
  readonly requestRedirect?: RedirectFilter;
}

export interface HttpMatch {
  readonly path?: { readonly type?: string; readonly value?: string };
  readonly headers?: readonly unknown[];
  readonly queryParams?: readonly unknown[];
  readonly method?: string;
}

export interface HttpRule {
  readonly matches?: readonly HttpMatch[];
  readonly filters?: readonly HttpFilter[];
  readonly backendRefs?: readonly (BackendReference & { readonly filters?: readonly unknown[] })[];
}

export interface HttpRoute extends KubeObject {
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly hostnames?: readonly string[];
    readonly rules?: readonly HttpRule[];
  };
  readonly status?: RouteStatus;
}

export interface TcpRoute extends KubeObject {
  readonly spec: {
    readonly parentRefs?: readonly ParentReference[];
    readonly rules?: readonly { readonly backendRefs?: readonly BackendReference[] }[];
  };
  readonly status?: RouteStatus;
}

export interface Service extends KubeObject {
  readonly spec?: {
    readonly ports?: readonly { readonly name?: string; readonly port: number; readonly protocol?: string }[];
  };
}

export interface EndpointSlice extends KubeObject {
  readonly addressType?: string;
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[] | null;
  readonly endpoints?:
    | readonly { readonly addresses: readonly string[]; readonly conditions?: { readonly ready?: boolean } }[]
    | null;
}

export interface Secret extends KubeObject {
  readonly type?: string;
  readonly data?: Readonly<Record<string, string>>;
}

/** Everything in the cluster that decides about the proxy. */
export interface ClusterView {
  readonly gatewayClasses: Iterable<GatewayClass>;
  readonly gateways: Iterable<Gateway>;
  readonly httpRoutes: Iterable<HttpRoute>;
  readonly tcpRoutes: Iterable<TcpRoute>;
  readonly services: Iterable<Service>;
  readonly endpointSlices: Iterable<EndpointSlice>;
  readonly secrets: Iterable<Secret>;
  readonly namespaces: Iterable<KubeObject>;
}
