import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../support/eventually.ts";
import { OpenSsh } from "./support/client.ts";
import { type HostKey, knownHosts, newKey, type TestGateway } from "./support/gateway.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { end } from "./support/processes.ts";

describe("a login over SSH by a key that was registered at the hub", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let gateway: TestGateway;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    const secretFile = join(it_.folder, "gateway-token");
    writeFileSync(secretFile, it_.hub.gatewayToken);
    const keys = { KEYS_URL: `${it_.hub.url}/hub/api/ssh-login`, KEYS_SECRET_FILE: secretFile };
    gateway = await it_.another({ ...keys, RECHECK_SECONDS: "1" });
  });
  afterEach(() => {
    for (const name of ["ada", "eve"]) it_.hub.people.add(name);
  });

  const by = ({ file }: HostKey): OpenSsh => {
    const known = knownHosts(it_.folder, [gateway.port], it_.hostKey);
    return new OpenSsh({ folder: it_.folder, port: gateway.port, knownHosts: known }, { keyFile: file });
  };
  const register = async (user: string, { publicKey }: HostKey): Promise<{ id: string; fingerprint: string }> => {
    const response = await it_.hub.call("POST", `/users/${user}/ssh-keys`, { title: "laptop", key: publicKey });
    assert.equal(response.status, 201);
    return (await response.json()) as { id: string; fingerprint: string };
  };
  /** The log's line of the login by a key, which comes by another way than what the client is told. */
  const loginBy = (fingerprint: string) =>
    eventually(`the log tells the login by ${fingerprint}`, async () =>
      gateway.log().find(({ event, key }) => event === "login" && key === fingerprint),
    );
  const run = async (key: HostKey, user: string, command = "echo in") => {
    const { code, out } = await by(key).ssh(user, ["127.0.0.1", command]);
    return { code, out: out.toString() };
  };
  const refused = { code: 255, out: "" };

  for (const kind of [["ed25519"], ["ecdsa", "-b", "256"], ["ecdsa", "-b", "521"], ["rsa", "-b", "2048"]]) {
    it(`works by ${kind.join(" ")}, for its user alone`, async () => {
      const [own, others] = [newKey(it_.folder, kind), newKey(it_.folder, kind)];
      const { fingerprint } = await register("ada", own);
      await register("eve", others);
      assert.deepEqual(await run(own, "ada"), { code: 0, out: "in\n" });
      const shown = execFileSync("ssh-keygen", ["-lf", `${own.file}.pub`], { encoding: "utf8" }).split(" ")[1];
      const { time: _, tokenId, ...line } = await loginBy(fingerprint);
      const expected = { level: "info", event: "login", user: "ada", address: "127.0.0.1", method: "publickey" };
      assert.deepEqual(line, { ...expected, result: "accepted", key: shown });
      assert.equal(fingerprint, shown);
      const { scopes } = (await (await it_.hub.call("GET", `/users/ada/tokens/${tokenId}`)).json()) as {
        scopes: string[];
      };
      const granted = ["access:servers", "delete:servers", "read:servers", "servers"];
      const implied = ["read:users:groups", "read:users:name"];
      assert.deepEqual(
        scopes.sort(),
        [...granted, ...implied].sort().map((scope) => `${scope}!user=ada`),
      );
      assert.deepEqual([await run(others, "ada"), await run(own, "eve")], [refused, refused]);
    });
  }

  it("by the same key of two people is each their own", async () => {
    const shared = newKey(it_.folder);
    await register("ada", shared);
    await register("eve", shared);
    const whoami = "basename $HOME";
    assert.deepEqual(
      [await run(shared, "ada", whoami), await run(shared, "eve", whoami)],
      [
        { code: 0, out: "ada\n" },
        { code: 0, out: "eve\n" },
      ],
    );
  });

  it("reaches a named server", async () => {
    const key = newKey(it_.folder);
    await register("ada", key);
    assert.deepEqual(await run(key, "ada/gpu", "echo $JUPYTERHUB_SERVER_NAME"), { code: 0, out: "gpu\n" });
  });

  it("ends with its key, and so does what it had opened", async () => {
    const key = newKey(it_.folder);
    const { id } = await register("ada", key);
    const open = by(key).start("ada", ["127.0.0.1", "echo open; sleep 600"]);
    try {
      const closed = once(open, "close");
      await once(open.stdout, "data");
      await it_.hub.call("DELETE", `/users/ada/ssh-keys/${id}`);
      const [code] = (await closed) as [number];
      assert.equal(code, 255);
    } finally {
      await end(open);
    }
    assert.deepEqual(await run(key, "ada"), refused);
  });

  it("is refused to who was disabled, and the log says why", async () => {
    const key = newKey(it_.folder);
    const { fingerprint } = await register("ada", key);
    it_.hub.people.delete("ada");
    assert.deepEqual(await run(key, "ada"), refused);
    const { result, reason } = await loginBy(fingerprint);
    assert.deepEqual({ result, reason }, { result: "refused", reason: "the person is unknown or disabled" });
    it_.hub.people.add("ada");
    assert.deepEqual(await run(key, "ada"), { code: 0, out: "in\n" });
  });

  it("leaves the way by a token open", async () => {
    const { code } = await it_.clientOf(it_.token, gateway).ssh("ada", ["127.0.0.1", "true"]);
    assert.equal(code, 0);
  });
});
