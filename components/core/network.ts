import type { types } from "@pulumi/kubernetes";

type Rule = types.input.networking.v1.NetworkPolicyEgressRule;
type Port = types.input.networking.v1.NetworkPolicyPort;
type Peer = types.input.networking.v1.NetworkPolicyPeer;

export const tcp = (...ports: (number | string)[]): Port[] => ports.map((port) => ({ protocol: "TCP", port }));

/** Ports of an API server; network policies see its own address, not the Service's. */
const API_SERVER_PORTS = tcp(443, 6443);

export const blocks = (cidrs: readonly string[]): Peer[] => cidrs.map((cidr) => ({ ipBlock: { cidr } }));

/** Everything in a namespace, by the label that Kubernetes itself sets. */
export const namespace = (name: string): Peer => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});

/** To the API server. @param cidrs where the control plane is */
export const toApiServer = (cidrs: readonly string[]): Rule => ({ to: blocks(cidrs), ports: API_SERVER_PORTS });

/** To the cluster's DNS. */
export const toDns: Rule = {
  to: [{ ...namespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
  ports: [
    { protocol: "UDP", port: 53 },
    { protocol: "TCP", port: 53 },
  ],
};

/** Where a gateway's requests to pods come from. */
export interface GatewayClients {
  /** Of the gateway's pods. */
  readonly namespace: string;
  /** Of a gateway that is no pod. */
  readonly cidrs: readonly string[];
}

/** The gateway, as network policies of the Services behind it name it. */
export const fromGateway = ({ namespace: name, cidrs }: GatewayClients): Peer[] => [namespace(name), ...blocks(cidrs)];
