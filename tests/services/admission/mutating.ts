import type { Answer } from "../../../services/admission/mutation.ts";
import { type ReviewRequest, reviewResponse } from "../../../services/admission/review.ts";
import { createLogger, type Logger } from "../../../services/lib/log.ts";

/** A review of a pod's creation. */
export const creation = (object: object | null, more: Partial<ReviewRequest> = {}): ReviewRequest => ({
  uid: "7",
  operation: "CREATE",
  resource: { group: "", version: "v1", resource: "pods" },
  namespace: "lab",
  object: object as NonNullable<ReviewRequest["object"]> | null,
  ...more,
});

/** An answer as the API server reads it. */
export const responseOf = (uid: string, answer: Answer): unknown => JSON.parse(reviewResponse(uid, answer));

/** What the API server gets for a review. */
export async function responseTo(
  webhook: (request: ReviewRequest) => Promise<Answer>,
  request: ReviewRequest,
): Promise<unknown> {
  return responseOf(request.uid, await webhook(request));
}

const envelope = (response: object): object => ({
  apiVersion: "admission.k8s.io/v1",
  kind: "AdmissionReview",
  response: { uid: "7", ...response },
});

/** The response that allows the pod as it is. */
export const unchanged = (...warnings: string[]): object =>
  envelope({ allowed: true, ...(warnings.length === 0 ? {} : { warnings }) });

/** The response that changes the pod. */
export const changed = (...operations: object[]): object =>
  envelope({
    allowed: true,
    patchType: "JSONPatch",
    patch: Buffer.from(JSON.stringify(operations)).toString("base64"),
  });

export const denied = (message: string, ...causes: object[]): object =>
  envelope({
    allowed: false,
    status: { status: "Failure", code: 403, reason: "Forbidden", message, details: { kind: "pods", causes } },
  });

/** A log that keeps its lines, without their times. */
export function keptLog(): { readonly log: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string): void => {
    const { time: _, ...rest } = JSON.parse(line) as Record<string, unknown>;
    lines.push(rest);
  };
  return { log: createLogger({ level: "debug", write }), lines };
}
