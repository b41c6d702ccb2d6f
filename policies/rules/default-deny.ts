import { namespaceNameOf, type Subject } from "../kubernetes.ts";
import type { LabelSelector } from "../label-selector.ts";
import { type StackProblem, stackPolicy } from "../rule.ts";

interface PeerRule {
  readonly from?: readonly unknown[];
  readonly to?: readonly unknown[];
  readonly ports?: readonly unknown[];
}

interface NetworkPolicySpec {
  readonly podSelector?: LabelSelector;
  readonly policyTypes?: readonly string[];
  readonly ingress?: readonly PeerRule[];
  readonly egress?: readonly PeerRule[];
}

const isEmpty = (values: object | undefined): boolean => Object.keys(values ?? {}).length === 0;

/** An empty rule allows everything, and so undoes the denial that its policy brings. */
const allowsAll = ({ from, to, ports }: PeerRule): boolean => isEmpty(from) && isEmpty(to) && isEmpty(ports);

/** Whether every pod of the policy's namespace is denied what no policy allows, both ways. */
function deniesByDefault({ podSelector, policyTypes, ingress, egress }: NetworkPolicySpec): boolean {
  return (
    isEmpty(podSelector?.matchLabels) &&
    isEmpty(podSelector?.matchExpressions) &&
    ["Ingress", "Egress"].every((type) => policyTypes?.includes(type)) &&
    ![...(ingress ?? []), ...(egress ?? [])].some(allowsAll)
  );
}

/** Each namespace of the stack has a policy that denies by default; each that has none is told with its message. */
export function* defaultDenyProblems(
  subjects: readonly Subject[],
  exceptions: readonly string[],
): Iterable<StackProblem> {
  const denied = subjects
    .filter(({ kind }) => kind === "networking.k8s.io/NetworkPolicy")
    .filter(({ object }) => deniesByDefault((object["spec"] ?? {}) as NetworkPolicySpec))
    .map(({ object }) => object.metadata?.namespace ?? "default");
  for (const subject of subjects) {
    if (subject.kind !== "core/Namespace") continue;
    const namespace = namespaceNameOf(subject);
    if (denied.includes(namespace) || exceptions.includes(namespace)) continue;
    const message =
      `${subject.where}: namespace "${namespace}" has no NetworkPolicy that denies by default: ` +
      "add one with podSelector {}, policyTypes Ingress and Egress, and no rule that allows all";
    yield { message, subject };
  }
}

/** Configured by `exceptions`: namespaces. It runs over the stack, as one policy covers a whole namespace. */
export const defaultDeny = stackPolicy({
  name: "default-deny",
  description: "Namespaces deny network traffic by default.",
  option: { name: "exceptions", description: "namespaces that may be open to the network" },
  problems: defaultDenyProblems,
});
