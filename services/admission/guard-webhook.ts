import { guardPatch } from "../lib/guard/guard-patch.ts";
import type { Answer } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

/**
 * `guard.carrel.dev`: takes the guard out of a pod once there is somebody who decides its quota.
 * @param problem why quota cannot be decided now, if so
 */
export function guardWebhook(problem: () => string | undefined): (request: ReviewRequest) => Promise<Answer> {
  return async ({ object }) => {
    if (!object) return undefined;
    const { operations, warning } = guardPatch(object, problem() === undefined);
    return { operations, ...(warning === undefined ? {} : { warnings: [warning] }) };
  };
}
