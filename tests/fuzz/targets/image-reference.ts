import assert from "node:assert/strict";
import {
  formatReference,
  type ImageReference,
  ImageReferenceError,
  parseReference,
} from "../../../services/lib/image-mirror/reference.ts";
import type { Target } from "../fuzzer.ts";

// The expressions of github.com/distribution/reference, regexp.go, as they are published.
const alphanumeric = "[a-z0-9]+";
const separator = "(?:[._]|__|[-]+)";
const domainNameComponent = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const tag = "[\\w][\\w.-]{0,127}";
const digestPat = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*[:][0-9A-Fa-f]{32,}";
const ipv6address = "\\[(?:[a-fA-F0-9:]+)\\]";
const domainName = `${domainNameComponent}(?:\\.${domainNameComponent})*`;
const domainAndPort = `(?:${domainName}|${ipv6address})(?::[0-9]+)?`;
const pathComponent = `${alphanumeric}(?:${separator}${alphanumeric})*`;
const remoteName = `${pathComponent}(?:/${pathComponent})*`;
const namePat = `(?:${domainAndPort}/)?${remoteName}`;
const referenceRegexp = new RegExp(`^(${namePat})(?::(${tag}))?(?:@(${digestPat}))?$`);
const anchoredNameRegexp = new RegExp(`^(?:(${domainAndPort})/)?(${remoteName})$`);
/** Of opencontainers/go-digest: the algorithms that are available, and their lengths. */
const digestRegexp = /^(?:sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128})$/;
const MAX_PATH = 255;
/** A host name of 253 characters and a port: beyond it nothing can be reached, and ours takes nothing. */
const MAX_REGISTRY = 259;

/** `splitDockerDomain` of normalize.go. */
function splitDockerDomain(name: string): readonly [domain: string, remainder: string] {
  const slash = name.indexOf("/");
  if (slash < 0) return ["docker.io", `library/${name}`];
  const [first, rest] = [name.slice(0, slash), name.slice(slash + 1)];
  const isDomain = first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first;
  const domain = first === "index.docker.io" || !isDomain ? "docker.io" : first;
  const remainder = isDomain ? rest : name;
  return [domain, domain === "docker.io" && !remainder.includes("/") ? `library/${remainder}` : remainder];
}

/** `ParseNormalizedNamed` of normalize.go: name, tag and digest; nothing for what it refuses. */
function normalised(image: string): readonly [name: string, tag?: string, digest?: string] | undefined {
  if (/^[a-f0-9]{64}$/.test(image)) return undefined;
  const [domain, remainder] = splitDockerDomain(image);
  const [remote = ""] = remainder.split(":", 1);
  if (remote.toLowerCase() !== remote) return undefined;
  const match = referenceRegexp.exec(`${domain}/${remainder}`);
  if (!match) return undefined;
  const [, name = "", ofTag, ofDigest] = match;
  const path = anchoredNameRegexp.exec(name)?.[2] ?? name;
  if (path.length > MAX_PATH || (ofDigest !== undefined && !digestRegexp.test(ofDigest))) return undefined;
  return [name, ofTag, ofDigest];
}

function parsed(image: string): ImageReference | ImageReferenceError {
  try {
    return parseReference(image);
  } catch (error) {
    assert.ok(error instanceof ImageReferenceError, `${error}`);
    assert.doesNotMatch(error.message, /[\p{Cc}\p{Cs}]/u);
    return error;
  }
}

/**
 * A name whose registry has an underscore is all path for the published expressions, and too long as a whole where ours
 * measures the repository alone: no registry can be reached by such a name.
 */
const isLongWithoutDomain = (image: string): boolean => /^[^/]*_[^/]*\//.test(image) && image.length > MAX_PATH;

/** Names are compared in lower case, as registries are, and with one name for Docker Hub. */
const nameOf = (name: string): string => name.toLowerCase().replace(/^index\.docker\.io\//, "docker.io/");

/** Registries that `ParseNormalizedNamed` writes as they come are Docker Hub for ours, whose names have `library/`. */
function isHubInOtherWriting(image: string): boolean {
  const [first = ""] = image.split("/", 1);
  const lower = first.toLowerCase();
  return first !== lower && (lower === "docker.io" || lower === "index.docker.io");
}

const registryKinds: readonly (readonly [RegExp, string])[] = [
  [/^docker\.io$/, "Docker Hub"],
  [/^localhost/, "localhost"],
  [/^\[/, "IPv6"],
  [/_/, "underscore"],
  [/[A-Z]/, "capital"],
];

/** The kind of the registry, how many components there are, and what stands behind them. */
function formOf({ registry, repository, tag: ofTag, digest }: ImageReference): string {
  const kind = registryKinds.find(([pattern]) => pattern.test(registry))?.[1] ?? "other";
  const port = /:\d+$/.test(registry) ? " with port" : "";
  const separators = ["__", "--", "_", "-", "."].find((each) => repository.includes(each)) ?? "";
  const components = Math.min(3, repository.split("/").length);
  return `${kind}${port} ${components}${separators} ${ofTag !== undefined} ${digest?.split(":", 1)}`;
}

export const imageReference: Target = {
  name: "image-reference",
  isJson: false,
  dictionary: [
    ...["/", ":", "@", ".", "-", "_", "__", "..", "//", "::", "localhost", "docker.io", "index.docker.io", "library/"],
    ...["[::1]", ":5000", ":latest", "@sha256:", "@sha512:", "a".repeat(64), "ab".repeat(32), "A", "Team/", "https://"],
    ...["x".repeat(127), "quay.io/", "f".repeat(96)],
  ],
  check: (image) => {
    const got = parsed(image);
    const slash = image.indexOf("/");
    // Beyond these lengths ours is stricter, and the published expressions take too long.
    if (image.length > 700) return "long";
    const wanted = normalised(image);
    if (got instanceof ImageReferenceError) {
      const isStricter = slash > MAX_REGISTRY;
      assert.ok(wanted === undefined || isStricter, `refused for its ${got.fault}, taken by the kubelet as ${wanted}`);
      return `${got.fault} ${/^[\w./:@-]*$/.test(image)}`;
    }
    const again = parseReference(formatReference(got));
    assert.deepEqual(again, got, "not the same when it is read again");
    if (isHubInOtherWriting(image)) return "Docker Hub in other writing";
    if (isLongWithoutDomain(image)) return "long with an underscore";
    assert.ok(wanted, "refused by the kubelet");
    const [name, ofTag, ofDigest] = wanted;
    const ours = [nameOf(`${got.registry}/${got.repository}`), got.tag, got.digest];
    assert.deepEqual(ours, [nameOf(name), ofTag, ofDigest]);
    return `taken ${formOf(got)}`;
  },
};
