import { type Clock, systemClock } from "../clock.ts";
import { KeycloakError } from "./errors.ts";
import { type Credentials, type TokenAnswer, TokenSource } from "./token-source.ts";

export type { Credentials } from "./token-source.ts";

export interface KeycloakOptions {
  /** Where Keycloak is reached, without `/realms`. */
  readonly url: string;
  /** The realm that paths are below. */
  readonly realm: string;
  readonly credentials: Credentials;
  /** For one request with its answer. @default 10000 */
  readonly timeoutMs?: number;
  readonly clock?: Clock;
}

type QueryValue = string | number | boolean;
/** A list is written as the same parameter again and again. */
export type Query = Readonly<Record<string, QueryValue | readonly string[] | undefined>>;

export interface KeycloakRequest {
  readonly query?: Query;
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** In place of the client's. */
  readonly timeoutMs?: number | undefined;
}

interface Sent extends Pick<KeycloakRequest, "signal" | "timeoutMs"> {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

const DEFAULT_TIMEOUT_MS = 10_000;
/** A realm is hundreds of rows in one transaction; asked for again meanwhile, it fails. */
const REALM_TIMEOUT_MS = 180_000;
const PAGE = 500;

/** A path whose values are escaped, as in ``path`/groups/${id}` ``. */
export const path = (parts: TemplateStringsArray, ...values: readonly string[]): string =>
  String.raw({ raw: parts.map(String) }, ...values.map(encodeURIComponent));

function withQuery(url: string, query: Query = {}): string {
  const set = Object.entries(query).flatMap(([key, value]): [string, string][] =>
    [value ?? []].flat().map((one) => [key, String(one)]),
  );
  return set.length === 0 ? url : `${url}?${new URLSearchParams(set)}`;
}

/** Milliseconds; a date is of no use to somebody with another clock. */
function retryAfterMs(headers: Headers): number | undefined {
  const value = headers.get("retry-after") ?? "";
  return /^\d+$/.test(value) ? Number(value) * 1000 : undefined;
}

/** What Keycloak says is wrong; it uses three names for it. */
function complaintOf(body: unknown): string {
  if (typeof body !== "object" || body === null) return "";
  const { errorMessage, error_description, error } = body as Readonly<Record<string, unknown>>;
  const text = [errorMessage, error_description, error].find((one) => typeof one === "string" && one !== "");
  return text === undefined ? "" : `: ${String(text).slice(0, 300)}`;
}

/** The kept connection was closed under the request: what only reads may be asked again at once. */
function isCutOff(error: unknown): boolean {
  const code = error instanceof KeycloakError ? (error.cause as { cause?: { code?: string } })?.cause?.code : undefined;
  return code === "ECONNRESET" || code === "UND_ERR_SOCKET" || code === "EPIPE";
}

/** Keycloak's Admin API for one realm: JSON verbs, pages, and a token that renews itself. Every request has a deadline. */
export class KeycloakClient {
  readonly url: string;
  readonly realm: string;
  readonly clientId: string;
  readonly #timeoutMs: number;
  readonly #tokens: TokenSource;

  constructor({ url, realm, credentials, timeoutMs, clock = systemClock }: KeycloakOptions) {
    this.url = url.replace(/\/$/, "");
    this.realm = realm;
    this.clientId = credentials.clientId;
    this.#timeoutMs = timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#tokens = new TokenSource(credentials, (tokenRealm, form) => this.#askToken(tokenRealm, form), clock);
  }

  /** @throws KeycloakError */
  async get<T>(at: string, query?: Query, signal?: AbortSignal): Promise<T> {
    return (await this.request("GET", at, { ...(query === undefined ? {} : { query }), signal })).body as T;
  }

  /** @returns the id of what was made, where Keycloak tells it @throws KeycloakError */
  async post(at: string, body: unknown): Promise<string | undefined> {
    const { headers } = await this.request("POST", at, { body });
    return headers.get("location")?.split("/").pop();
  }

  /** @throws KeycloakError */
  async put(at: string, body?: unknown): Promise<void> {
    await this.request("PUT", at, { body });
  }

  /** @throws KeycloakError */
  async delete(at: string, body?: unknown): Promise<void> {
    await this.request("DELETE", at, { body });
  }

  /** Everything that a collection holds, page by page. @throws KeycloakError */
  async all<T>(at: string, query: Query = {}, signal?: AbortSignal): Promise<T[]> {
    const items: T[] = [];
    for (;;) {
      const page = await this.get<T[]>(at, { ...query, first: items.length, max: PAGE }, signal);
      for (const item of page) items.push(item);
      if (page.length < PAGE) return items;
    }
  }

  /** Whether the credentials are taken. @throws KeycloakError unless they are refused */
  async isKnown(): Promise<boolean> {
    try {
      await this.#tokens.token();
      return true;
    } catch (error) {
      // 403: the realm is there, but disabled, as one that somebody made and did not finish.
      if (error instanceof KeycloakError && [400, 401, 403, 404].includes(error.status)) return false;
      throw error;
    }
  }

  /** Takes a new token next time, as after rights were given. */
  async renew(): Promise<void> {
    this.#tokens.forget(await this.#tokens.token());
  }

  /** Makes a realm; who asks has to be of the realm `master`. @throws KeycloakError */
  async createRealm(settings: { readonly realm: string; readonly enabled: boolean }): Promise<void> {
    await this.#request("POST", "/admin/realms", { body: settings, timeoutMs: REALM_TIMEOUT_MS });
    // Its maker has rights in it, which only a later token tells.
    await this.renew();
  }

  /** @param at below the realm @throws KeycloakError for what is no success, and for no answer */
  request(method: string, at: string, request: KeycloakRequest = {}): Promise<Answer> {
    return this.#request(method, `/admin/realms/${encodeURIComponent(this.realm)}${at}`, request);
  }

  async #request(method: string, where: string, { query, body, signal, timeoutMs }: KeycloakRequest): Promise<Answer> {
    const text = body === undefined ? undefined : JSON.stringify(body);
    for (let isFirst = true; ; isFirst = false) {
      const token = await this.#tokens.token();
      const headers = {
        authorization: `Bearer ${token}`,
        ...(text === undefined ? {} : { "content-type": "application/json" }),
      };
      const sent = this.#send(method, withQuery(where, query), { headers, body: text, signal, timeoutMs });
      const answer = await sent.catch((error: unknown) => {
        if (isFirst && method === "GET" && isCutOff(error)) return undefined;
        throw error;
      });
      if (answer === undefined) continue;
      if (answer.status < 300) return answer;
      // A token outlives neither the keys that signed it nor the session of a restarted server.
      if (answer.status === 401) this.#tokens.forget(token);
      if (answer.status !== 401 || !isFirst) throw this.#failure(method, where, answer);
    }
  }

  async #askToken(realm: string, form: Readonly<Record<string, string>>): Promise<TokenAnswer> {
    const where = `/realms/${encodeURIComponent(realm)}/protocol/openid-connect/token`;
    const headers = { "content-type": "application/x-www-form-urlencoded" };
    const answer = await this.#send("POST", where, { headers, body: new URLSearchParams(form).toString() });
    if (answer.status < 300) return answer.body as TokenAnswer;
    const { status } = answer;
    const options = { status, retryAfterMs: retryAfterMs(answer.headers) };
    if (status === 404)
      throw new KeycloakError(`Keycloak at ${this.url} has no realm "${realm}": make it first`, options);
    if (status !== 400 && status !== 401) throw this.#failure("POST", where, answer);
    throw new KeycloakError(
      `Keycloak at ${this.url} refuses client "${form["client_id"]}" of realm "${realm}"${complaintOf(answer.body)}: check the client and its secret`,
      options,
    );
  }

  #failure(method: string, where: string, { status, headers, body }: Answer): KeycloakError {
    const options = { status, retryAfterMs: retryAfterMs(headers) };
    if (status === 403) {
      const hint = "give its service account the role of realm-management that allows it";
      return new KeycloakError(`client "${this.clientId}" may not ${method} ${where}: ${hint}`, options);
    }
    if (status < 400) {
      const to = headers.get("location") ?? "nowhere";
      return new KeycloakError(
        `${this.url} redirects ${method} ${where} to ${to}: write where Keycloak itself is`,
        options,
      );
    }
    return new KeycloakError(`Keycloak answers ${status} to ${method} ${where}${complaintOf(body)}`, options);
  }

  async #send(
    method: string,
    where: string,
    { headers, body, signal, timeoutMs = this.#timeoutMs }: Sent,
  ): Promise<Answer> {
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(`${this.url}${where}`, {
        method,
        headers: { accept: "application/json", ...headers },
        ...(body === undefined ? {} : { body }),
        signal: signal === undefined ? deadline : AbortSignal.any([deadline, signal]),
        // A redirect would carry the token or the secret to a place that nobody has checked.
        redirect: "manual",
      });
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.includes("json") === true && text !== "";
      return {
        status: response.status,
        headers: response.headers,
        body: isJson ? JSON.parse(text) : text,
      };
    } catch (cause) {
      const plain = where.split("?")[0];
      const why = deadline.aborted ? ` within ${timeoutMs} ms` : "";
      throw new KeycloakError(
        `Keycloak at ${this.url} does not answer ${method} ${plain}${why}: see whether it runs and is reachable from here`,
        { status: 0, cause },
      );
    }
  }
}
