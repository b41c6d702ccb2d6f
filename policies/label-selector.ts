/** One line of `matchExpressions`. */
export interface SelectorRequirement {
  readonly key?: string;
  readonly operator?: string;
  readonly values?: readonly string[];
}

/** What Kubernetes takes wherever objects are chosen by label; without requirements it chooses all. */
export interface LabelSelector {
  readonly matchLabels?: Readonly<Record<string, string>>;
  readonly matchExpressions?: readonly SelectorRequirement[];
}

/** The value of a label, if it is there. Only what a selector asks for is read, as others may be unknown in a preview. */
export type LabelLookup = (key: string) => string | undefined;

/** Set by Kubernetes on every namespace, to its name. */
export const NAME_LABEL = "kubernetes.io/metadata.name";
/** Where the cluster's own workloads run. */
export const SYSTEM = "kube-system";

/** Labels are requirements of one value, as Kubernetes reads them. */
export function requirementsOf({ matchLabels, matchExpressions }: LabelSelector): readonly SelectorRequirement[] {
  const labels = Object.entries(matchLabels ?? {});
  return [...labels.map(([key, value]) => ({ key, operator: "In", values: [value] })), ...(matchExpressions ?? [])];
}

function holds({ key = "", operator, values }: SelectorRequirement, labelOf: LabelLookup): boolean {
  const label = labelOf(key);
  if (operator === "Exists") return label !== undefined;
  if (operator === "DoesNotExist") return label === undefined;
  const isListed = label !== undefined && (values ?? []).includes(label);
  if (operator === "In") return isListed;
  // The API server takes no other operator, so that such a selector never selects.
  return operator === "NotIn" && !isListed;
}

/** Whether a selector chooses an object with these labels; one that is not stated chooses all, as of a webhook. */
export function matches(selector: LabelSelector | null | undefined, labelOf: LabelLookup): boolean {
  return requirementsOf(selector ?? {}).every((requirement) => holds(requirement, labelOf));
}

/** The labels of a namespace in the cluster: those that are declared, and its name whatever is declared. */
export function namespaceLabels(name: string, declared: Readonly<Record<string, string>> = {}): LabelLookup {
  return (key) => {
    if (key === NAME_LABEL) return name;
    return Object.hasOwn(declared, key) ? declared[key] : undefined;
  };
}

/** Whether a selector chooses no namespace of this name, whatever labels somebody writes on it. */
export function leavesOutByName(selector: LabelSelector | null | undefined, name: string): boolean {
  const byName = requirementsOf(selector ?? {}).filter(({ key }) => key === NAME_LABEL);
  return !matches({ matchExpressions: byName }, namespaceLabels(name));
}
