import { type Denial, denial } from "../../../quota/denial.ts";
import { reasonOf } from "../../lib/log.ts";
import { refusal } from "../mutation.ts";
import type { Busy } from "../review.ts";
import { UnreadableReview } from "../review-reader.ts";
import type { ShedCause } from "./calls.ts";
import { Refused } from "./reply.ts";

const RETRY_SECONDS = 1;

const sheds: Readonly<Record<ShedCause, string>> = {
  calls: "overloaded: too many reviews are under way: try again",
  bytes: "overloaded: too many bytes of reviews are under way: try again",
  delay: "overloaded: reviews wait too long until they are read: try again",
  deadline: "overloaded: no time was left when the review was read: try again",
};

/** For a webhook that fails closed: the API server hands status and Retry-After on to who made the request. */
export function shedDenial(cause: ShedCause): Busy {
  return { ...refusal("Overloaded", [{ message: sheds[cause] }]), retryAfterSeconds: RETRY_SECONDS };
}

/** For the others: the API server itself calls again after that while, as long as it has time, before failurePolicy decides. */
export function shedRefusal(cause: ShedCause): Refused {
  return new Refused(503, sheds[cause], { "retry-after": String(RETRY_SECONDS) });
}

const LATE = "no decision was possible within the call's time: try again";

export const lateDenial = (): Denial => denial("StateUnknown", LATE);

export const lateRefusal = (): Refused => new Refused(504, LATE);

/** What a webhook that fails closed says of an error. */
export function errorDenial(error: unknown): Denial {
  if (error instanceof UnreadableReview) {
    return refusal("ReviewUnreadable", [{ message: error.message, field: error.field }]);
  }
  return denial("StateUnknown", `no decision was possible: ${reasonOf(error)}`);
}

/** What the others say of it. */
export function errorRefusal(error: unknown): unknown {
  return error instanceof UnreadableReview ? new Refused(400, error.message) : error;
}
