import { createHash, randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import type { Visitor } from "./browser.ts";
import { fillLogin } from "./hub-pages.ts";
import type { Account } from "./identity.ts";

/** `https://NAME.HOST[:PORT]` of the platform whose hub is at `url`. */
export function publicUrl(url: string, name: "id" | "api" | "console"): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${name}.${host}`;
}

interface GraphqlAnswer {
  readonly data?: Readonly<Record<string, unknown>> | null;
  readonly errors?: readonly { readonly message: string }[];
}

/** The API as the console's pages use it: a token by the console's client with PKCE, calls by scripts of its origin. */
export class ConsoleSession {
  readonly #page: Page;
  readonly #token: string;
  readonly #api: string;

  private constructor(page: Page, token: string, api: string) {
    this.#page = page;
    this.#token = token;
    this.#api = api;
  }

  /** @param account who logs in; not needed by a visitor who has a session of the realm */
  static async open(visitor: Visitor, url: string, account?: Account): Promise<ConsoleSession> {
    const origin = publicUrl(url, "console");
    const page = await visitor.context.newPage();
    // An empty page in the place of the console's own.
    await page.route(`${origin}/**`, (route) => route.fulfill({ contentType: "text/html", body: "<!doctype html>" }));
    const verifier = randomBytes(32).toString("base64url");
    const oidc = `${publicUrl(url, "id")}/realms/carrel/protocol/openid-connect`;
    const query = new URLSearchParams({
      client_id: "console",
      redirect_uri: `${origin}/`,
      response_type: "code",
      scope: "openid",
      code_challenge: createHash("sha256").update(verifier).digest("base64url"),
      code_challenge_method: "S256",
    });
    await page.goto(`${oidc}/auth?${query}`);
    if (account !== undefined) await fillLogin({ ...visitor, page }, account);
    await page.waitForURL(`${origin}/**`);
    const code = new URL(page.url()).searchParams.get("code") ?? "";
    const form = { grant_type: "authorization_code", client_id: "console", redirect_uri: `${origin}/`, code };
    const body = new URLSearchParams({ ...form, code_verifier: verifier }).toString();
    const answer = await post(page, `${oidc}/token`, "application/x-www-form-urlencoded", body);
    const token = (answer as { access_token?: string }).access_token;
    if (token === undefined) throw new Error(`Keycloak gives no token: ${JSON.stringify(answer)}`);
    return new ConsoleSession(page, token, `${publicUrl(url, "api")}/graphql`);
  }

  /** @throws Error with what the API says is wrong */
  async ask<T>(query: string, variables: object = {}): Promise<T> {
    const body = JSON.stringify({ query, variables });
    const answer = (await post(this.#page, this.#api, "application/json", body, this.#token)) as GraphqlAnswer;
    if (answer.errors === undefined && answer.data) return answer.data as T;
    throw new Error(
      `the API says: ${answer.errors?.map(({ message }) => message).join("; ") ?? JSON.stringify(answer)}`,
    );
  }

  close(): Promise<void> {
    return this.#page.close();
  }
}

/** Sends by the page's own script, so that certificates and origins are checked as a browser does. */
function post(page: Page, to: string, type: string, body: string, token = ""): Promise<unknown> {
  return page.evaluate(
    async ([url = "", contentType = "", content = "", bearer = ""]) => {
      const authorization = bearer === "" ? {} : { authorization: `Bearer ${bearer}` };
      const headers = { "content-type": contentType, ...authorization };
      const response = await fetch(url, { method: "POST", headers, body: content });
      return (await response.json()) as unknown;
    },
    [to, type, body, token],
  );
}
