import {
  DOCKER_HUB,
  isRegistry,
  isRegistryPart,
  isRepository,
  MAX_REPOSITORY_LENGTH,
  normalRegistry,
  normalRepository,
  shown,
} from "./grammar.ts";

/** An image with everything that the runtime adds written out, but for the tag: none and `latest` stay apart. */
export interface ImageReference {
  readonly registry: string;
  readonly repository: string;
  readonly tag: string | undefined;
  /** With its algorithm: `sha256:...`. */
  readonly digest: string | undefined;
}

/** Which part of a text keeps it from being a reference. */
export type ReferenceFault = "empty" | "image-id" | "scheme" | "registry" | "repository" | "length" | "tag" | "digest";

/** A text that the runtime would not take for an image, with the part that is wrong and how to mend it. */
export class ImageReferenceError extends Error {
  override readonly name = "ImageReferenceError";
  readonly fault: ReferenceFault;

  constructor(fault: ReferenceFault, image: string, wrong: string) {
    super(`image ${shown(image)} ${wrong}`);
    this.fault = fault;
  }
}

const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;
const IMAGE_ID = /^[a-f0-9]{64}$/;
const SCHEME = /^[a-zA-Z][a-zA-Z0-9+.-]{0,20}:\/\//;
const hexDigits: Readonly<Record<string, number>> = { sha256: 64, sha384: 96, sha512: 128 };

/** Says what is wrong with a repository; only reached for one that is. */
function repositoryError(image: string, repository: string, normal: string): ImageReferenceError {
  if (image === "") return new ImageReferenceError("empty", image, "is empty: write for example nginx:1.29");
  if (repository === "") {
    return new ImageReferenceError("empty", image, "names no repository: write registry/repository:tag");
  }
  if (normal.length > MAX_REPOSITORY_LENGTH) {
    const wrong = `has a repository of ${normal.length} characters: at most ${MAX_REPOSITORY_LENGTH} are allowed`;
    return new ImageReferenceError("length", image, wrong);
  }
  const lower = repository.toLowerCase();
  if (lower !== repository && isRepository(lower)) {
    const wrong = `has upper-case letters in the repository ${shown(repository)}: write ${shown(lower)}`;
    return new ImageReferenceError("repository", image, wrong);
  }
  const rule = "lower-case letters and digits, with one of . _ __ or dashes between them, and single slashes";
  return new ImageReferenceError("repository", image, `has the malformed repository ${shown(repository)}: ${rule}`);
}

function digestError(image: string, digest: string): ImageReferenceError {
  const [algorithm = ""] = digest.split(":", 1);
  const known = Object.hasOwn(hexDigits, algorithm) ? algorithm : "sha256";
  const wrong = `has the malformed digest ${shown(digest)}: write ${known}: and ${hexDigits[known]} lower-case hexadecimal digits`;
  return new ImageReferenceError("digest", image, wrong);
}

function registryError(image: string, registry: string): ImageReferenceError {
  const scheme = SCHEME.exec(image)?.[0];
  if (scheme) return new ImageReferenceError("scheme", image, `begins with a scheme: leave out ${shown(scheme)}`);
  const wrong = `has the malformed registry ${shown(registry)}: write host, host:port or [IPv6]:port`;
  return new ImageReferenceError("registry", image, wrong);
}

/**
 * Reads an image as the kubelet does (github.com/distribution/reference, `ParseNormalizedNamed`): what that takes, this
 * takes, so that nothing is refused that would have run.
 * @throws ImageReferenceError
 */
export function parseReference(image: string): ImageReference {
  const at = image.indexOf("@");
  const name = at < 0 ? image : image.slice(0, at);
  const digest = at < 0 ? undefined : image.slice(at + 1);
  const slash = name.indexOf("/");
  const first = slash < 0 ? "" : name.slice(0, slash);
  const hasRegistry = isRegistryPart(first);
  if (hasRegistry && !isRegistry(first)) throw registryError(image, first);
  const registry = hasRegistry ? normalRegistry(first) : DOCKER_HUB;

  const rest = hasRegistry ? name.slice(slash + 1) : name;
  const colon = rest.indexOf(":");
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (IMAGE_ID.test(image)) {
    throw new ImageReferenceError("image-id", image, "is an image id: write a repository, or repository@sha256:DIGEST");
  }
  const repository = normalRepository(registry, path);
  if (!isRepository(repository)) throw repositoryError(image, path, repository);
  if (tag !== undefined && !TAG.test(tag)) {
    const rule = "1 to 128 letters, digits, _ . and -, beginning with none of . and -";
    throw new ImageReferenceError("tag", image, `has the malformed tag ${shown(tag)}: ${rule}`);
  }
  if (digest !== undefined && !DIGEST.test(digest)) throw digestError(image, digest);
  return { registry, repository, tag, digest };
}

/** Tag and digest as they stand behind a repository. */
export function formatVersion({ tag, digest }: Pick<ImageReference, "tag" | "digest">): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The reference in full; parsed again it is the same. */
export function formatReference(reference: ImageReference): string {
  return `${reference.registry}/${reference.repository}${formatVersion(reference)}`;
}
