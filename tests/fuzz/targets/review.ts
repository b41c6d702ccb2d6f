import assert from "node:assert/strict";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import type { Denial } from "../../../quota/denial.ts";
import { groupPolicy } from "../../../services/admission/group-policies.ts";
import type { Claim } from "../../../services/admission/ledger/plan.ts";
import { QuotaWebhook } from "../../../services/admission/quota-webhook.ts";
import { parseReview, type ReviewRequest, type UnreadRequest } from "../../../services/admission/review.ts";
import { checkPodSize, readRequest, UnreadableReview } from "../../../services/admission/review-reader.ts";
import { UserError } from "../../../services/lib/user-error.ts";
import type { Target } from "../fuzzer.ts";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const fieldsOf = (value: unknown): Fields => (isFields(value) ? value : {});

/** The request as any other reader of JSON has it; nothing where a body is no review. */
export function decoded(body: string): Fields | undefined {
  let review: unknown;
  try {
    review = JSON.parse(body);
  } catch {
    return undefined;
  }
  const { apiVersion, kind, request } = fieldsOf(review);
  const { uid } = fieldsOf(request);
  const isReview = apiVersion === "admission.k8s.io/v1" && kind === "AdmissionReview";
  return isReview && typeof uid === "string" && uid !== "" ? fieldsOf(request) : undefined;
}

/** Whether quota has to be decided about a request: of a pod that comes, or that gets another size. */
function isDecided({ resource, operation, subResource = "" }: Fields): boolean {
  if (fieldsOf(resource)["resource"] !== "pods") return false;
  return operation === "CREATE" ? subResource === "" : operation === "UPDATE" && subResource === "resize";
}

const policy = groupPolicy({
  metadata: { name: "physics" },
  spec: { displayName: "Physics", quota: { cpu: "100", memory: "1Ti" }, defaults: { cpu: "1", memory: "1Gi" } },
} as Parameters<typeof groupPolicy>[0]);

/** The webhook, with a ledger that has room for everything and remembers what it was asked. */
export function quotaWebhook(): { readonly webhook: QuotaWebhook; readonly claims: Claim[] } {
  const claims: Claim[] = [];
  const decide = async (claim: Claim): Promise<Denial | undefined> => void claims.push(claim);
  const webhook = new QuotaWebhook({
    problem: () => undefined,
    policy: (group) => (group === policy.name ? policy : undefined),
    ledgerOf: () => ({ decide }),
    bypass: new Set(),
    accelerators: standardAccelerators,
  });
  return { webhook, claims };
}

/** What was decided is what stands in the review, and nothing that has to be decided is let through without it. */
function checkAllowed(request: Fields, claims: readonly Claim[]): void {
  if (!isDecided(request)) return;
  assert.equal(claims.length, 1, "allowed without a claim");
  const { object, namespace = fieldsOf(fieldsOf(object)["metadata"])["namespace"] ?? "", dryRun = false } = request;
  const { uid, name = "", labels } = fieldsOf(fieldsOf(object)["metadata"]);
  const { uid: claimed, name: ofName, namespace: ofNamespace, user, dryRun: isDryRun, amounts } = claims[0]!;
  assert.deepEqual([claimed, ofName, ofNamespace, isDryRun], [uid, name, namespace, dryRun]);
  assert.ok(user === undefined || Object.values(fieldsOf(labels)).length > 0, "a member from nowhere");
  for (const amount of Object.values(amounts)) assert.ok(typeof amount === "bigint" && amount >= 0n, `${amount}`);
  assert.equal(amounts.pods, 1n);
}

function unread(body: string, request: Fields | undefined): UnreadRequest | string {
  try {
    const parsed = parseReview(body);
    assert.ok(request, "taken, but it is no review");
    assert.ok(typeof parsed.uid === "string" && parsed.uid !== "");
    assert.equal(parsed.uid, request["uid"]);
    return parsed;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    assert.equal(request, undefined, `refused: ${error.message}`);
    return error.message.replace(/: .*|, got .*/s, "");
  }
}

const { webhook, claims } = quotaWebhook();

/** What the caller is told about a review, as the server does it with its parts; whether it is allowed comes first. */
export async function outcomeOf(body: string): Promise<readonly [isAllowed: boolean, kind: string]> {
  const request = decoded(body);
  const parsed = unread(body, request);
  if (typeof parsed === "string") return [false, parsed];
  let review: ReviewRequest;
  try {
    review = readRequest(parsed);
    checkPodSize(review);
  } catch (error) {
    if (!(error instanceof UnreadableReview)) throw error;
    return [false, `unreadable ${error.field.replaceAll(/\[.*?\]/g, "[]")}`];
  }
  claims.length = 0;
  const denied = await webhook.review(review, Number.POSITIVE_INFINITY);
  if (denied) return [false, `denied for ${denied.reason}`];
  checkAllowed(request ?? {}, claims);
  const { operation, subResource, dryRun } = review;
  return [true, `allowed ${operation} ${subResource === undefined ? "" : "of a part"} ${dryRun} ${claims.length}`];
}

export const review: Target = {
  name: "review",
  isJson: true,
  dictionary: [
    ...[
      "apiVersion",
      "kind",
      "request",
      "uid",
      "operation",
      "resource",
      "subResource",
      "object",
      "oldObject",
      "dryRun",
    ],
    ...["metadata", "labels", "annotations", "spec", "containers", "initContainers", "resources", "limits", "requests"],
    ...["CREATE", "UPDATE", "DELETE", "CONNECT", "resize", "status", "pods", "cpu", "memory", "nvidia.com/gpu", "1Gi"],
    ...[
      "carrel.dev/group",
      "carrel.dev/user",
      "physics",
      "ada",
      "primehub.io/group",
      "overhead",
      "restartPolicy",
      "Always",
    ],
    ...["admission.k8s.io/v1", "admission.k8s.io/v1beta1", "AdmissionReview", "500m", "-1", "userInfo", "namespace"],
  ],
  check: async (body) => (await outcomeOf(body))[1],
};
