import {
  DOCKER_HUB,
  isReachableRegistry,
  isRegistryPart,
  isRepository,
  MAX_REPOSITORY_LENGTH,
  normalRegistry,
  shown,
} from "./grammar.ts";

/** What is wrong with one side of a rule, and how to mend it. */
export interface PrefixFlaw {
  readonly wrong: string;
  readonly fix: string;
}

const AS_IMAGES = "write the registry as images name it";

const flaw = (wrong: string, fix: string): PrefixFlaw => ({ wrong, fix });

/** The mistakes that are not in the registry or in the repository, but in taking a prefix for something else. */
function notationFlaw(text: string): PrefixFlaw | undefined {
  const scheme = /^[a-zA-Z][a-zA-Z0-9+.-]{0,20}:\/\//.exec(text)?.[0];
  if (text === "") return flaw("must not be empty", "write a registry, or a registry and a repository");
  if (scheme) return flaw("must be without a scheme", `leave out ${shown(scheme)}`);
  if (text.includes("*")) {
    return flaw("must be without a wildcard", "leave it out: a prefix covers everything below it");
  }
  if (text.endsWith("/")) return flaw("must not end in a slash", `write ${shown(text.slice(0, -1))}`);
  if (text.includes("@")) return flaw("must be without a digest", "leave out the @ and the rest");
  return undefined;
}

function registryFlaw(text: string, registry: string): PrefixFlaw | undefined {
  // A capital alone makes a registry of an image's first component; in a rule it is a slip.
  if (!isRegistryPart(registry.toLowerCase())) {
    const lower = text.toLowerCase();
    if (!isRepository(lower)) return flaw("must begin with a registry", AS_IMAGES);
    const asImage = text.includes("/") ? "" : `, or ${shown(`${DOCKER_HUB}/library/${lower}`)} for the image`;
    return flaw("must begin with a registry", `write ${shown(`${DOCKER_HUB}/${lower}`)}${asImage}`);
  }
  if (isReachableRegistry(registry)) return undefined;
  return flaw("must begin with host, host:port or [IPv6]:port", AS_IMAGES);
}

function repositoryFlaw(registry: string, repository: string): PrefixFlaw | undefined {
  const colon = repository.indexOf(":");
  if (colon >= 0) {
    const name = repository.slice(0, colon);
    return flaw("must be without a tag", `write ${shown(`${registry}/${name}`)}: tags are kept as they are`);
  }
  if (isRepository(repository)) return undefined;
  const rule = "components of lower-case letters and digits, with one of . _ __ or dashes between them";
  return flaw(`must name a repository of at most ${MAX_REPOSITORY_LENGTH} characters`, rule);
}

/**
 * Reads `registry` or `registry/repository` as rules name them, in the form in which it is compared. Nothing is added
 * as it is for images: `docker.io/team` is what stands below `team`, and not the image `docker.io/library/team`.
 */
export function parsePrefix(text: unknown): string | PrefixFlaw {
  if (typeof text !== "string") return flaw("must be text", "write a registry, or a registry and a repository");
  const notation = notationFlaw(text);
  if (notation) return notation;
  const slash = text.indexOf("/");
  const written = slash < 0 ? text : text.slice(0, slash);
  const wrongRegistry = registryFlaw(text, written);
  if (wrongRegistry) return wrongRegistry;
  const registry = normalRegistry(written);
  if (slash < 0) return registry;
  const repository = text.slice(slash + 1);
  return repositoryFlaw(registry, repository) ?? `${registry}/${repository}`;
}

/** Whether a prefix is a name or one above it; borders are slashes, so `a.b/c` is not above `a.b/cd`. */
export function isAbove(prefix: string, name: string): boolean {
  return name.startsWith(prefix) && (name.length === prefix.length || name[prefix.length] === "/");
}

/** Whether some image stands below both. */
export const overlap = (a: string, b: string): boolean => isAbove(a, b) || isAbove(b, a);
