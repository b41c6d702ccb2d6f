import type { Allowance, IsolatedPod, PortMatch } from "./policy-compile.ts";

export const TABLE = "inet carrel_policy";

type Direction = "ingress" | "egress";

const set = (addresses: readonly string[]): string => `{ ${addresses.join(", ")} }`;

function portMatch({ protocol, first, last }: PortMatch): string {
  const name = protocol.toLowerCase();
  if (first === undefined) return `meta l4proto ${name}`;
  return `${name} dport ${last === undefined ? first : `${first}-${last}`}`;
}

/** A rule returns where traffic is allowed, so that the other direction is judged after this one. */
function ruleText({ addresses, block, port }: Allowance, direction: Direction): string {
  const field = direction === "ingress" ? "ip saddr" : "ip daddr";
  return [
    ...(block === undefined ? [] : [`${field} ${block.cidr}`]),
    // One comparison each: a set would refuse exceptions that overlap. Those of IPv6 say nothing about IPv4.
    ...(block?.except ?? []).filter((cidr) => cidr.includes(".")).map((cidr) => `${field} != ${cidr}`),
    ...(addresses === undefined ? [] : [`${field} ${set(addresses)}`]),
    ...(port === undefined ? [] : [portMatch(port)]),
    "return",
  ].join(" ");
}

/** One chain for all pods that allow the same, and the map from their addresses to it. */
class Chains {
  readonly #direction: Direction;
  readonly #names = new Map<string, string>();
  readonly #verdicts: string[] = [];

  constructor(direction: Direction, pods: readonly IsolatedPod[]) {
    this.#direction = direction;
    for (const pod of pods) {
      const allowances = pod[direction];
      if (allowances !== undefined) this.#add(pod.address, allowances);
    }
  }

  #add(address: string, allowances: readonly Allowance[]): void {
    const rules = [...new Set(allowances.map((each) => ruleText(each, this.#direction)))].join("\n");
    const name = this.#names.get(rules) ?? `${this.#direction}_${this.#names.size}`;
    this.#names.set(rules, name);
    this.#verdicts.push(`${address} : jump ${name}`);
  }

  get text(): string[] {
    return [...this.#names].map(([rules, name]) => chain(name, [...rules.split("\n").filter(Boolean), "drop"]));
  }

  get dispatch(): string[] {
    const field = this.#direction === "ingress" ? "ip daddr" : "ip saddr";
    return this.#verdicts.length === 0 ? [] : [`${field} vmap ${set(this.#verdicts)}`];
  }
}

const chain = (name: string, rules: readonly string[]): string =>
  `  chain ${name} {\n${rules.map((rule) => `    ${rule}\n`).join("")}  }\n`;

const hook = (name: string): string => `type filter hook ${name} priority filter; policy accept;`;
const replies = "ct state established,related accept";

/**
 * The ruleset that enforces what was compiled, as one transaction of `nft -f`.
 *
 * An `inet` table sees traffic between two pods of the bridge too, because br_netfilter hands bridged packets to the
 * forward hook (`net.bridge.bridge-nf-call-iptables` is 1 in the lab's namespace; kube-proxy needs the same). There
 * kube-proxy has already replaced a Service's address by a pod's, and has not yet masqueraded the source. From a pod
 * to the node a packet comes by the input hook; from the node to a pod everything is allowed, except from the addresses
 * of programs that policies judge as they do pods, which come by the output hook.
 *
 * @param clientAddresses addresses of this network namespace from which pods are reached only where a policy allows it
 */
export function rulesetText(
  pods: readonly IsolatedPod[],
  nodeAddresses: readonly string[],
  clientAddresses: readonly string[] = [],
): string {
  const replace = `add table ${TABLE}\ndelete table ${TABLE}\n`;
  if (pods.length === 0) return `${replace}table ${TABLE} {\n}\n`;
  const ingress = new Chains("ingress", pods);
  const egress = new Chains("egress", pods);
  const themselves = pods.map(({ address }) => `${address} . ${address}`);
  const forward = [
    hook("forward"),
    replies,
    // Pods have link-local IPv6 addresses that no policy names: over them they would pass by all of these.
    "meta nfproto ipv6 drop",
    // No policy keeps a pod from itself, which it reaches this way through a Service.
    `ip saddr . ip daddr ${set(themselves)} accept`,
    ...egress.dispatch,
    ...(nodeAddresses.length === 0 ? [] : [`ip saddr ${set(nodeAddresses)} accept`]),
    ...ingress.dispatch,
  ];
  const input = [hook("input"), replies, 'meta nfproto ipv6 iifname != "lo" drop', ...egress.dispatch];
  const output =
    clientAddresses.length === 0 ? [] : ingress.dispatch.map((rule) => `ip saddr ${set(clientAddresses)} ${rule}`);
  const chains = [
    ...egress.text,
    ...ingress.text,
    chain("forward", forward),
    ...(egress.dispatch.length === 0 ? [] : [chain("input", input)]),
    ...(output.length === 0 ? [] : [chain("output", [hook("output"), replies, ...output])]),
  ];
  return `${replace}table ${TABLE} {\n${chains.join("")}}\n`;
}
