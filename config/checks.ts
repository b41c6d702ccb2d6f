import { isIP, isIPv4, isIPv6 } from "node:net";
import { parseCidr } from "./cidr.ts";

/** What is wrong with a value. `wrong` never repeats the value; `fix` may, and is not shown for secrets. */
export interface Flaw {
  readonly wrong: string;
  /** A remedy for this very value; without it the key's general one is given. */
  readonly fix?: string;
}

/** Answers the first thing that is wrong with a value, if anything is. */
export type Check<T> = (value: T) => Flaw | undefined;

const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const REPOSITORY = /^[a-z0-9]+((\.|_|__|-+|\/)[a-z0-9]+)*$/;
const IMAGE = /^(?<registry>[^/]+)\/(?<repository>[^:@]+)(?::\w[\w.-]{0,127})?(?<digest>@sha256:[a-f0-9]{64})?$/;

const isLabel = (text: string): boolean => LABEL.test(text);

const isDnsName = (text: string): boolean =>
  text.length <= 253 && text.split(".").every(isLabel) && !/(^|\.)\d+$/.test(text);

const withoutBrackets = (text: string): string => text.replace(/^\[(.*)\]$/, "$1");

/** The host of `host[:port]`, or undefined when it is not of that form. */
function registryHostOf(registry: string): string | undefined {
  const [, host = "", port = "443"] = /^(\[[^\]]*\]|[^:]*)(?::(\d{1,5}))?$/.exec(registry) ?? [];
  const isHost = host.startsWith("[") ? isIPv6(withoutBrackets(host)) : isIPv4(host) || isDnsName(host);
  return isHost && Number(port) >= 1 && Number(port) <= 65535 ? withoutBrackets(host) : undefined;
}

const privateRanges = [
  ...["10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"],
  ...["::1/128", "fc00::/7", "fe80::/10"],
].flatMap((range) => parseCidr(range) ?? []);

/** Whether a registry is one that only a private network or this machine reaches. */
export function isPrivateRegistry(registry: string): boolean {
  const host = registryHostOf(registry);
  if (host === undefined) return false;
  if (isIP(host) === 0) return !host.includes(".") || /\.(localhost|local|internal|home\.arpa|svc)$/.test(host);
  return privateRanges.some(
    ({ network, version, prefixLength }) =>
      isIP(host) === version && parseCidr(`${host}/${prefixLength}`)?.network === network,
  );
}

/** The name by which users open the platform: one plain DNS name. */
export const checkHost: Check<string> = (host) => {
  const scheme = /^[a-z][a-z0-9+.-]*:\/\//i.exec(host)?.[0];
  if (scheme) return { wrong: "must be a host name without a scheme", fix: `leave out "${scheme}"` };
  if (isIP(withoutBrackets(host)) !== 0) return { wrong: "must be a DNS name, not an IP address" };
  if (host.includes("/"))
    return { wrong: "must be a host name without a path", fix: "leave out the slash and the rest" };
  if (host.includes("*")) return { wrong: "must be one host name, not a wildcard" };
  if (/:\d*$/.test(host))
    return { wrong: "must be a host name without a port", fix: "leave out the colon and the port" };
  const lower = host.toLowerCase();
  if (lower !== host) return { wrong: "must be in lower case", fix: `write "${lower}"` };
  return isDnsName(host) ? undefined : { wrong: "must be a DNS name of at most 253 characters" };
};

/** Namespaces are `PREFIX-ROLE`, and have to fit into a label of 63 characters together with what is appended to them. */
export const checkPrefix: Check<string> = (prefix) => {
  if (prefix.length > 40 || !isLabel(prefix)) return { wrong: "must be a DNS label of at most 40 characters" };
  return /^kube(-|$)/.test(prefix)
    ? {
        wrong: "must not begin with kube, because kube-system belongs to Kubernetes",
        fix: "choose another, as in carrel",
      }
    : undefined;
};

/** Names of labs, as `LAB_NAME` allows them. */
export const checkLabName: Check<string> = (name) =>
  /^[a-z][a-z0-9-]{0,19}$/.test(name)
    ? undefined
    : { wrong: "must be 1 to 20 lower-case letters, digits and dashes, beginning with a letter" };

export const checkNotEmpty: Check<string> = (text) => (text.trim() === "" ? { wrong: "must not be empty" } : undefined);

/** A registry as image references name it. */
export const checkRegistry: Check<string> = (registry) => {
  const scheme = /^[a-z]+:\/\//i.exec(registry)?.[0];
  if (scheme) return { wrong: "must be host[:port] without a scheme", fix: `leave out "${scheme}"` };
  if (registry.includes("/")) {
    return { wrong: "must be host[:port] without a path", fix: "move the path to carrel:images.repositoryPrefix" };
  }
  return registryHostOf(registry) === undefined ? { wrong: "must be host[:port]" } : undefined;
};

export const checkRepository: Check<string> = (repository) =>
  repository.length <= 128 && REPOSITORY.test(repository)
    ? undefined
    : { wrong: "must be a repository path of at most 128 characters" };

/** An image that can never change under its name. */
export const checkPinnedImage: Check<string> = (image) => {
  const { registry = "", repository = "", digest } = IMAGE.exec(image)?.groups ?? {};
  if (registryHostOf(registry) === undefined || !REPOSITORY.test(repository)) {
    return { wrong: "must be an image of the form host/repository[:tag]@sha256:DIGEST" };
  }
  return digest === undefined
    ? {
        wrong: "must name the image by digest, because a tag can move",
        fix: `append the @sha256:... that \`crane digest ${image}\` prints`,
      }
    : undefined;
};

/** A range from which webhook calls are accepted. */
export const checkCallerCidr: Check<string> = (text) => {
  const cidr = parseCidr(text);
  if (cidr === undefined) return { wrong: "must be a range of IP addresses as ADDRESS/LENGTH" };
  if (cidr.hasHostBits) return { wrong: "must have no bits set behind the prefix", fix: `write "${cidr.network}"` };
  return cidr.prefixLength === 0
    ? { wrong: "must not be every address, because every pod could then call the webhook" }
    : undefined;
};

export const checkServiceAccount: Check<string> = (text) => {
  const bare = text.replace(/^system:serviceaccount:/, "");
  const [namespace = "", name = "", ...rest] = bare.split(":");
  const isValid = rest.length === 0 && isLabel(namespace) && name.length <= 253 && name.split(".").every(isLabel);
  if (!isValid) return { wrong: "must be NAMESPACE:NAME of a service account" };
  return bare === text ? undefined : { wrong: "must be NAMESPACE:NAME of a service account", fix: `write "${bare}"` };
};

export const checkContainerName: Check<string> = (name) =>
  isLabel(name) ? undefined : { wrong: "must be a container's name, a DNS label of at most 63 characters" };

export const checkWholeNumber =
  (from: number, to: number): Check<number> =>
  (value) =>
    Number.isInteger(value) && value >= from && value <= to
      ? undefined
      : { wrong: `must be a whole number from ${from} to ${to}` };
