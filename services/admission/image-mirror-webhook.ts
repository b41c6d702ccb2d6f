import { imagePatch } from "../lib/image-mirror/patch.ts";
import type { RewriteImage } from "../lib/image-mirror/rewrite.ts";
import type { Logger } from "../lib/log.ts";
import { type Answer, refusal, unchangedOnError } from "./mutation.ts";
import type { ReviewRequest } from "./review.ts";

/** `image-mirror.carrel.dev`: images come from the mirror; one that no rule covers is left, or refused by configuration. */
export function imageMirrorWebhook(rewrite: RewriteImage, log: Logger): (request: ReviewRequest) => Promise<Answer> {
  const decide = (request: ReviewRequest): Answer => {
    const { operations, refusals } = imagePatch(rewrite, request);
    const [first] = refusals;
    return first ? refusal(first.reason, refusals) : { operations };
  };
  return (request) => Promise.resolve(unchangedOnError("image-mirror.carrel.dev", log, () => decide(request)));
}
