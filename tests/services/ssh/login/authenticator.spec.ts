import assert from "node:assert/strict";
import type { Identity } from "../../../../services/ssh/hub/hub-client.ts";
import { Authenticator, fingerprintOf } from "../../../../services/ssh/login/authenticator.ts";
import type { KeyDirectory } from "../../../../services/ssh/login/key-directory.ts";

const tokens: Readonly<Record<string, Identity>> = {
  "token-of-ada": { ok: true, name: "ada", tokenId: "a1" },
  "token-of-eve": { ok: true, name: "eve", tokenId: "a2" },
  "token-unheard": { ok: false, reason: "unavailable", detail: "the hub answered 503" },
};
const unknown: Identity = { ok: false, reason: "refused", detail: "unknown" };

/** An authenticator with a clock that stands still until it is set, and what its hub was asked. */
function setup(keys?: KeyDirectory) {
  const asked: string[] = [];
  const time = { ms: 0 };
  const authenticator = new Authenticator({
    hub: {
      identify: async (token) => {
        asked.push(token);
        return tokens[token] ?? unknown;
      },
    },
    clock: { now: () => 0, monotonicMs: () => time.ms, sleep: async () => {} },
    limits: { address: { burst: 4, refillMs: 1000 }, user: { burst: 3, refillMs: 1000 } },
    ...(keys ? { keys } : {}),
  });
  const reason = async (name: string, pasted: string, address: string | undefined = "192.0.2.1"): Promise<string> => {
    const result = await authenticator.withToken({ name, address }, pasted);
    return result.ok ? "accepted" : result.reason;
  };
  return { authenticator, asked, time, reason };
}

describe("Authenticator", () => {
  it("accepts the token of the user who is named", async () => {
    const { authenticator } = setup();
    const result = await authenticator.withToken({ name: "ada/gpu", address: "192.0.2.1" }, " token-of-ada\n");
    assert.deepEqual(result, { ok: true, login: { user: "ada", server: "gpu", token: "token-of-ada", tokenId: "a1" } });
  });

  it("refuses everybody else, names that only look alike, and what cannot be a token without asking the hub", async () => {
    const { reason, asked } = setup();
    assert.equal(await reason("ada", "token-of-eve", "192.0.2.2"), "other-user");
    assert.equal(await reason("Ada", "token-of-ada"), "other-user");
    assert.equal(await reason("ada ", "token-of-ada"), "other-user");
    assert.equal(await reason("bob", "nothing-known"), "refused");
    assert.equal(await reason("cat", "no token", "192.0.2.2"), "no-token");
    assert.equal(await reason("a/b/c", "token-of-ada", "192.0.2.2"), "no-name");
    assert.deepEqual(asked, ["token-of-eve", "token-of-ada", "token-of-ada", "nothing-known"]);
  });

  it("limits failures for a user from anywhere, until time has passed", async () => {
    const { reason, time, asked } = setup();
    const tries = ["192.0.2.1", "192.0.2.2", "192.0.2.3"];
    for (const address of tries) assert.equal(await reason("ada", "wrong-token", address), "refused");
    assert.equal(await reason("ada", "token-of-ada", "192.0.2.4"), "limited");
    assert.equal(asked.length, 3);
    time.ms = 1000;
    assert.equal(await reason("ada", "token-of-ada", "192.0.2.4"), "accepted");
  });

  it("limits failures from an address for any user, but not from one that many share", async () => {
    const { reason } = setup();
    for (const name of ["a", "b", "c", "d"]) assert.equal(await reason(name, "wrong-token"), "refused");
    assert.equal(await reason("ada", "token-of-ada"), "limited");
    assert.equal(await reason("ada", "token-of-ada", "192.0.2.9"), "accepted");
    const shared = setup();
    for (const name of ["a", "b", "c", "d", "e"]) {
      const origin = { name, address: undefined };
      assert.equal((await shared.authenticator.withToken(origin, "wrong-token")).ok, false);
    }
    assert.equal((await shared.authenticator.withToken({ name: "ada", address: undefined }, "token-of-ada")).ok, true);
  });

  it("counts neither successes nor a hub that is away", async () => {
    const { reason } = setup();
    for (let i = 0; i < 9; i++) assert.equal(await reason("ada", "token-of-ada"), "accepted");
    for (let i = 0; i < 9; i++) assert.equal(await reason("ada", "token-unheard"), "unavailable");
    assert.equal(await reason("ada", "token-of-ada"), "accepted");
  });

  const offered = { algorithm: "ssh-ed25519", key: Buffer.from("key") };
  const signed = { ...offered, signed: Buffer.from("s"), signature: Buffer.from("t") };
  const origin = { name: "ada/gpu", address: "192.0.2.1" };

  it("has no keys without a directory", async () => {
    const { authenticator } = setup();
    assert.equal(await authenticator.mayUse(origin, offered), false);
    const result = await authenticator.withKey(origin, signed);
    assert.deepEqual(result, { ok: false, reason: "refused", detail: "no keys can be registered here" });
  });

  it("asks the directory for the user, and trusts the token that it gives no further than any other", async () => {
    const users: string[] = [];
    let given = "token-of-ada";
    const { authenticator } = setup({
      isRegistered: async ({ user }) => users.push(user) > 0,
      tokenFor: async ({ user }) => ({ ok: users.push(user) > 0, token: given }) as { ok: true; token: string },
    });
    assert.equal(await authenticator.mayUse(origin, offered), true);
    assert.deepEqual(await authenticator.withKey(origin, signed), {
      ok: true,
      login: {
        user: "ada",
        server: "gpu",
        token: "token-of-ada",
        tokenId: "a1",
        fingerprint: fingerprintOf(offered.key),
      },
    });
    given = "token-of-eve";
    const other = await authenticator.withKey(origin, signed);
    assert.equal(other.ok || other.reason, "other-user");
    assert.deepEqual(users, ["ada", "ada", "ada"]);
  });
});

describe("fingerprintOf", () => {
  it("is what OpenSSH shows", () => {
    assert.equal(fingerprintOf(Buffer.from("key")), "SHA256:LHDhK3oGRvkiefQnx7OOczTY5Tic/xZ6HcMOc/gmtoM");
  });
});
