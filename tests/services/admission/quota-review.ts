import { Accelerators } from "../../../quota/accelerators.ts";
import type { Denial } from "../../../quota/denial.ts";
import { type GroupPolicy, groupPolicy } from "../../../services/admission/group-policies.ts";
import type { Claim } from "../../../services/admission/ledger/plan.ts";
import { QuotaWebhook } from "../../../services/admission/quota-webhook.ts";
import type { ReviewedPod, ReviewRequest } from "../../../services/admission/review.ts";

export const labels = { "carrel.dev/group": "g", "carrel.dev/user": "ada" };
export const limits = { cpu: "1", memory: "1Ki" };
export const container = (own?: object): object => ({
  name: "main",
  image: "x",
  ...(own ? { resources: { limits: own } } : {}),
});
export const pod = (own: object = labels, ...containers: object[]): ReviewedPod =>
  ({
    metadata: { uid: "pod-uid", name: "pod", namespace: "of-pod", labels: own },
    spec: { containers: containers.length === 0 ? [container(limits)] : containers },
  }) as ReviewedPod;
export const create = (object: ReviewedPod | null, more: Partial<ReviewRequest> = {}): ReviewRequest => ({
  uid: "1",
  operation: "CREATE",
  resource: { group: "", version: "v1", resource: "pods" },
  namespace: "work",
  userInfo: { username: "system:serviceaccount:a:b" },
  object,
  ...more,
});
/** A request to resize a pod that is there at version 7. */
export const resize = (object: ReviewedPod, old = pod(), more: Partial<ReviewRequest> = {}): ReviewRequest =>
  create(object, {
    uid: "review",
    operation: "UPDATE",
    subResource: "resize",
    oldObject: { ...old, metadata: { ...old.metadata, resourceVersion: "7" } },
    ...more,
  });
export const policyOf = (spec: object): GroupPolicy => groupPolicy({ metadata: { name: "g" }, spec });

export interface Given {
  readonly problem?: string;
  readonly policy?: GroupPolicy | string | undefined;
  readonly decide?: () => Promise<Denial | undefined>;
  readonly onExceeded?: (...heard: unknown[]) => void;
  readonly onDenied?: (...heard: unknown[]) => void;
}

/** What the webhook answers, and the claims that came as far as the ledger. */
export async function ask(
  request: ReviewRequest,
  given: Given = {},
): Promise<readonly [Denial | undefined, unknown[]]> {
  const claims: unknown[] = [];
  const webhook = new QuotaWebhook({
    problem: () => given.problem,
    policy: () => ("policy" in given ? given.policy : policyOf({})),
    ledgerOf: (group) => ({
      decide: (claim: Claim, deadlineMs: number) => {
        claims.push([group, claim, deadlineMs]);
        return given.decide?.() ?? Promise.resolve(undefined);
      },
    }),
    accelerators: new Accelerators([{ resource: "nvidia.com/mig-1g.*", weight: "143m" }]),
    ...(given.onExceeded ? { onExceeded: given.onExceeded } : {}),
    ...(given.onDenied ? { onDenied: given.onDenied } : {}),
    bypass: new Set(["system:serviceaccount:kube-system:daemon-set-controller"]),
  });
  return [await webhook.review(request, 99), claims];
}
