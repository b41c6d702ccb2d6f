import type { Subject } from "./kubernetes.ts";

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

/** The fields of a webhook that the rules read. */
export interface Webhook {
  readonly name?: string;
  readonly failurePolicy?: string;
  readonly timeoutSeconds?: number;
  readonly sideEffects?: string;
  readonly admissionReviewVersions?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly clientConfig?: { readonly caBundle?: string; readonly service?: object; readonly url?: string };
}

const KINDS: readonly string[] = [
  "admissionregistration.k8s.io/MutatingWebhookConfiguration",
  "admissionregistration.k8s.io/ValidatingWebhookConfiguration",
];

/** Every webhook of a webhook configuration with the words that find it; none for other kinds. */
export function* webhooksOf(subject: Subject): Iterable<{ readonly where: string; readonly webhook: Webhook }> {
  if (!KINDS.includes(subject.kind)) return;
  for (const [i, webhook] of ((subject.object["webhooks"] ?? []) as readonly Webhook[]).entries()) {
    yield { where: `${subject.where}, webhook "${webhook.name ?? i}"`, webhook };
  }
}
