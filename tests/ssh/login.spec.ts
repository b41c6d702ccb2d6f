import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { eventually } from "../support/eventually.ts";
import { eventuallyEqual } from "../support/eventually-equal.ts";
import { OpenSsh } from "./support/client.ts";
import { knownHosts, newKey } from "./support/gateway.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { end } from "./support/processes.ts";

/** Of failures for one user: so many at once, and one more each so many milliseconds. */
const limit = { burst: 10, refillMs: 6_000 };

describe("a login over SSH", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
  });
  const logins = (): Record<string, unknown>[] =>
    it_.gateway
      .log()
      .filter(({ event }) => event === "login")
      .map(({ time: _, ...line }) => line);

  it("takes a token as it was pasted, and leaves a line that does not have it", async () => {
    const { token, id } = await it_.hub.tokenOf("ada");
    const { code, err } = await it_
      .clientOf(`\u001b[200~\ufeff "${token}" \u001b[201~`)
      .ssh("ada", ["127.0.0.1", "true"]);
    assert.equal(code, 0, err);
    const line = { level: "info", event: "login", user: "ada", address: "127.0.0.1", method: "password" };
    const told = await eventually("the log tells the login", async () =>
      logins().find(({ tokenId }) => tokenId === id),
    );
    assert.deepEqual(told, { ...line, result: "accepted", tokenId: id });
    assert.ok(!JSON.stringify(it_.gateway.log()).includes(token));
  });

  it("with another user's token is refused, in either direction, and so is the administrator's", async () => {
    const eve = await it_.hub.tokenOf("eve");
    const results: (number | null)[] = [];
    for (const [user, token] of [
      ["ada", eve.token],
      ["eve", it_.token],
      ["Ada", it_.token],
      ["ada", it_.hub.adminToken],
    ] as const) {
      results.push((await it_.clientOf(token).ssh(user, ["127.0.0.1", "id"])).code);
    }
    assert.deepEqual(results, [255, 255, 255, 255]);
    const reasons = async (): Promise<unknown[]> =>
      logins()
        .slice(-4)
        .map(({ result }) => result);
    await eventuallyEqual("the log tells each", reasons, ["other-user", "other-user", "other-user", "refused"]);
  });

  it("with a token that was revoked is refused, and what it had opened ends", async () => {
    const gateway = await it_.another({ RECHECK_SECONDS: "1" });
    const { token, id } = await it_.hub.tokenOf("ada");
    const client = it_.clientOf(token, gateway);
    const open = client.start("ada", ["127.0.0.1", "echo open; sleep 600"]);
    let err = "";
    open.stderr.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    try {
      const closed = once(open, "close");
      await once(open.stdout, "data");
      await it_.hub.call("DELETE", `/users/ada/tokens/${id}`);
      const [code] = (await closed) as [number];
      assert.deepEqual(
        { code, err: /carrel: the token is not valid any more\n/.test(err) },
        { code: 255, err: true },
        err,
      );
    } finally {
      await end(open);
    }
    assert.equal((await client.ssh("ada", ["127.0.0.1", "true"])).code, 255);
  });

  it("is limited after many failures for one user; another user is not", async () => {
    const gateway = await it_.another({});
    const wrong = it_.clientOf("0".repeat(32), gateway);
    const right = it_.clientOf(it_.token, gateway);
    const startedMs = performance.now();
    for (let i = 0; i < limit.burst; i++) await wrong.ssh("ada", ["127.0.0.1", "true"]);
    const { code } = await eventually("the right token is refused", async () => {
      const ran = await right.ssh("ada", ["127.0.0.1", "true"]);
      if (ran.code !== 0) return ran;
      // The failures took so long that others may come again: these use that up.
      for (let i = 0; i < 3; i++) await wrong.ssh("ada", ["127.0.0.1", "true"]);
      return undefined;
    });
    const refilled = Math.floor((performance.now() - startedMs) / limit.refillMs);
    const eve = await it_.hub.tokenOf("eve");
    const other = await it_.clientOf(eve.token, gateway).ssh("eve", ["127.0.0.1", "true"]);
    const results = await eventually("the log tells each", async () => {
      const told = gateway.log().flatMap(({ event, user, result }) => (event === "login" ? [{ user, result }] : []));
      return told.at(-1)?.user === "eve" ? told.map(({ result }) => result) : undefined;
    });
    assert.deepEqual(
      { code, other: other.code, first: results.slice(0, limit.burst), last: results.slice(-2) },
      { code: 255, other: 0, first: Array(limit.burst).fill("refused"), last: ["limited", "accepted"] },
    );
    const failures = results.filter((result) => result === "refused").length;
    assert.ok(failures <= limit.burst + refilled, `${failures} failures, though only ${refilled} more were due`);
    const metrics = await (await fetch(`http://127.0.0.1:${gateway.metricsPort}/metrics`)).text();
    assert.ok(metrics.includes(`carrel_ssh_logins_total{method="password",result="refused"} ${failures}\n`), metrics);
  });

  it("asks for the token by a prompt that says where to make one, under a banner", async () => {
    const gateway = await it_.another({ BANNER: "Authorized users only.\n", TOKEN_URL: "https://hub.test/hub/token" });
    const client = it_.clientOf(it_.token, gateway);
    const options = ["-o", "LogLevel=INFO", "-o", "PreferredAuthentications=keyboard-interactive"];
    const { code, out, err } = await client.run("ssh", [
      ...options,
      ...client.options,
      `-p${gateway.port}`,
      "-lada",
      "127.0.0.1",
      "echo in",
    ]);
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: "in\n" }, err);
    assert.match(err, /Authorized users only\./);
  });

  it("trusts the same host key after a restart of the gateway, and no other one", async () => {
    const first = await it_.another({});
    await first.stop();
    const second = await it_.another({ PORT: String(first.port) });
    const { code, err } = await it_.clientOf(it_.token, first).ssh("ada", ["127.0.0.1", "true"]);
    assert.equal(code, 0, err);
    const other = newKey(it_.folder);
    const file = knownHosts(it_.folder, [first.port], other);
    const stranger = new OpenSsh({ folder: it_.folder, port: first.port, knownHosts: file }, { token: it_.token });
    assert.equal((await stranger.ssh("ada", ["127.0.0.1", "true"])).code, 255);
    await second.stop();
  });

  it("has to be finished in time", async () => {
    const gateway = await it_.another({ GRACE_SECONDS: "1" });
    const socket = connect(gateway.port, "127.0.0.1");
    await once(socket, "data");
    await once(socket, "close");
  });

  it("is known by the client's own address behind a balancer that tells it", async () => {
    const gateway = await it_.another({ PROXIES: "127.0.0.0/8", PROXY_PROTOCOL: "true" });
    const socket = connect(gateway.port, "127.0.0.1");
    socket.write("PROXY TCP4 203.0.113.7 198.51.100.1 50000 22\r\nSSH-2.0-test\r\n");
    const [ident] = (await once(socket, "data")) as [Buffer];
    assert.match(ident.toString("latin1"), /^SSH-2\.0-carrel\r\n/);
    socket.destroy();
    const silent = connect(gateway.port, "127.0.0.1");
    // Whether it is ended or reset is the kernel's affair.
    const closed = new Promise((resolve) => silent.once("close", resolve).on("error", () => {}));
    silent.write("SSH-2.0-test\r\n");
    await closed;
    const text = await eventually("the refusal in the metrics", async () => {
      const metrics = await (await fetch(`http://127.0.0.1:${gateway.metricsPort}/metrics`)).text();
      return metrics.includes("carrel_ssh_connections_refused_total 1\n") ? metrics : undefined;
    });
    assert.ok(text);
  });

  it("uses no algorithm that OpenSSH has given up", async () => {
    const { code, err } = await it_.ada.ssh("ada", ["-o", "LogLevel=DEBUG2", "127.0.0.1", "true"]);
    assert.equal(code, 0);
    assert.doesNotMatch(
      err.slice(err.indexOf("peer server KEXINIT")),
      /sha1|cbc|md5|group14|group-exchange|ssh-rsa[^-]/,
    );
    assert.ok(readFileSync(it_.hostKey.file, "utf8").startsWith("-----BEGIN OPENSSH PRIVATE KEY-----"));
  });
});
