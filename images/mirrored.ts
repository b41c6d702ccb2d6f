import { compileMirror } from "../services/lib/image-mirror/rewrite.ts";
import type { MirrorSetting } from "../services/lib/image-mirror/rules.ts";
import { UserError } from "../services/lib/user-error.ts";

/**
 * Where an image is taken from: the mirror, where a rule covers it. The webhook reads the same setting.
 * @param where what the image is for, in messages
 * @throws UserError for an image that the setting refuses
 */
export function mirrored(image: string, setting: MirrorSetting, where = "images.base"): string {
  const rewrite = compileMirror(setting)(image);
  if (rewrite.outcome !== "refused") return rewrite.image;
  throw new UserError("image-mirror", `${where}: ${rewrite.message}`);
}
