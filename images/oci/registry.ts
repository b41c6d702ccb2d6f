import { openAsBlob } from "node:fs";
import { stat } from "node:fs/promises";
import { reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { type Blob, type Descriptor, type Digest, digestOf, mediaTypes } from "./content.ts";
import { type Credentials, credentialsFor } from "./credentials.ts";

export interface RegistryAccess {
  /** `host` or `host:port`. */
  readonly host: string;
  /** HTTP without TLS, for the registry of a lab. */
  readonly plainHttp?: boolean;
  readonly credentials?: (host: string) => Promise<Credentials | undefined>;
}

interface Call {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: NonNullable<RequestInit["body"]>;
  /** How large the body is; what is large takes longer. */
  readonly bodyBytes?: number;
  /** What the token has to allow, e.g. `repository:carrel/admission:pull,push`. */
  readonly scope: string;
}

const TIMEOUT_MS = 60_000;
/** The slowest upload that is waited for. */
const SLOWEST_BYTES_PER_MS = 1_000;
const manifestTypes = [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest];

/** Reads `Bearer realm="...",service="..."`. */
function challengeOf(header: string): { scheme: string; parameters: Record<string, string> } {
  const [scheme = "", ...rest] = header.split(" ");
  const pairs = [...rest.join(" ").matchAll(/(\w+)="([^"]*)"/g)].map(
    ([, key = "", value = ""]) => [key, value] as const,
  );
  return { scheme: scheme.toLowerCase(), parameters: Object.fromEntries(pairs) };
}

const basic = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

async function reach(url: string | URL, what: string, init: RequestInit, bodyBytes = 0): Promise<Response> {
  try {
    const timeoutMs = TIMEOUT_MS + Math.ceil(bodyBytes / SLOWEST_BYTES_PER_MS);
    return await fetch(url, { ...init, signal: AbortSignal.timeout(timeoutMs) });
  } catch (error) {
    throw new UserError(
      "registry-unreachable",
      `${what} cannot be reached (${reasonOf(error)}): start it, or correct images.registry`,
      { cause: error },
    );
  }
}

/** A blob to push; one that is large and may be mounted gives its bytes on demand, or stays in its file. */
export type PushedBlob = { readonly digest: Digest } & (
  | { readonly bytes: Buffer | (() => Promise<Buffer>) }
  | { readonly file: string }
);

async function bodyOf(blob: PushedBlob): Promise<Required<Pick<Call, "body" | "bodyBytes">>> {
  if ("file" in blob) return { body: await openAsBlob(blob.file), bodyBytes: (await stat(blob.file)).size };
  const bytes = typeof blob.bytes === "function" ? await blob.bytes() : blob.bytes;
  return { body: new Uint8Array(bytes), bodyBytes: bytes.length };
}

/** A registry by the distribution protocol: manifests, blobs, mounts, and the tokens that they need. */
export class Registry {
  readonly host: string;
  readonly #base: string;
  readonly #credentials: (host: string) => Promise<Credentials | undefined>;
  readonly #authorization = new Map<string, string>();

  constructor(access: RegistryAccess) {
    this.host = access.host;
    this.#base = `${access.plainHttp ? "http" : "https"}://${access.host}`;
    this.#credentials = access.credentials ?? credentialsFor;
  }

  /** A manifest or index, checked against its digest. @throws UserError when it is not there */
  async manifest(repository: string, reference: string): Promise<Blob> {
    const response = await this.#call({
      method: "GET",
      url: `/v2/${repository}/manifests/${reference}`,
      headers: { accept: manifestTypes.join(", ") },
      scope: `repository:${repository}:pull`,
    });
    const bytes = await this.#ok(response, `manifest ${repository}@${reference}`);
    const mediaType = (response.headers.get("content-type") ?? "").split(";")[0] ?? "";
    return this.#checked({ mediaType, digest: digestOf(bytes), bytes }, reference, repository);
  }

  async blob(repository: string, digest: Digest): Promise<Buffer> {
    const response = await this.#call({
      method: "GET",
      url: `/v2/${repository}/blobs/${digest}`,
      scope: `repository:${repository}:pull`,
    });
    const bytes = await this.#ok(response, `blob ${repository}@${digest}`);
    return this.#checked({ mediaType: "", digest: digestOf(bytes), bytes }, digest, repository).bytes;
  }

  hasManifest(repository: string, reference: string): Promise<boolean> {
    return this.#has(repository, `manifests/${reference}`, { accept: manifestTypes.join(", ") });
  }

  hasBlob(repository: string, digest: Digest): Promise<boolean> {
    return this.#has(repository, `blobs/${digest}`);
  }

  /**
   * Uploads a blob unless it is there; a blob that another repository has is mounted instead.
   * @param blob its bytes are asked for only when they have to be sent
   */
  async pushBlob(repository: string, blob: PushedBlob, from?: string): Promise<void> {
    if (await this.hasBlob(repository, blob.digest)) return;
    const mount = from === undefined ? "" : `?mount=${blob.digest}&from=${encodeURIComponent(from)}`;
    const source = from === undefined ? "" : ` repository:${from}:pull`;
    const scope = `repository:${repository}:pull,push${source}`;
    const begun = await this.#call({ method: "POST", url: `/v2/${repository}/blobs/uploads/${mount}`, scope });
    await this.#ok(begun, `upload to ${repository}`);
    if (begun.status === 201) return;
    const location = new URL(begun.headers.get("location") ?? "", this.#base);
    location.searchParams.set("digest", blob.digest);
    const stored = await this.#call({
      method: "PUT",
      url: location.href,
      headers: { "content-type": "application/octet-stream" },
      ...(await bodyOf(blob)),
      scope,
    });
    await this.#ok(stored, `blob ${repository}@${blob.digest}`);
  }

  async pushManifest(repository: string, manifest: Blob, tag?: string): Promise<void> {
    const response = await this.#call({
      method: "PUT",
      url: `/v2/${repository}/manifests/${tag ?? manifest.digest}`,
      headers: { "content-type": manifest.mediaType },
      ...(await bodyOf(manifest)),
      scope: `repository:${repository}:pull,push`,
    });
    await this.#ok(response, `manifest ${repository}@${manifest.digest}`);
  }

  /** The descriptors that refer to a manifest, by the fallback tag where the registry has no referrers API. */
  async referrers(repository: string, digest: Digest): Promise<readonly Descriptor[]> {
    const tag = digest.replace(":", "-");
    if (!(await this.hasManifest(repository, tag))) return [];
    const { bytes } = await this.manifest(repository, tag);
    return (JSON.parse(bytes.toString("utf8")) as { manifests?: readonly Descriptor[] }).manifests ?? [];
  }

  async #has(repository: string, path: string, headers: Readonly<Record<string, string>> = {}): Promise<boolean> {
    const scope = `repository:${repository}:pull`;
    const response = await this.#call({ method: "HEAD", url: `/v2/${repository}/${path}`, headers, scope });
    if (response.status === 404) return false;
    await this.#ok(response, `${repository} ${path}`);
    return true;
  }

  #checked(blob: Blob, wanted: string, repository: string): Blob {
    if (!wanted.startsWith("sha256:") || wanted === blob.digest) return blob;
    throw new UserError(
      "registry-digest",
      `registry ${this.host} answered ${repository}@${wanted} with content of digest ${blob.digest}: do not trust this registry, or push the image again`,
    );
  }

  async #ok(response: Response, what: string): Promise<Buffer> {
    const bytes = Buffer.from(await response.arrayBuffer());
    if (response.ok) return bytes;
    const remedy: Record<number, string> = {
      401: "log in with `docker login` or set DOCKER_CONFIG",
      403: "ask for access to this repository",
      404: "push it first, or correct the reference",
    };
    throw new UserError(
      "registry",
      `registry ${this.host} answered ${response.status} for ${what}: ${remedy[response.status] ?? "see the registry's log"}`,
    );
  }

  async #call(call: Call): Promise<Response> {
    const first = await this.#fetch(call, this.#authorization.get(call.scope));
    if (first.status !== 401) return first;
    const authorization = await this.#login(first.headers.get("www-authenticate") ?? "", call.scope);
    if (authorization === undefined) return first;
    await first.arrayBuffer();
    this.#authorization.set(call.scope, authorization);
    return this.#fetch(call, authorization);
  }

  async #fetch(call: Call, authorization: string | undefined): Promise<Response> {
    const url = new URL(call.url, this.#base);
    // A registry may send an upload elsewhere; that place gets the bytes, and never the token.
    const isOurs = url.origin === new URL(this.#base).origin;
    const init = {
      method: call.method,
      headers: { ...call.headers, ...(authorization === undefined || !isOurs ? {} : { authorization }) },
      ...(call.body === undefined ? {} : { body: call.body }),
    };
    return reach(url, `registry ${this.host}`, init, call.bodyBytes);
  }

  async #login(header: string, scope: string): Promise<string | undefined> {
    const { scheme, parameters } = challengeOf(header);
    const credentials = await this.#credentials(this.host);
    if (scheme === "basic") return credentials && basic(credentials);
    if (scheme !== "bearer" || parameters["realm"] === undefined) return undefined;
    const url = new URL(parameters["realm"]);
    for (const each of scope.split(" ")) url.searchParams.append("scope", each);
    if (parameters["service"] !== undefined) url.searchParams.set("service", parameters["service"]);
    const response = await reach(url, `token server ${url.host} of registry ${this.host}`, {
      headers: credentials ? { authorization: basic(credentials) } : {},
    });
    if (!response.ok) return undefined;
    const answer = (await response.json()) as { token?: string; access_token?: string };
    const token = answer.token ?? answer.access_token;
    return token === undefined ? undefined : `Bearer ${token}`;
  }
}
