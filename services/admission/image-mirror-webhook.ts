import { imagePatch } from "../lib/image-mirror/patch.ts";
import type { RewriteImage } from "../lib/image-mirror/rewrite.ts";
import { type Answer, refusal } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

/** `image-mirror.carrel.dev`: images come from the mirror; one that no rule covers is left, or refused by configuration. */
export function imageMirrorWebhook(rewrite: RewriteImage): (request: ReviewRequest) => Promise<Answer> {
  return async (request) => {
    const { operations, refusals } = imagePatch(rewrite, request);
    const [first] = refusals;
    return first ? refusal(first.reason, refusals) : { operations };
  };
}
