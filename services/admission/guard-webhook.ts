import { guardPatch } from "../lib/guard/guard-patch.ts";
import type { Logger } from "../lib/log.ts";
import { type Answer, unchangedOnError } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

export interface GuardOptions {
  /** Why quota cannot be decided now, if so. */
  readonly problem: () => string | undefined;
  readonly log: Logger;
}

/** `guard.carrel.dev`: takes the guard out of a pod once there is somebody who decides its quota. */
export function guardWebhook({ problem, log }: GuardOptions): (request: ReviewRequest) => Promise<Answer> {
  const decide = ({ object }: ReviewRequest): Answer => {
    if (!object) return undefined;
    const { operations, warning } = guardPatch(object, problem() === undefined);
    return { operations, ...(warning === undefined ? {} : { warnings: [warning] }) };
  };
  return (request) => Promise.resolve(unchangedOnError("guard.carrel.dev", log, () => decide(request)));
}
