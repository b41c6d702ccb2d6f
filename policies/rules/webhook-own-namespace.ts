import { namespaceNameOf, type Subject } from "../kubernetes.ts";
import { matches, NAME_LABEL, namespaceLabels, SYSTEM } from "../label-selector.ts";
import { fieldProblem, type StackProblem, stackPolicy } from "../rule.ts";
import { type Webhook, webhooksOf } from "../webhooks.ts";

const REMEDY = `require a label that it does not have, or leave it out by ${NAME_LABEL} NotIn`;

/** What a webhook selects and must not, in words. */
function* selectedBy({ namespaceSelector, clientConfig }: Webhook, namespaces: readonly Subject[]): Iterable<string> {
  if (matches(namespaceSelector, namespaceLabels(SYSTEM))) yield `${SYSTEM}, which the cluster needs to start`;
  const own = clientConfig?.service?.namespace;
  if (own === undefined) return;
  for (const namespace of namespaces) {
    if (namespaceNameOf(namespace) !== own) continue;
    if (!matches(namespaceSelector, namespaceLabels(own, namespace.object.metadata?.labels))) continue;
    yield `"${own}" (${namespace.where}), where its own service could not start before it answers`;
  }
}

/** No webhook is asked about the namespace that its own service runs in, or about kube-system: neither could start. */
export function* ownNamespaceProblems(
  subjects: readonly Subject[],
  exceptions: readonly string[],
): Iterable<StackProblem> {
  const namespaces = subjects.filter(({ kind }) => kind === "core/Namespace");
  for (const subject of subjects) {
    for (const { where, webhook } of webhooksOf(subject)) {
      if (exceptions.includes(webhook.name ?? "")) continue;
      for (const what of selectedBy(webhook, namespaces)) {
        const remedy = `it selects ${what}: ${REMEDY}`;
        yield { message: fieldProblem(where, "namespaceSelector", webhook.namespaceSelector, remedy), subject };
      }
    }
  }
}

/**
 * Configured by `exceptions`: webhooks that may be asked about these. It runs over the stack, as the labels are the
 * namespace's.
 */
export const webhookOwnNamespace = stackPolicy({
  name: "webhook-own-namespace",
  description: "Webhooks are not asked about the namespace that answers them, nor about kube-system.",
  option: { name: "exceptions", description: "names of webhooks that may see their own namespace and kube-system" },
  problems: ownNamespaceProblems,
});
