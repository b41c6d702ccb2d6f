import { compileMirror } from "../services/lib/image-mirror/rewrite.ts";
import type { MirrorSetting } from "../services/lib/image-mirror/rules.ts";
import { UserError } from "../services/lib/user-error.ts";

/**
 * Where an image is taken from: the mirror, where a rule covers it. The webhook reads the same setting.
 * @throws UserError for an image that the setting refuses
 */
export function mirrored(image: string, setting: MirrorSetting): string {
  const rewrite = compileMirror(setting)(image);
  if (rewrite.outcome !== "refused") return rewrite.image;
  throw new UserError("image-mirror", `images.base: ${rewrite.message}`);
}
