import { isIPv4 } from "node:net";
import type { KubeObject } from "../../services/lib/kube/types.ts";
import type { IpBlock, NetworkPolicy, PolicyPeer, PolicyPod, PolicyPort, Protocol } from "./policy-types.ts";
import { selects } from "./selectors.ts";

export interface PortMatch {
  readonly protocol: Protocol;
  /** Absent: every port of the protocol. */
  readonly first?: number;
  /** Present only for a range. */
  readonly last?: number;
}

/** One allowance: traffic passes when every condition that is present holds. */
export interface Allowance {
  /** Addresses of pods at the other end. */
  readonly addresses?: readonly string[];
  /** Addresses at the other end; it holds together with `addresses` when both are present. */
  readonly block?: IpBlock;
  readonly port?: PortMatch;
}

/** A pod and what may pass; a direction that is absent is not isolated, an empty one lets nothing pass. */
export interface IsolatedPod {
  readonly address: string;
  readonly ingress?: readonly Allowance[];
  readonly egress?: readonly Allowance[];
}

export interface ClusterState {
  readonly pods: Iterable<PolicyPod>;
  readonly namespaces: Iterable<KubeObject>;
  readonly policies: Iterable<NetworkPolicy>;
}

type Connected = PolicyPod & { readonly address: string };
type Side = "ingress" | "egress";

interface Context {
  readonly pods: readonly Connected[];
  readonly namespaces: ReadonlyMap<string, KubeObject>;
}

interface Rule {
  readonly peers: readonly PolicyPeer[];
  readonly ports: readonly PolicyPort[];
}

const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
const idOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;
const ageOf = ({ metadata }: KubeObject): string => metadata.creationTimestamp ?? "";
const isConnected = (pod: PolicyPod): pod is Connected => pod.address !== undefined;

/** A pod that ends may still be listed when its address is already a newer pod's: the newest has it. */
function connectedPods(pods: Iterable<PolicyPod>): Connected[] {
  const oldestFirst = [...pods].filter(isConnected).sort((a, b) => byText(ageOf(a), ageOf(b)));
  const byAddress = new Map(oldestFirst.map((pod) => [pod.address, pod]));
  return [...byAddress.values()].sort((a, b) => byText(idOf(a), idOf(b)));
}

/** The sides a policy isolates: as the API server defaults them, ingress always and egress when it has such rules. */
export function sidesOf({ spec }: NetworkPolicy): readonly Side[] {
  const types = spec?.policyTypes ?? [];
  if (types.length > 0)
    return (["ingress", "egress"] as const).filter((side) => types.includes(side === "ingress" ? "Ingress" : "Egress"));
  return (spec?.egress ?? []).length > 0 ? ["ingress", "egress"] : ["ingress"];
}

function rulesOf({ spec }: NetworkPolicy, side: Side): Rule[] {
  if (side === "ingress") return (spec?.ingress ?? []).map(({ from = [], ports = [] }) => ({ peers: from, ports }));
  return (spec?.egress ?? []).map(({ to = [], ports = [] }) => ({ peers: to, ports }));
}

function podsOfPeer(peer: PolicyPeer, home: string | undefined, context: Context): Connected[] {
  const { podSelector, namespaceSelector } = peer;
  if (podSelector === undefined && namespaceSelector === undefined) return [];
  return context.pods.filter(({ metadata }) => {
    const namespace = context.namespaces.get(metadata.namespace ?? "");
    const inReach =
      namespaceSelector === undefined
        ? metadata.namespace === home
        : namespace !== undefined && selects(namespaceSelector, namespace.metadata.labels);
    return inReach && selects(podSelector ?? {}, metadata.labels);
  });
}

/** Who may be at the other end. `pods` is who of them is a pod, or absent where only a block tells. */
interface OtherEnd {
  readonly block?: IpBlock;
  readonly pods?: readonly Connected[];
}

/** No peers at all means everyone; all the pods that the peers of a rule name make one end. */
function otherEnds(peers: readonly PolicyPeer[], home: string | undefined, context: Context): OtherEnd[] {
  if (peers.length === 0) return [{}];
  const named = new Set(peers.filter(({ ipBlock }) => !ipBlock).flatMap((peer) => podsOfPeer(peer, home, context)));
  // The lab has no IPv6, so that a block of it names nobody.
  const blocks = peers.flatMap(({ ipBlock }) =>
    ipBlock && isIPv4(ipBlock.cidr.split("/")[0] ?? "") ? [{ block: ipBlock }] : [],
  );
  return named.size === 0 ? blocks : [{ pods: [...named] }, ...blocks];
}

function allowance(end: OtherEnd, port?: PortMatch): Allowance {
  return {
    ...(end.pods === undefined ? {} : { addresses: end.pods.map(({ address }) => address).sort(byText) }),
    ...(end.block === undefined ? {} : { block: end.block }),
    ...(port === undefined ? {} : { port }),
  };
}

/** The numbers that a port name stands for in a pod. */
function numbersOf(pod: PolicyPod, name: string, protocol: Protocol): number[] {
  const found = pod.namedPorts.filter((port) => port.name === name && port.protocol === protocol);
  return [...new Set(found.map(({ port }) => port))].sort((a, b) => a - b);
}

/** A named port on the way out is whatever each destination calls so: one allowance for each number. */
function allowNamedEgress(end: OtherEnd, name: string, protocol: Protocol, context: Context): Allowance[] {
  const byNumber = new Map<number, Connected[]>();
  for (const pod of end.pods ?? context.pods)
    for (const number of numbersOf(pod, name, protocol)) byNumber.set(number, [...(byNumber.get(number) ?? []), pod]);
  return [...byNumber]
    .sort(([a], [b]) => a - b)
    .map(([first, pods]) => allowance({ ...end, pods }, { protocol, first }));
}

function allowPort(end: OtherEnd, port: PolicyPort, side: Side, pod: Connected, context: Context): Allowance[] {
  const protocol = port.protocol ?? "TCP";
  if (port.port === undefined) return [allowance(end, { protocol })];
  if (typeof port.port === "string") {
    if (side === "egress") return allowNamedEgress(end, port.port, protocol, context);
    return numbersOf(pod, port.port, protocol).map((first) => allowance(end, { protocol, first }));
  }
  const last = port.endPort === undefined || port.endPort === port.port ? {} : { last: port.endPort };
  return [allowance(end, { protocol, first: port.port, ...last })];
}

function allowancesOf(pod: Connected, policies: readonly NetworkPolicy[], side: Side, context: Context): Allowance[] {
  return policies.flatMap((policy) =>
    rulesOf(policy, side).flatMap(({ peers, ports }) =>
      otherEnds(peers, policy.metadata.namespace, context).flatMap((end) =>
        ports.length === 0 ? [allowance(end)] : ports.flatMap((port) => allowPort(end, port, side, pod, context)),
      ),
    ),
  );
}

/** What the policies of a cluster let pass, for every pod that at least one of them selects. */
export function compilePolicies(state: ClusterState): IsolatedPod[] {
  const policies = [...state.policies].sort((a, b) => byText(idOf(a), idOf(b)));
  const context: Context = {
    pods: connectedPods(state.pods),
    namespaces: new Map([...state.namespaces].map((namespace) => [namespace.metadata.name, namespace])),
  };
  return context.pods.flatMap((pod) => {
    const mine = policies.filter(
      ({ metadata, spec }) =>
        metadata.namespace === pod.metadata.namespace && selects(spec?.podSelector ?? {}, pod.metadata.labels),
    );
    const side = (name: Side): { [S in Side]?: Allowance[] } => {
      const isolating = mine.filter((policy) => sidesOf(policy).includes(name));
      return isolating.length === 0 ? {} : { [name]: allowancesOf(pod, isolating, name, context) };
    };
    const sides = { ...side("ingress"), ...side("egress") };
    return Object.keys(sides).length === 0 ? [] : [{ address: pod.address, ...sides }];
  });
}
