import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import ssh2, { type Connection, type PublicKeyAuthContext } from "ssh2";
import { type Attempt, algorithmOf, converse, isSigned } from "../../../../services/ssh/gateway/login-dialog.ts";
import { Authenticator } from "../../../../services/ssh/login/authenticator.ts";
import { until } from "../../lib/kube/watching.ts";

const clock = { now: () => 0, monotonicMs: () => 0, sleep: async () => {} };

/** A context of the library that writes down how it was answered. */
class Context {
  answer: unknown;
  readonly username: string;
  readonly method: string;
  constructor(username: string, method: string, rest: object) {
    this.username = username;
    this.method = method;
    Object.assign(this, rest);
  }
  accept(): void {
    this.answer = "accepted";
  }
  reject(methods: unknown): void {
    this.answer = methods;
  }
}

function setup(keys: boolean) {
  const attempts: [Attempt, boolean][] = [];
  const ended = { times: 0 };
  const client = Object.assign(new EventEmitter(), { end: () => ++ended.times });
  const identity = { ok: true, name: "ada", tokenId: "a1" } as const;
  const authenticator = new Authenticator({
    clock,
    hub: { identify: async () => identity },
    ...(keys
      ? { keys: { isRegistered: async () => true, tokenFor: async () => ({ ok: true, token: "t-of-ada" }) } }
      : {}),
  });
  converse(client as unknown as Connection, {
    authenticator,
    from: { shown: "192.0.2.1", own: "192.0.2.1" },
    keys,
    instructions: "here",
    onResult: (attempt, result) => {
      attempts.push([attempt, result.ok]);
      return result.ok;
    },
  });
  const ask = async (username: string, method: string, rest: object = {}): Promise<unknown> => {
    const context = new Context(username, method, rest);
    const before = ended.times;
    client.emit("authentication", context);
    await until("an answer", () => context.answer !== undefined || ended.times > before);
    return context.answer;
  };
  return { ask, attempts, ended };
}

const pair = ssh2.utils.generateKeyPairSync("ed25519");
const parsed = ssh2.utils.parseKey(pair.private);
const key = Array.isArray(parsed) ? parsed[0] : parsed;
assert.ok(key && !(key instanceof Error));
const blob = Buffer.from("session and user");
const signature = key.sign(blob);
const offered = { key: { algo: "ssh-ed25519", data: key.getPublicSSH() } };

describe("converse", () => {
  it("names the methods to who asks for none, keys only where they can be registered", async () => {
    assert.deepEqual(await setup(true).ask("ada", "none"), ["publickey", "keyboard-interactive", "password"]);
    const { ask, attempts } = setup(false);
    assert.deepEqual(await ask("ada", "none"), ["keyboard-interactive", "password"]);
    assert.deepEqual(await ask("ada", "publickey", offered), ["keyboard-interactive", "password"]);
    assert.equal(attempts.length, 0);
  });

  it("takes a token as a password and at the prompt", async () => {
    const { ask, attempts } = setup(false);
    assert.equal(await ask("ada", "password", { password: "token-of-ada" }), "accepted");
    const prompts: unknown[] = [];
    const prompt = (...args: unknown[]): void => {
      prompts.push(args.slice(0, 3));
      (args[3] as (answers: string[]) => void)(["token-of-ada"]);
    };
    assert.equal(await ask("ada", "keyboard-interactive", { prompt }), "accepted");
    assert.deepEqual(prompts, [[[{ prompt: "Token: ", echo: false }], "", "here"]]);
    assert.deepEqual(attempts, [
      [{ name: "ada", method: "password" }, true],
      [{ name: "ada", method: "keyboard-interactive" }, true],
    ]);
  });

  it("ends the connection after six tries", async () => {
    const { ask, ended } = setup(false);
    for (let i = 0; i < 6; i++) await ask("eve", "password", { password: "token-of-ada" });
    assert.equal(ended.times, 1);
  });

  it("believes a key only with a signature of it", async () => {
    const { ask, attempts } = setup(true);
    assert.equal(await ask("ada", "publickey", offered), "accepted");
    assert.equal(attempts.length, 0);
    const refused = ["publickey", "keyboard-interactive", "password"];
    assert.deepEqual(await ask("ada", "publickey", { ...offered, blob: Buffer.from("other"), signature }), refused);
    assert.deepEqual(
      await ask("ada", "publickey", { key: { ...offered.key, algo: "sk-ssh-ed25519@openssh.com" } }),
      refused,
    );
    const bySha1 = { key: { ...offered.key, algo: "ssh-rsa" } };
    assert.deepEqual(await ask("ada", "publickey", bySha1), refused);
    assert.equal(await ask("ada", "publickey", { ...bySha1, hashAlgo: "sha512" }), "accepted");
    assert.equal(await ask("ada", "publickey", { ...offered, blob, signature }), "accepted");
    assert.deepEqual(
      attempts.map(([{ method, key: shown }, isIn]) => [method, shown?.slice(0, 7), isIn]),
      [["publickey", "SHA256:", true]],
    );
  });

  it("looks up so many keys and no more", async () => {
    const { ask } = setup(true);
    for (let i = 0; i < 20; i++) assert.equal(await ask("ada", "publickey", offered), "accepted");
    assert.notEqual(await ask("ada", "publickey", offered), "accepted");
  });
});

describe("algorithmOf", () => {
  it("is the one that the client named, which for RSA is not the key's type", () => {
    const named = (algo: string, hashAlgo?: string): string =>
      algorithmOf({ key: { algo, data: Buffer.from("") }, ...(hashAlgo === undefined ? {} : { hashAlgo }) });
    assert.deepEqual(
      [named("ssh-ed25519"), named("ssh-rsa", "sha256"), named("ssh-rsa", "sha512"), named("ssh-rsa")],
      ["ssh-ed25519", "rsa-sha2-256", "rsa-sha2-512", "ssh-rsa"],
    );
  });
});

describe("isSigned", () => {
  it("refuses RSA by SHA-1, missing parts and what is no key", () => {
    const rsa = ssh2.utils.generateKeyPairSync("rsa", { bits: 2048 });
    const own = ssh2.utils.parseKey(rsa.private);
    const one = Array.isArray(own) ? own[0] : own;
    assert.ok(one && !(one instanceof Error));
    const context = (hash: string | undefined, rest: object = {}): PublicKeyAuthContext => {
      const signed = one.sign(blob, hash);
      return {
        key: { algo: "ssh-rsa", data: one.getPublicSSH() },
        blob,
        signature: signed,
        hashAlgo: hash,
        ...rest,
      } as never;
    };
    const cases = [
      context("sha512"),
      context("sha256"),
      context(undefined),
      context("sha512", { signature: undefined }),
      context("sha512", { key: { data: Buffer.from("x") } }),
    ];
    assert.deepEqual(cases.map(isSigned), [true, true, false, false, false]);
  });
});
