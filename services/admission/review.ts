import type { Denial } from "../../quota/denial.ts";
import type { PodSpecLike } from "../../quota/pod-request.ts";
import { UserError } from "../lib/user-error.ts";
import { type Answer, isMutation } from "./mutation.ts";

/** The part of a pod that admission reads. */
export interface ReviewedPod {
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
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

/** A request that can be answered; nothing but its uid was looked at. */
export interface UnreadRequest {
  readonly uid: string;
}

const [API_VERSION, KIND] = ["admission.k8s.io/v1", "AdmissionReview"];

/**
 * The request of a review. Of keys that come twice the last counts, here as in Go.
 * @throws UserError for a body that is no AdmissionReview of version v1 with a uid
 */
export function parseReview(body: string): UnreadRequest {
  let review: { readonly apiVersion?: unknown; readonly kind?: unknown; readonly request?: { readonly uid?: unknown } };
  try {
    review = JSON.parse(body) as typeof review;
  } catch (error) {
    throw new UserError("review", `the body is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  if (review?.apiVersion !== API_VERSION || review.kind !== KIND) {
    const got = `${JSON.stringify(review?.apiVersion)} ${JSON.stringify(review?.kind)}`;
    throw new UserError("review", `the body must be "${API_VERSION}" "${KIND}", got ${got}`);
  }
  const { request } = review;
  if (typeof request?.uid !== "string" || request.uid === "") {
    throw new UserError("review", "the AdmissionReview has no request with a uid that is a text");
  }
  return request as UnreadRequest;
}

/** A denial of what may be allowed in a moment; who made the request is told to come again. */
export interface Busy extends Denial {
  readonly retryAfterSeconds: number;
}

function denialStatus(denied: Denial | Busy): object {
  const { message, causes } = denied;
  const details = { kind: "pods", causes };
  if (!("retryAfterSeconds" in denied)) return { status: "Failure", code: 403, reason: "Forbidden", message, details };
  // The API server makes a Retry-After header of it, which its clients heed by themselves.
  const again = { ...details, retryAfterSeconds: denied.retryAfterSeconds };
  return { status: "Failure", code: 429, reason: "TooManyRequests", message, details: again };
}

/** The answer to a review, as text; a denial carries its reason for people and for programs. */
export function reviewResponse(uid: string, answer: Answer): string {
  // Put together as text: base64 needs no escapes, and looking for some in it costs more than all the rest.
  const head = `{"apiVersion":"${API_VERSION}","kind":"${KIND}","response":{"uid":${JSON.stringify(uid)}`;
  if (answer === undefined) return `${head},"allowed":true}}`;
  if (!isMutation(answer)) return `${head},"allowed":false,"status":${JSON.stringify(denialStatus(answer))}}}`;
  const { operations, warnings = [] } = answer;
  const patch = operations.length === 0 ? "" : Buffer.from(JSON.stringify(operations)).toString("base64");
  const patched = patch === "" ? "" : `,"patchType":"JSONPatch","patch":"${patch}"`;
  const warned = warnings.length === 0 ? "" : `,"warnings":${JSON.stringify(warnings)}`;
  return `${head},"allowed":true${patched}${warned}}}`;
}
