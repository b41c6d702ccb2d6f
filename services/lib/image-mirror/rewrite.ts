import { DOCKER_HUB, MAX_REPOSITORY_LENGTH, shown } from "./grammar.ts";
import { formatVersion, ImageReferenceError, parseReference } from "./reference.ts";
import { type MirrorSetting, OnMissing } from "./rules.ts";

/** Machine-readable kinds of refused images. */
export type ImageRefusalReason = "ImageInvalid" | "ImageNotMirrored" | "MirrorNameInvalid";

/** What becomes of an image; `image` is what the pod shall have, in the words it was written where nothing changes. */
export type Rewrite =
  | { readonly outcome: "mirrored" | "unchanged"; readonly image: string }
  | { readonly outcome: "refused"; readonly reason: ImageRefusalReason; readonly message: string };

/** The rules made ready: pure, without I/O, and quick enough for the request path. */
export type RewriteImage = (image: string) => Rewrite;

/** What stands at a prefix: where images below it come from, or that they are left alone. */
type Target = { readonly from: string; readonly to: string } | "left";

const MAX_LISTED = 8;

/** Exempt prefixes and what is mirrored already are left; no rule's `from` overlaps with a `to` (see circles.ts). */
function targetsOf({ rules, exempt }: MirrorSetting): ReadonlyMap<string, Target> {
  return new Map<string, Target>([
    ...rules.map(({ to }): [string, Target] => [to, "left"]),
    ...exempt.map((prefix): [string, Target] => [prefix, "left"]),
    ...rules.map((rule): [string, Target] => [rule.from, rule]),
  ]);
}

/** The target of the longest prefix that is the name or stands above it. */
function longestMatch(targets: ReadonlyMap<string, Target>, name: string): Target | undefined {
  for (let end = name.length; end > 0; end = name.lastIndexOf("/", end - 1)) {
    const target = targets.get(name.slice(0, end));
    if (target !== undefined) return target;
  }
  return undefined;
}

function refused(reason: ImageRefusalReason, message: string): Rewrite {
  return { outcome: "refused", reason, message };
}

/** Why a mirrored name names no image, where it does not. */
function nameFlaw(name: string): string | undefined {
  const slash = name.indexOf("/");
  if (slash < 0) return "names no repository";
  const repository = name.slice(slash + 1);
  if (repository.length > MAX_REPOSITORY_LENGTH) {
    return `has a repository of ${repository.length} characters, at most ${MAX_REPOSITORY_LENGTH} are allowed`;
  }
  // Read again it would get `library/` in front, and be another image.
  const isShortcut = name.startsWith(`${DOCKER_HUB}/`) && !repository.includes("/");
  return isShortcut ? "stands directly below Docker Hub" : undefined;
}

function listed(froms: readonly string[]): string {
  const more = froms.length - MAX_LISTED;
  return `${froms.slice(0, MAX_LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** A cluster runs few images many times; these bounds keep who writes many, or long ones, from filling the memory. */
const [MAX_KNOWN, MAX_KNOWN_LENGTH] = [1_000, 500];

/** The same answers, kept for images that come again. */
function remembering(rewrite: RewriteImage): RewriteImage {
  const known = new Map<string, Rewrite>();
  return (image) => {
    const found = known.get(image);
    if (found) return found;
    const result = rewrite(image);
    if (image.length > MAX_KNOWN_LENGTH) return result;
    if (known.size >= MAX_KNOWN) known.clear();
    known.set(image, result);
    return result;
  };
}

/**
 * Makes a setting that `parseMirrorSetting` took ready for many images. The longest prefix decides, tags and digests are
 * kept, and what was mirrored is unchanged when it comes again.
 */
export function compileMirror(setting: MirrorSetting): RewriteImage {
  const targets = targetsOf(setting);
  const covered = listed([...setting.rules.map(({ from }) => from), ...setting.exempt]);
  const missing = `is not mirrored: use an image that a rule covers (${covered}), or ask for a rule`;
  return remembering((image) => {
    let reference: ReturnType<typeof parseReference>;
    try {
      reference = parseReference(image);
    } catch (error) {
      if (error instanceof ImageReferenceError) return refused("ImageInvalid", error.message);
      throw error;
    }
    const name = `${reference.registry}/${reference.repository}`;
    const target = longestMatch(targets, name);
    if (target === "left") return { outcome: "unchanged", image };
    if (target === undefined) {
      if (setting.onMissing === OnMissing.keep) return { outcome: "unchanged", image };
      return refused("ImageNotMirrored", `image ${shown(image)} ${missing}`);
    }
    const mirrored = target.to + name.slice(target.from.length);
    const flaw = nameFlaw(mirrored);
    if (flaw === undefined) return { outcome: "mirrored", image: mirrored + formatVersion(reference) };
    const where = `image ${shown(image)} would become ${shown(mirrored)}, which ${flaw}`;
    return refused("MirrorNameInvalid", `${where}: change the rule from ${target.from}, or add one for this image`);
  });
}
