import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

export interface LoginOptions {
  readonly url: string;
  readonly realm: string;
  readonly clientId: string;
  readonly secret: string;
  readonly redirectUri: string;
  readonly user: string;
  readonly password: string;
}

export type Claims = Readonly<Record<string, unknown>>;

/** What a client learns of somebody who logs in. */
export interface Login {
  readonly idToken: Claims;
  readonly accessToken: Claims;
  readonly userinfo: Claims;
}

const claimsOf = (token: string): Claims =>
  JSON.parse(Buffer.from(token.split(".")[1] ?? "", "base64url").toString("utf8")) as Claims;

const cookiesOf = (answer: Response): string =>
  answer.headers
    .getSetCookie()
    .map((cookie) => cookie.split(";")[0])
    .join("; ");

export type Client = Pick<LoginOptions, "realm" | "clientId" | "secret" | "redirectUri">;

/** A login that has begun: the form that a browser shows, and what it keeps of it. */
export interface LoginForm {
  /** Where the form goes, as Keycloak says it. */
  readonly action: string;
  readonly cookie: string;
  readonly verifier: string;
}

const oidcOf = (url: string, realm: string): string => `${url}/realms/${realm}/protocol/openid-connect`;

/** The form of the realm, for an authorization code with PKCE. */
export async function openForm(url: string, { realm, clientId, redirectUri }: Client): Promise<LoginForm> {
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid profile email",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const page = await fetch(`${oidcOf(url, realm)}/auth?${query}`, { redirect: "manual" });
  const action = /action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll("&amp;", "&");
  assert.ok(action, `no login form, but ${page.status} ${page.headers.get("location") ?? ""}`);
  return { action, cookie: cookiesOf(page), verifier };
}

/** Sends the form; answers the code. */
export async function sendForm(
  { action, cookie }: LoginForm,
  { user, password }: Pick<LoginOptions, "user" | "password">,
): Promise<string> {
  const body = new URLSearchParams({ username: user, password });
  const sent = await fetch(action, { method: "POST", body, redirect: "manual", headers: { cookie } });
  const code = new URL(sent.headers.get("location") ?? "x:").searchParams.get("code");
  assert.ok(code, `no code, but ${sent.status} ${(await sent.text()).slice(0, 2_000)}`);
  return code;
}

/** What a client gets for a code or for a refresh token, by the names of OAuth. */
export async function askTokens(
  url: string,
  { realm, clientId, secret }: Client,
  form: Readonly<Record<string, string>>,
): Promise<Record<string, string>> {
  const body = new URLSearchParams({ ...form, client_id: clientId, client_secret: secret });
  return (await (await fetch(`${oidcOf(url, realm)}/token`, { method: "POST", body })).json()) as Record<
    string,
    string
  >;
}

/** Whom Keycloak takes a token for. */
export async function userinfo(url: string, realm: string, accessToken: string): Promise<Claims> {
  const headers = { authorization: `Bearer ${accessToken}` };
  return (await (await fetch(`${oidcOf(url, realm)}/userinfo`, { headers })).json()) as Claims;
}

/** What is asked with for the tokens of a code. */
export const redeeming = (code: string, { verifier }: LoginForm, { redirectUri }: Client): Record<string, string> => ({
  grant_type: "authorization_code",
  code,
  redirect_uri: redirectUri,
  code_verifier: verifier,
});

/** Logs in as a browser does: the form of the realm, the authorization code, PKCE. */
export async function logIn(options: LoginOptions): Promise<Login> {
  const { url, realm } = options;
  const form = await openForm(url, options);
  const tokens = await askTokens(url, options, redeeming(await sendForm(form, options), form, options));
  const access = tokens["access_token"] ?? "";
  return {
    idToken: claimsOf(tokens["id_token"] ?? ""),
    accessToken: claimsOf(access),
    userinfo: await userinfo(url, realm, access),
  };
}
