import { containersOf, type Subject } from "../kubernetes.ts";
import { fieldProblem, type Problem, resourcePolicy } from "../rule.ts";

const DIGEST = /@sha256:[0-9a-f]{64}$/;

/** The repository of a reference; a colon before the last slash belongs to the registry's port. */
const repositoryOf = (image: string): string => image.replace(/@.*$/, "").replace(/:[^/]*$/, "");

/** A prefix ends where a path segment ends: `ghcr.io/acme` does not cover `ghcr.io/acme-evil`. */
const isBelow = (repository: string, prefix: string): boolean =>
  `${repository}/`.startsWith(prefix.replace(/\/*$/, "/"));

/** Each image is named by the digest of its content, which no push can change. */
export function* imageProblems(subject: Subject, allowTags: readonly string[]): Iterable<Problem> {
  for (const { where, container } of containersOf(subject)) {
    const image = container.image ?? "";
    if (DIGEST.test(image)) continue;
    const repository = repositoryOf(image);
    const remedy = `write ${repository || "REPOSITORY"}@sha256: and the 64 hexadecimal digits of its digest`;
    const problem = fieldProblem(where, "image", container.image, remedy);
    const allowed = allowTags.some((prefix) => isBelow(repository, prefix));
    yield allowed ? { advice: problem } : problem;
  }
}

/** Configured by `allowTags`: repositories that cannot be named by digest yet. */
export const imageByDigest = resourcePolicy({
  name: "image-by-digest",
  description: "Containers run images that are named by digest.",
  option: { name: "allowTags", description: "repository prefixes for which a tag is only advised against" },
  problems: imageProblems,
});
