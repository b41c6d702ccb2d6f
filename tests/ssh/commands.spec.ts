import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { eventually } from "../support/eventually.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { end } from "./support/processes.ts";

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");

describe("commands over SSH", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
  });

  it("start the server when it is stopped, and show how far it is on standard error", async () => {
    await it_.hub.call("DELETE", "/users/ada/server");
    await eventually("the server is stopped", async () => {
      const { servers } = (await (await it_.hub.call("GET", "/users/ada")).json()) as { servers: object };
      return "" in servers ? undefined : true;
    });
    const { code, out, err } = await it_.ada.ssh("ada", ["127.0.0.1", "pwd"]);
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: `${it_.hub.homeOf("ada")}\n` });
    assert.match(err, /^Starting your notebook server \.\.\.\n(.*\n)*Server ready at \/user\/ada\/\n$/);
  });

  for (const [command, code] of [
    ["true", 0],
    ["exit 3", 3],
    ["no-such-command", 127],
  ] as const) {
    it(`give the exit code ${code} of ${command}`, async () => {
      const ran = await it_.ada.ssh("ada", ["127.0.0.1", command]);
      assert.equal(ran.code, code, ran.err);
    });
  }

  it("say by which signal they ended", async () => {
    const { code, err } = await it_.ada.ssh("ada", ["-o", "LogLevel=INFO", "127.0.0.1", "kill -KILL $$"]);
    assert.equal(code, 255, err);
    const { result, signal } = await eventually("the log tells the end", async () =>
      it_.gateway.log().find((line) => line["result"] === "killed"),
    );
    assert.deepEqual({ result, signal }, { result: "killed", signal: "KILL" });
  });

  it("pass standard input through to output, every byte of it", async () => {
    const input = Buffer.concat([Buffer.from(Array.from({ length: 256 }, (_, i) => i)), randomBytes(1 << 20)]);
    const { code, out } = await it_.ada.ssh("ada", ["127.0.0.1", "cat"], { input });
    assert.deepEqual({ code, sum: sha256(out) }, { code: 0, sum: sha256(input) });
  });

  it("keep output and error output apart, however much there is of both", async () => {
    const script = "for i in $(seq 40); do head -c 100000 /dev/zero; head -c 100000 /dev/zero | tr '\\0' e >&2; done";
    const { code, out, err } = await it_.ada.ssh("ada", ["127.0.0.1", script]);
    assert.deepEqual(
      { code, out: out.length, zeros: out.every((byte) => byte === 0), err: err.length, es: /^e+$/.test(err) },
      { code: 0, out: 4_000_000, zeros: true, err: 4_000_000, es: true },
    );
  });

  it("do not fill the gateway while nobody reads their output", async () => {
    const child = it_.ada.start("ada", ["127.0.0.1", "head -c 30000000 /dev/zero; echo done >&2"]);
    try {
      child.stdout.pause();
      let err = "";
      child.stderr.on("data", (chunk: Buffer) => {
        err += chunk.toString();
      });
      await it_.ada.ssh("ada", ["127.0.0.1", "sleep 1"]);
      assert.equal(err, "");
      let size = 0;
      child.stdout.on("data", (chunk: Buffer) => {
        size += chunk.length;
      });
      child.stdout.resume();
      await once(child, "close");
      assert.deepEqual({ size, err }, { size: 30_000_000, err: "done\n" });
    } finally {
      await end(child);
    }
  });

  it("get the environment that the client sends", async () => {
    const { out } = await it_.ada.ssh("ada", ["-o", "SetEnv=LC_TEST=käse", "127.0.0.1", 'echo "$LC_TEST"']);
    assert.equal(out.toString(), "käse\n");
  });

  it("live on after the client when they have let go of it", async () => {
    const home = it_.hub.homeOf("ada");
    const wait = `while [ ! -e ${home}/go ]; do sleep 0.1; done`;
    const start = `nohup sh -c '${wait}; echo alive > ${home}/left' >/dev/null 2>&1 &`;
    assert.equal((await it_.ada.ssh("ada", ["127.0.0.1", start])).code, 0);
    assert.equal(existsSync(`${home}/left`), false);
    writeFileSync(`${home}/go`, "");
    const left = await eventually("it has written", async () => readFileSync(`${home}/left`, "utf8") || undefined);
    assert.equal(left, "alive\n");
  });

  it("say why a server does not start", async () => {
    const { code, err } = await it_.ada.ssh("ada/broken", ["127.0.0.1", "true"]);
    assert.equal(code, 69);
    assert.match(
      err,
      /^Starting your notebook server broken \.\.\.\n(.*\n)*carrel: the notebook server did not start: .*\n$/,
    );
  });

  it("run in a named server of the user", async () => {
    const { code, out, err } = await it_.ada.ssh("ada/second", ["127.0.0.1", "echo $JUPYTERHUB_SERVER_NAME"]);
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: "second\n" }, err);
  });
});
