import type { Denial } from "../../quota/denial.ts";

/** A change of the object under review, and what its author is told. */
export interface Mutation {
  /** Operations of RFC 6902 on the object as it was sent; none leaves it as it is. */
  readonly operations: readonly object[];
  readonly warnings?: readonly string[];
}

/**
 * What a webhook answers: a denial, a change, or nothing, which allows. One that cannot tell throws: the call has failed
 * then, and the webhook's failurePolicy says whether the pod goes on as it is or is refused.
 */
export type Answer = Denial | Mutation | undefined;

export const isMutation = (answer: Answer): answer is Mutation => answer !== undefined && "operations" in answer;

/** Why a mutating webhook refuses; a cause may have a reason of its own. */
export interface RefusalCause {
  readonly reason?: string;
  readonly message: string;
  readonly field?: string;
}

/** A refusal by a mutating webhook: its reasons are its own. */
export function refusal(reason: string, causes: readonly RefusalCause[]): Denial {
  return {
    reason: reason as Denial["reason"],
    message: causes.map(({ message }) => message).join("; "),
    causes: causes.map(({ reason: own = reason, message, field }) => ({
      reason: own,
      message,
      ...(field === undefined ? {} : { field }),
    })),
  };
}
