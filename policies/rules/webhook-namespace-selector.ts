import type { Subject } from "../kubernetes.ts";
import { NAME_LABEL, requirementsOf, type SelectorRequirement, SYSTEM } from "../label-selector.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";
import { webhooksOf } from "../webhooks.ts";

/** Whether a namespace has to carry a label of its own to be selected, so that kube-system is not. Each has its name. */
function isOptIn({ key, operator, values }: SelectorRequirement): boolean {
  if (operator === "In") return key !== NAME_LABEL || !(values ?? []).includes(SYSTEM);
  return operator === "Exists" && key !== NAME_LABEL;
}

/** Each webhook is limited to some namespaces; one that fails closed to those that ask for it. */
export function* namespaceSelectorProblems(subject: Subject, exceptions: readonly string[]): Iterable<string> {
  for (const { where, webhook } of webhooksOf(subject)) {
    if (exceptions.includes(webhook.name ?? "")) continue;
    const selector = webhook.namespaceSelector;
    const requirements = requirementsOf(selector ?? {});
    if (requirements.length === 0) {
      yield fieldProblem(
        where,
        "namespaceSelector",
        selector,
        "write matchLabels or matchExpressions, an objectSelector does not replace it",
      );
      continue;
    }
    // Left out, failurePolicy is Fail to the API server.
    if (webhook.failurePolicy === "Ignore" || requirements.some(isOptIn)) continue;
    const remedy = `with failurePolicy Fail it can block ${SYSTEM}: require a label by matchLabels, In or Exists`;
    yield fieldProblem(where, "namespaceSelector", selector, remedy);
  }
}

/** Configured by `exceptions`: webhooks that may see every namespace. */
export const webhookNamespaceSelector = resourcePolicy({
  name: "webhook-namespace-selector",
  description: "Webhooks select namespaces, and those that fail closed only namespaces that opted in.",
  option: { name: "exceptions", description: "names of webhooks that may see every namespace" },
  problems: namespaceSelectorProblems,
});
