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

/** Logs in as a browser does: the form of the realm, the authorization code, PKCE. */
export async function logIn(options: LoginOptions): Promise<Login> {
  const { url, realm, clientId, secret, redirectUri, user, password } = options;
  const oidc = `${url}/realms/${realm}/protocol/openid-connect`;
  const verifier = randomBytes(32).toString("base64url");
  const query = new URLSearchParams({
    client_id: clientId,
    redirect_uri: redirectUri,
    response_type: "code",
    scope: "openid profile email",
    code_challenge: createHash("sha256").update(verifier).digest("base64url"),
    code_challenge_method: "S256",
  });
  const page = await fetch(`${oidc}/auth?${query}`, { redirect: "manual" });
  const action = /action="([^"]+)"/.exec(await page.text())?.[1]?.replaceAll("&amp;", "&");
  assert.ok(action, `no login form, but ${page.status} ${page.headers.get("location") ?? ""}`);
  const body = new URLSearchParams({ username: user, password });
  const sent = await fetch(action, { method: "POST", body, redirect: "manual", headers: { cookie: cookiesOf(page) } });
  const code = new URL(sent.headers.get("location") ?? "x:").searchParams.get("code");
  assert.ok(code, `no code, but ${sent.status} ${(await sent.text()).slice(0, 2_000)}`);
  const form = { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier };
  const asked = new URLSearchParams({ ...form, client_id: clientId, client_secret: secret });
  const tokens = (await (await fetch(`${oidc}/token`, { method: "POST", body: asked })).json()) as Record<
    string,
    string
  >;
  const access = tokens["access_token"] ?? "";
  const info = await fetch(`${oidc}/userinfo`, { headers: { authorization: `Bearer ${access}` } });
  return {
    idToken: claimsOf(tokens["id_token"] ?? ""),
    accessToken: claimsOf(access),
    userinfo: (await info.json()) as Claims,
  };
}
