import assert from "node:assert/strict";
import { type TokenAnswer, TokenSource } from "../../../../services/lib/keycloak/token-source.ts";

describe("TokenSource", () => {
  let ms = 0;
  let asked: string[] = [];
  let answer: () => Promise<TokenAnswer>;
  let secret = "s";
  beforeEach(() => {
    ms = 0;
    asked = [];
    secret = "s";
    answer = async () => ({ access_token: `t${asked.length}`, expires_in: 300 });
  });
  const source = (): TokenSource =>
    new TokenSource(
      { realm: "r", clientId: "c", secret: () => secret },
      (realm, form) => {
        asked.push(`${realm} ${form["grant_type"]} ${form["client_id"]} ${form["client_secret"]}`);
        return answer();
      },
      { monotonicMs: () => ms },
    );

  it("asks once, however many wait, and again when four fifths of its life are over", async () => {
    const tokens = source();
    assert.deepEqual(await Promise.all([tokens.token(), tokens.token()]), ["t1", "t1"]);
    ms = 239_999;
    assert.equal(await tokens.token(), "t1");
    ms = 240_000;
    secret = "rotated";
    assert.equal(await tokens.token(), "t2");
    assert.deepEqual(asked, ["r client_credentials c s", "r client_credentials c rotated"]);
  });

  it("forgets a token that was refused, but not a newer one", async () => {
    const tokens = source();
    await tokens.token();
    tokens.forget("t1");
    assert.equal(await tokens.token(), "t2");
    tokens.forget("t1");
    assert.equal(await tokens.token(), "t2");
  });

  it("asks again after a failure", async () => {
    const tokens = source();
    answer = () => Promise.reject(new Error("away"));
    await assert.rejects(tokens.token(), { message: "away" });
    answer = async () => ({ access_token: "later" });
    assert.equal(await tokens.token(), "later");
    assert.equal(asked.length, 2);
  });

  it("refuses an answer without a token", async () => {
    answer = async () => ({});
    await assert.rejects(source().token(), {
      code: "keycloak-502",
      message: 'Keycloak gives client "c" of realm "r" no token',
    });
  });
});
