import { namespaceNameOf, type Subject } from "../kubernetes.ts";
import {
  type LabelLookup,
  leavesOutByName,
  matches,
  NAME_LABEL,
  namespaceLabels,
  requirementsOf,
  SYSTEM,
} from "../label-selector.ts";
import { fieldProblem, type StackProblem, stackPolicy } from "../rule.ts";
import { type Webhook, webhooksOf } from "../webhooks.ts";

const REMEDY = `leave it out by ${NAME_LABEL} NotIn, labels are written by hand`;

/** What a webhook can select and must not, in words. */
function* selectable({ namespaceSelector, clientConfig }: Webhook): Iterable<string> {
  if (!leavesOutByName(namespaceSelector, SYSTEM)) yield `${SYSTEM}, which the cluster needs to start`;
  const own = clientConfig?.service?.namespace;
  if (own === undefined || leavesOutByName(namespaceSelector, own)) return;
  yield `"${own}", where its own service could not start before it answers`;
}

/** Webhooks that could be asked about the namespace of their own service, or about kube-system. */
function* webhookProblems(subject: Subject, exceptions: readonly string[]): Iterable<StackProblem> {
  for (const { where, webhook } of webhooksOf(subject)) {
    if (exceptions.includes(webhook.name ?? "")) continue;
    for (const what of selectable(webhook)) {
      const remedy = `it can select ${what}: ${REMEDY}`;
      yield { message: fieldProblem(where, "namespaceSelector", webhook.namespaceSelector, remedy), subject };
    }
  }
}

/** The label by which a namespace asks for a webhook that leaves it out by name, if it does. */
function vainLabel({ namespaceSelector }: Webhook, name: string, labelOf: LabelLookup): string | undefined {
  if (!leavesOutByName(namespaceSelector, name)) return undefined;
  const byLabel = requirementsOf(namespaceSelector ?? {}).filter(({ key }) => key !== NAME_LABEL);
  const asking = byLabel.find(({ operator }) => operator === "In" || operator === "Exists")?.key;
  return matches({ matchExpressions: byLabel }, labelOf) ? asking : undefined;
}

/** Namespaces that ask by their labels for a webhook that leaves them out. */
function* namespaceProblems(namespace: Subject, webhooks: readonly Webhook[]): Iterable<StackProblem> {
  const name = namespaceNameOf(namespace);
  const labelOf = namespaceLabels(name, namespace.object.metadata?.labels);
  for (const webhook of webhooks) {
    const label = vainLabel(webhook, name, labelOf);
    if (label === undefined) continue;
    const remedy = `remove it, webhook "${webhook.name}" leaves "${name}" out by name`;
    yield { message: fieldProblem(namespace.where, `label ${label}`, labelOf(label), remedy), subject: namespace };
  }
}

/**
 * No webhook can be asked about the namespace that its own service runs in, or about kube-system, as neither could
 * start; and none of the namespaces that are left out asks for it.
 */
export function* ownNamespaceProblems(
  subjects: readonly Subject[],
  exceptions: readonly string[],
): Iterable<StackProblem> {
  for (const subject of subjects) yield* webhookProblems(subject, exceptions);
  const webhooks = subjects.flatMap((subject) => [...webhooksOf(subject)].map(({ webhook }) => webhook));
  for (const subject of subjects) {
    if (subject.kind === "core/Namespace") yield* namespaceProblems(subject, webhooks);
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
