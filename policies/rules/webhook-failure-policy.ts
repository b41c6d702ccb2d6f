import type { Subject } from "../kubernetes.ts";
import { fieldProblem, resourcePolicy } from "../rule.ts";
import { type Webhook, webhooksOf } from "../webhooks.ts";

/** Quota that is skipped while its server is away is no quota. */
const ALWAYS_FAIL = "quota.carrel.dev";
const MAX_SECONDS = 10;

function failureProblem(where: string, { name, failurePolicy }: Webhook, mustFail: readonly string[]): string[] {
  if (name === ALWAYS_FAIL || mustFail.includes(name ?? "")) {
    if (failurePolicy === "Fail") return [];
    return [fieldProblem(where, "failurePolicy", failurePolicy, "write Fail, this webhook must not be passed by")];
  }
  if (failurePolicy === "Fail" || failurePolicy === "Ignore") return [];
  return [fieldProblem(where, "failurePolicy", failurePolicy, "write Fail or Ignore")];
}

/** Each webhook says what happens when it cannot answer, and how long the API server waits for it. */
export function* failurePolicyProblems(subject: Subject, mustFail: readonly string[]): Iterable<string> {
  for (const { where, webhook } of webhooksOf(subject)) {
    yield* failureProblem(where, webhook, mustFail);
    const seconds = webhook.timeoutSeconds;
    if (Number.isInteger(seconds) && Number(seconds) >= 1 && Number(seconds) <= MAX_SECONDS) continue;
    yield fieldProblem(where, "timeoutSeconds", seconds, `write a whole number from 1 to ${MAX_SECONDS}`);
  }
}

/** Configured by `mustFail`: more webhooks that must not be passed by. */
export const webhookFailurePolicy = resourcePolicy({
  name: "webhook-failure-policy",
  description: "Webhooks state failurePolicy and a short timeout; those that must not be passed by fail closed.",
  option: { name: "mustFail", description: `names of webhooks that must be Fail, besides ${ALWAYS_FAIL}` },
  problems: failurePolicyProblems,
});
