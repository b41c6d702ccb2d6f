import type { Subject } from "./kubernetes.ts";
import type { LabelSelector } from "./label-selector.ts";

/** The fields of a webhook that the rules read. */
export interface Webhook {
  readonly name?: string;
  readonly failurePolicy?: string;
  readonly timeoutSeconds?: number;
  readonly sideEffects?: string;
  readonly admissionReviewVersions?: readonly string[];
  readonly namespaceSelector?: LabelSelector;
  readonly clientConfig?: {
    readonly caBundle?: string;
    readonly service?: { readonly name?: string; readonly namespace?: string };
    readonly url?: string;
  };
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
