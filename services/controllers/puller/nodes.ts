import type { InstanceType } from "../../../crds/index.ts";
import type { KubeObject } from "../../lib/kube/client.ts";

/** What is kept of a node: the extended resources that it can give. */
export interface Node extends KubeObject {
  readonly extended: readonly string[];
}

type Toleration = NonNullable<InstanceType["spec"]["tolerations"]>[number];

/** Where servers run. */
export interface Places {
  /** Host names of the nodes that can give an extended resource, sorted. */
  readonly hosts: ReadonlyMap<string, readonly string[]>;
  readonly types: readonly InstanceType[];
}

/** The label by which a node is chosen. */
export const HOST = "kubernetes.io/hostname";

/** Of a whole node. */
export function nodeOf(object: KubeObject): Node {
  const { metadata, status } = object as KubeObject & {
    readonly status?: { readonly allocatable?: Readonly<Record<string, string>> };
  };
  const given = Object.entries(status?.allocatable ?? {});
  const extended = given.filter(([name, amount]) => name.includes("/") && amount !== "0").map(([name]) => name);
  return { metadata, extended: extended.sort() };
}

/** Whether two states of a node are the same place; its conditions change all the time. */
export const isSamePlace = (one: Node, other: Node): boolean =>
  one.metadata.labels?.[HOST] === other.metadata.labels?.[HOST] && String(one.extended) === String(other.extended);

/** Where servers of some types run on some nodes. */
export function placesOf(nodes: Iterable<Node>, types: Iterable<InstanceType>): Places {
  const hosts = new Map<string, string[]>();
  for (const { metadata, extended } of nodes) {
    const host = metadata.labels?.[HOST] ?? metadata.name;
    for (const resource of extended) hosts.set(resource, [...(hosts.get(resource) ?? []), host].sort());
  }
  return { hosts, types: [...types] };
}

/** Whether servers of a type get an extended resource. */
export const hasResource = ({ spec }: InstanceType, resource: string): boolean =>
  String(spec.resources?.[resource] ?? 0) !== "0";

/** What pods of any of the types tolerate, each once, for as long as the node is there. */
export function tolerationsOf(types: readonly InstanceType[]): readonly Toleration[] {
  const all = types.flatMap(({ spec }) => spec.tolerations ?? []).map(({ tolerationSeconds: _, ...rest }) => rest);
  const byText = new Map(all.map((one) => [JSON.stringify(Object.entries(one).sort()), one]));
  // The order of types is nobody's wish: another one must not make the pods anew.
  return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}
