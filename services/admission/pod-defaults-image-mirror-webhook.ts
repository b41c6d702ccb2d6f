import { mirrorBrought } from "../lib/image-mirror/brought.ts";
import { imagePatch } from "../lib/image-mirror/patch.ts";
import type { RewriteImage } from "../lib/image-mirror/rewrite.ts";
import { reasonOf } from "../lib/log.ts";
import type { Operation } from "../lib/pod-defaults/patch.ts";
import { type Answer, isMutation, refusal } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

export interface PodDefaultsImageMirrorOptions {
  /** The webhook of PodDefaults. */
  readonly podDefaults: (request: ReviewRequest) => Promise<Answer>;
  readonly rewrite: RewriteImage;
}

const isCreation = ({ operation, subResource = "" }: ReviewRequest): boolean =>
  operation === "CREATE" && subResource === "";

/**
 * `pod-defaults-image-mirror.carrel.dev`: both in one call, which costs the API server half of two: PodDefaults, then the
 * mirror for what the pod has and what they bring. PodDefaults that fail are left out with a warning, as they are where a
 * call of their own fails; who wants them to fail closed has them called on their own.
 */
export function podDefaultsImageMirrorWebhook(
  options: PodDefaultsImageMirrorOptions,
): (request: ReviewRequest) => Promise<Answer> {
  const { podDefaults, rewrite } = options;
  return async (request) => {
    const warnings: string[] = [];
    const given = isCreation(request)
      ? await podDefaults(request).catch((error: unknown): Answer => {
          warnings.push(`no PodDefault was applied: ${reasonOf(error)}`);
          return undefined;
        })
      : undefined;
    if (given !== undefined && !isMutation(given)) return given;
    const own = imagePatch(rewrite, request);
    const brought = mirrorBrought(rewrite, request.object, (given?.operations ?? []) as readonly Operation[]);
    const refusals = [...own.refusals, ...brought.refusals];
    const [first] = refusals;
    if (first) return refusal(first.reason, refusals);
    // The pod's own containers keep their positions: what PodDefaults bring comes after them.
    return { operations: [...brought.operations, ...own.operations], warnings };
  };
}
