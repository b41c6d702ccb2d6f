import type { KubeObject, ObjectMeta, ResourceRef } from "../../services/lib/kube/types.ts";

export const podRef: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
export const namespaceRef: ResourceRef = {
  apiVersion: "v1",
  kind: "Namespace",
  plural: "namespaces",
  namespaced: false,
};
export const policyRef: ResourceRef = {
  apiVersion: "networking.k8s.io/v1",
  kind: "NetworkPolicy",
  plural: "networkpolicies",
  namespaced: true,
};

export type Protocol = "TCP" | "UDP" | "SCTP";

/** A Kubernetes label selector; an empty one selects everything. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: "In" | "NotIn" | "Exists" | "DoesNotExist";
    readonly values?: readonly string[];
  }[];
}

export interface IpBlock {
  readonly cidr: string;
  readonly except?: readonly string[];
}

export interface PolicyPeer {
  readonly podSelector?: LabelSelector;
  readonly namespaceSelector?: LabelSelector;
  readonly ipBlock?: IpBlock;
}

export interface PolicyPort {
  readonly protocol?: Protocol;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface IngressRule {
  readonly from?: readonly PolicyPeer[];
  readonly ports?: readonly PolicyPort[];
}

export interface EgressRule {
  readonly to?: readonly PolicyPeer[];
  readonly ports?: readonly PolicyPort[];
}

export interface NetworkPolicy extends KubeObject {
  readonly spec?: {
    readonly podSelector?: LabelSelector;
    readonly policyTypes?: readonly ("Ingress" | "Egress")[];
    readonly ingress?: readonly IngressRule[];
    readonly egress?: readonly EgressRule[];
  };
}

export interface NamedPort {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** What policies need to know of a pod. Without an address it takes no part in them. */
export interface PolicyPod extends KubeObject {
  readonly address?: string;
  readonly namedPorts: readonly NamedPort[];
}

interface Container {
  readonly restartPolicy?: string;
  readonly ports?: readonly { readonly name?: string; readonly protocol?: Protocol; readonly containerPort: number }[];
}

interface ApiPod extends KubeObject {
  readonly spec?: {
    readonly hostNetwork?: boolean;
    readonly containers?: readonly Container[];
    readonly initContainers?: readonly Container[];
  };
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly podIPs?: readonly { readonly ip: string }[];
  };
}

/** Keeps of an object's metadata what identifies and selects it. */
export function essentialMeta({ metadata }: KubeObject): ObjectMeta {
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels } = metadata;
  return {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
    ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    ...(labels === undefined ? {} : { labels }),
  };
}

/** The IPv4 address under which a pod is on the bridge; the lab gives pods no other family. */
function addressOf({ spec, status }: ApiPod): string | undefined {
  // A pod of the host's network is the node itself, and the address of an ended pod may be another's by now.
  if (spec?.hostNetwork || status?.phase === "Succeeded" || status?.phase === "Failed") return undefined;
  const addresses = [...(status?.podIPs ?? []).map(({ ip }) => ip), status?.podIP ?? ""];
  return addresses.find((address) => address.includes("."));
}

/** Reads of a pod what policies need. */
export function policyPod(object: KubeObject): PolicyPod {
  const pod = object as ApiPod;
  const address = addressOf(pod);
  // An init container that restarts always is a sidecar and serves as long as the pod does.
  const sidecars = (pod.spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === "Always");
  const namedPorts = [...(pod.spec?.containers ?? []), ...sidecars].flatMap(({ ports = [] }) =>
    ports.flatMap(({ name, protocol = "TCP", containerPort }) =>
      name === undefined ? [] : [{ name, protocol, port: containerPort }],
    ),
  );
  return { metadata: essentialMeta(object), namedPorts, ...(address === undefined ? {} : { address }) };
}
