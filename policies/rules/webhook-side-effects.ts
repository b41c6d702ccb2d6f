import type { Subject } from "../kubernetes.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";
import { type Webhook, webhooksOf } from "../webhooks.ts";

const HARMLESS: readonly unknown[] = ["None", "NoneOnDryRun"];

/** By `in`: that a bundle is there is known in a preview, though its value is not. */
function isReachable({ clientConfig }: Webhook): boolean {
  return clientConfig !== undefined && ("service" in clientConfig || "caBundle" in clientConfig);
}

/** Each webhook can be called by today's API servers, in dry runs too, and be trusted. */
export function* sideEffectsProblems(subject: Subject): Iterable<string> {
  for (const { where, webhook } of webhooksOf(subject)) {
    if (!HARMLESS.includes(webhook.sideEffects)) {
      yield fieldProblem(where, "sideEffects", webhook.sideEffects, "write None or NoneOnDryRun");
    }
    const versions = webhook.admissionReviewVersions;
    if (!versions?.includes("v1")) {
      yield fieldProblem(where, "admissionReviewVersions", versions, 'write ["v1"]');
    }
    if (!isReachable(webhook)) {
      yield fieldProblem(where, "clientConfig", webhook.clientConfig, "write a service, or a url with its caBundle");
    }
  }
}

/** Not configurable: nothing here is a matter of taste, the API server needs it to call the webhook. */
export const webhookSideEffects = resourcePolicy({
  name: "webhook-side-effects",
  description: "Webhooks are free of side effects in dry runs, speak admission v1 and say whom to trust.",
  problems: sideEffectsProblems,
});
