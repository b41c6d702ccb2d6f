import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenSsh } from "../ssh/support/client.ts";
import { ensureOpenSsh } from "../ssh/support/programs.ts";
import { eventually } from "../support/eventually.ts";
import { makeToken, revokeToken, start, stop } from "./support/hub-pages.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

const NOTE = "for SSH";

describe("SSH to one's own server", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let scene: Scene;
  let folder: string;
  let ada: Person;
  let eve: Person;
  let token: string;
  let client: OpenSsh;
  let host: string;
  /** Names below `.localhost` are the loopback for browsers, not for every libc. */
  let where: string[];

  const clientWith = (secret: string): OpenSsh =>
    new OpenSsh(
      { folder, port: it_.endpoints.exposure!.sshPort, knownHosts: join(folder, "known-hosts") },
      { token: secret },
    );
  const ssh = (by: OpenSsh, user: string, command: string, input?: string) =>
    by.ssh(user, [...where, host, command], { timeoutMs: 120_000, ...(input === undefined ? {} : { input }) });

  before(async function () {
    this.timeout(INSTALL_MS);
    await ensureOpenSsh();
    it_ = await platform();
    scene = new Scene(it_);
    folder = mkdtempSync(join(tmpdir(), "carrel-platform-ssh-"));
    writeFileSync(join(folder, "known-hosts"), `${it_.outputs.sshKnownHosts}\n`);
    ({ host } = it_.outputs);
    // As the stack names it: the key has to be the one in its output.
    const alias = it_.outputs.sshKnownHosts.split(" ")[0];
    where = ["-o", "Hostname=127.0.0.1", "-o", `HostKeyAlias=${alias}`];
    const group = await scene.group("Physics", { quota: { cpu: "4" } });
    await scene.type("Small", small, [group]);
    await scene.notebookImage("Lab", [group]);
    ada = await scene.loggedIn("Ada", [group]);
    eve = await scene.loggedIn("Eve", [group]);
    await start(ada.visitor, it_.outputs.url, { type: scene.label("Small"), image: scene.label("Lab") });
    token = await makeToken(ada.visitor, it_.outputs.url, NOTE);
    client = clientWith(token);
  });
  after(async () => {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    await scene?.close();
  });

  it("opens a shell by a token of the hub's page", async () => {
    const { code, out, err } = await client.ssh(ada.username, ["-tt", ...where, host], {
      input: "echo I am $(id -u)\nexit 0\n",
      timeoutMs: 60_000,
    });
    assert.equal(code, 0, err);
    assert.match(out.toString(), /\nI am 1000\r?\n/);
  });

  it("runs a command, with its exit code", async () => {
    const { code, out, err } = await ssh(client, ada.username, "echo $CARREL_GROUP; exit 7");
    assert.deepEqual({ code, out: out.toString() }, { code: 7, out: `physics-${scene.suffix}\n` }, err);
  });

  it("copies files there and back, every byte of them", async () => {
    const content = randomBytes(3 << 20);
    const [there, back] = [join(folder, "there.bin"), join(folder, "back.bin")];
    writeFileSync(there, content);
    const sent = await client.scp(...where, there, `${ada.username}@${host}:there.bin`);
    assert.equal(sent.code, 0, sent.err);
    const fetched = await client.scp(...where, `${ada.username}@${host}:there.bin`, back);
    assert.equal(fetched.code, 0, fetched.err);
    assert.ok(readFileSync(back).equals(content));
  });

  it("starts a stopped server, as it was started last", async () => {
    await stop(ada.visitor, it_.outputs.url);
    await scene.noPodOf(ada.username);
    const { code, out, err } = await ssh(client, ada.username, "echo $CARREL_INSTANCE_TYPE; ls there.bin");
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: `small-${scene.suffix}\nthere.bin\n` }, err);
    assert.match(err, /^Starting your notebook server/);
  });

  it("refuses the token of somebody else", async () => {
    const of = clientWith(await makeToken(eve.visitor, it_.outputs.url, NOTE));
    const { code, err } = await ssh(of, ada.username, "true");
    assert.deepEqual({ code, isDenied: err.includes("Permission denied") }, { code: 255, isDenied: true }, err);
  });

  it("refuses a token that was revoked", async () => {
    await revokeToken(ada.visitor, it_.outputs.url, NOTE);
    const refused = await eventually("the token is refused", async () => {
      const ran = await ssh(client, ada.username, "true");
      return ran.code === 0 ? undefined : ran;
    });
    assert.equal(refused.code, 255);
    assert.match(refused.err, /Permission denied/);
  });
});
