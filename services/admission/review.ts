import type { Denial } from "../../quota/denial.ts";
import type { PodSpecLike } from "../../quota/pod-request.ts";
import { UserError } from "../lib/user-error.ts";
import { type Answer, isMutation } from "./mutation.ts";

/** The part of a pod that admission reads. */
export interface ReviewedPod {
  readonly metadata: {
    readonly name?: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly spec?: PodSpecLike;
}

/** `admission.k8s.io/v1` AdmissionReview.request, as far as it is read. */
export interface ReviewRequest {
  readonly uid: string;
  readonly operation: "CREATE" | "UPDATE" | "DELETE" | "CONNECT";
  readonly resource: { readonly group: string; readonly version: string; readonly resource: string };
  readonly subResource?: string;
  readonly namespace?: string;
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly userInfo?: { readonly username?: string };
  readonly object?: ReviewedPod | null;
  readonly oldObject?: ReviewedPod | null;
}

/** @throws UserError for a body that is no AdmissionReview of version v1 */
export function parseReview(body: string): ReviewRequest {
  let review: { apiVersion?: string; kind?: string; request?: ReviewRequest };
  try {
    review = JSON.parse(body) as typeof review;
  } catch (error) {
    throw new UserError("review", `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (review?.apiVersion !== "admission.k8s.io/v1" || review.kind !== "AdmissionReview" || !review.request?.uid) {
    throw new UserError("review", `the body is not an admission.k8s.io/v1 AdmissionReview with a request`);
  }
  return review.request;
}

function denialStatus({ message, causes }: Denial): object {
  const details = { kind: "pods", causes };
  return { status: "Failure", code: 403, reason: "Forbidden", message, details };
}

/** The answer to a review; a denial carries its reason for people and for programs. */
export function reviewResponse(uid: string, answer: Answer): object {
  const envelope = (response: object): object => ({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    response: { uid, ...response },
  });
  if (answer === undefined) return envelope({ allowed: true });
  if (!isMutation(answer)) return envelope({ allowed: false, status: denialStatus(answer) });
  const { operations, warnings = [] } = answer;
  const patch = Buffer.from(JSON.stringify(operations)).toString("base64");
  return envelope({
    allowed: true,
    ...(operations.length === 0 ? {} : { patchType: "JSONPatch", patch }),
    ...(warnings.length === 0 ? {} : { warnings }),
  });
}
