import type * as k8s from "@pulumi/kubernetes";

type Requirement = k8s.types.input.meta.v1.LabelSelectorRequirement;

/** What a namespace has to have to be asked about. */
export interface Selecting {
  readonly matchLabels?: Record<string, string>;
  readonly matchExpressions?: readonly Requirement[];
}

/** What the cluster itself starts from. */
const ofKubernetes = ["kube-system", "kube-node-lease", "kube-public"];
/** Every namespace of the platform but that of its users' pods. */
const ofPlatform = ["system", "identity", "hub", "storage", "monitoring", "energy", "gateway"];

/** Namespaces that admission is never asked about, whatever their labels: without them nobody could answer. */
export const neverSelected = (prefix: string): string[] => [
  ...ofPlatform.map((role) => `${prefix}-${role}`),
  ...ofKubernetes,
];

/** A selector of namespaces by label that leaves out by name, which nobody can change, those that are never selected. */
export function selectorWithout(
  prefix: string,
  { matchLabels, matchExpressions = [] }: Selecting,
): k8s.types.input.meta.v1.LabelSelector {
  const others = { key: "kubernetes.io/metadata.name", operator: "NotIn", values: neverSelected(prefix) };
  return { ...(matchLabels ? { matchLabels } : {}), matchExpressions: [...matchExpressions, others] };
}
