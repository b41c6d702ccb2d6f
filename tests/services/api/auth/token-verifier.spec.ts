import assert from "node:assert/strict";
import { exportSPKI, importSPKI, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { SigningKeys } from "../../../../services/api/auth/signing-keys.ts";
import { TokenVerifier, type Verified } from "../../../../services/api/auth/token-verifier.ts";
import { ApiError } from "../../../../services/api/errors.ts";
import { claimsOf, ISSUER, Realm, signed, signingKey } from "../identity.ts";

const NOW = 1_800_000_000;

class Time {
  seconds = NOW;
  now = (): number => this.seconds * 1000;
  monotonicMs = (): number => this.seconds * 1000;
}

describe("tokens of people", () => {
  const open: Realm[] = [];
  afterEach(() => Promise.all(open.splice(0).map((realm) => realm.close())));

  async function setup() {
    const [first, second] = await Promise.all([signingKey("first"), signingKey("second")]);
    const realm = await Realm.of(first);
    open.push(realm);
    const time = new Time();
    const { keyFor } = new SigningKeys({ url: realm.url, fetch, clock: time });
    const verifier = new TokenVerifier({ issuer: ISSUER, audiences: ["carrel-api", "console"], keyFor, clock: time });
    const verify = async (own: JWTPayload = {}, key = first): Promise<Verified> =>
      verifier.verify(await signed({ ...claimsOf("ada", NOW), ...own }, key));
    return { first, second, realm, time, verifier, verify };
  }
  const ada: Verified = { ok: true, subject: "u-ada", userName: "ada" };
  const no = (reason: string): Verified => ({ ok: false, reason });

  const claims: readonly [what: string, own: JWTPayload, verified: Verified][] = [
    ["an access token", {}, ada],
    ["an ID token of the console", { typ: "ID", aud: "console" }, ada],
    ["another issuer's", { iss: `${ISSUER}2` }, no("ERR_JWT_CLAIM_VALIDATION_FAILED")],
    ["one for another audience", { aud: ["grafana", "account"] }, no("ERR_JWT_CLAIM_VALIDATION_FAILED")],
    ["one without an audience", { aud: [] }, no("ERR_JWT_CLAIM_VALIDATION_FAILED")],
    ["one that has just expired on another clock", { exp: NOW - 59 }, ada],
    ["one that has expired", { exp: NOW - 60 }, no("ERR_JWT_EXPIRED")],
    ["one that begins soon on another clock", { nbf: NOW + 60 }, ada],
    ["one that begins later", { nbf: NOW + 61 }, no("ERR_JWT_CLAIM_VALIDATION_FAILED")],
    ["a logout token", { typ: "Logout" }, no('a token of type "Logout" is for something else')],
    ["one bound to a key", { cnf: { jkt: "x" } }, no("the token is bound to a key")],
    ["one that names nobody", { preferred_username: "" }, no("the token names nobody")],
  ];
  for (const [what, own, verified] of claims) {
    it(`${verified.ok ? "takes" : "refuses"} ${what}`, async () => {
      const { verify } = await setup();
      assert.deepEqual(await verify(own), verified);
    });
  }

  it("refuses a token that nobody signed, and one that was signed with the public key as if it were a secret", async () => {
    const { first, verifier } = await setup();
    const body = claimsOf("root", NOW);
    assert.deepEqual(await verifier.verify(new UnsecuredJWT(body).encode()), no("ERR_JOSE_ALG_NOT_ALLOWED"));
    const { importJWK } = await import("jose");
    const pem = await exportSPKI((await importJWK(first.jwk, "RS256")) as Parameters<typeof exportSPKI>[0]);
    assert.ok(await importSPKI(pem, "RS256"));
    const forged = await new SignJWT(body)
      .setProtectedHeader({ alg: "HS256", kid: "first" })
      .sign(new TextEncoder().encode(pem));
    assert.deepEqual(await verifier.verify(forged), no("ERR_JOSE_ALG_NOT_ALLOWED"));
  });

  it("refuses a changed token and what is no token", async () => {
    const { first, verifier } = await setup();
    const [head, , signature] = (await signed(claimsOf("ada", NOW), first)).split(".");
    const body = Buffer.from(JSON.stringify(claimsOf("root", NOW))).toString("base64url");
    assert.deepEqual(
      await verifier.verify(`${head}.${body}.${signature}`),
      no("ERR_JWS_SIGNATURE_VERIFICATION_FAILED"),
    );
    assert.deepEqual(await verifier.verify("abc"), no("ERR_JWS_INVALID"));
  });

  it("takes a new key at once, and asks for no unknown one more often than every 5 s", async () => {
    const { second, realm, time, verify } = await setup();
    assert.deepEqual(await verify(), ada);
    assert.deepEqual(await verify({}, second), no("ERR_JWKS_NO_MATCHING_KEY"));
    realm.published = [...realm.published, second.jwk];
    assert.deepEqual(await verify({}, second), no("ERR_JWKS_NO_MATCHING_KEY"));
    assert.equal(realm.asked, 1);
    time.seconds += 5;
    assert.deepEqual(await verify({}, second), ada);
    assert.deepEqual(await verify(), ada);
    assert.equal(realm.asked, 2);
  });

  it("takes no key that was removed, once the keys are five minutes old", async () => {
    const { second, realm, time, verify } = await setup();
    assert.deepEqual(await verify(), ada);
    realm.published = [second.jwk];
    time.seconds += 300;
    assert.deepEqual(await verify({ exp: NOW + 999 }), ada);
    time.seconds += 1;
    assert.deepEqual(await verify({ exp: NOW + 999 }), no("ERR_JWKS_NO_MATCHING_KEY"));
    assert.deepEqual(await verify({ exp: NOW + 999 }, second), ada);
  });

  it("goes on with the keys it has for an hour while nobody answers, and then says so", async () => {
    const { realm, time, verify } = await setup();
    assert.deepEqual(await verify(), ada);
    realm.status = 503;
    time.seconds += 3600;
    assert.deepEqual(await verify({ exp: NOW + 9999 }), ada);
    time.seconds += 1;
    await assert.rejects(verify({ exp: NOW + 9999 }), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual(
        [error.code, error.message],
        ["UNAVAILABLE", "the keys that sign tokens are not known now: try again"],
      );
      return true;
    });
    realm.status = 200;
    time.seconds += 5;
    assert.deepEqual(await verify({ exp: NOW + 9999 }), ada);
  });

  it("asks once for however many wait", async () => {
    const { realm, verify } = await setup();
    await Promise.all([verify(), verify(), verify()]);
    assert.equal(realm.asked, 1);
  });
});
