import { isIPv6 } from "node:net";

/** Where an image without a registry comes from. */
export const DOCKER_HUB = "docker.io";
/** Docker Hub's first name, which the runtime still takes for it. */
const LEGACY_DOCKER_HUB = "index.docker.io";
/** Docker Hub's repositories of one component stand below this one. */
const OFFICIAL = "library";

/** The longest repository that a registry has to accept, without its registry. */
export const MAX_REPOSITORY_LENGTH = 255;
/** A DNS name of 253 characters with a port; nothing longer can be reached. */
export const MAX_REGISTRY_LENGTH = 259;
const MAX_SHOWN = 100;

// No two ways lead through any of these patterns, so that refusing a text takes time linear in its length.
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const HOST = /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*)$/;
const REGISTRY = /^(?<host>[^:[\]]+|\[[a-fA-F0-9:]+\])(?::(?<port>[0-9]+))?$/;

/** JSON leaves these as they are, but in a log they break lines, or hide. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** A value as messages show it: on one line, every character visible, and cut where nobody would read on. */
export function shown(value: unknown): string {
  const isText = typeof value === "string";
  const json = String(JSON.stringify(isText ? value.slice(0, MAX_SHOWN) : value));
  const text = json.replaceAll(UNSEEN, (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`);
  if (isText) return value.length > MAX_SHOWN ? `${text}...` : text;
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** Whether the part before the first slash is a registry, and not the first component of a repository on Docker Hub. */
export function isRegistryPart(part: string): boolean {
  return part === "localhost" || /[.:A-Z]/.test(part);
}

/** Hosts are the same in either case, and Docker Hub's two names are one. */
export function normalRegistry(registry: string): string {
  const lower = registry.toLowerCase();
  if (lower === LEGACY_DOCKER_HUB) return DOCKER_HUB;
  // `Team/app` names a registry only by its capital: in lower case it would be a repository on Docker Hub.
  return isRegistryPart(lower) ? lower : registry;
}

/** What the runtime takes for a registry, whether or not it can be reached. */
export function isRegistry(registry: string): boolean {
  if (registry.length > MAX_REGISTRY_LENGTH) return false;
  const host = REGISTRY.exec(registry)?.groups?.["host"];
  // Underscores are in no host name, but the grammar of repositories lets them through where there is no port.
  return (host !== undefined && (host.startsWith("[") || HOST.test(host))) || PATH.test(registry);
}

/** What can be reached: the stricter rule for registries that operators write. */
export function isReachableRegistry(registry: string): boolean {
  if (registry.length > MAX_REGISTRY_LENGTH) return false;
  const { host, port = "443" } = REGISTRY.exec(registry)?.groups ?? {};
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return false;
  return host.startsWith("[") ? isIPv6(host.slice(1, -1)) : HOST.test(host);
}

/** Path components with slashes between them; a length within the limit keeps the test short. */
export function isRepository(repository: string): boolean {
  return repository.length <= MAX_REPOSITORY_LENGTH && REPOSITORY.test(repository);
}

/** Docker Hub's `nginx` is `library/nginx`; every other repository is what it says. */
export function normalRepository(registry: string, repository: string): string {
  return registry === DOCKER_HUB && !repository.includes("/") ? `${OFFICIAL}/${repository}` : repository;
}
