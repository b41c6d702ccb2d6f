import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenSsh } from "../ssh/support/client.ts";
import { newKey } from "../ssh/support/gateway.ts";
import { ensureOpenSsh } from "../ssh/support/programs.ts";
import { eventually } from "../support/eventually.ts";
import type { Visitor } from "./support/browser.ts";
import { makeToken, revokeToken, start, stop } from "./support/hub-pages.ts";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";
import { type Person, Scene } from "./support/scene.ts";
import { small } from "./support/sizes.ts";

const NOTE = "for SSH";

/** Follows the link to the page of keys, and adds one there. */
async function addKey({ page, see }: Visitor, url: string, title: string, key: string): Promise<void> {
  await page.goto(`${url}/hub/home`);
  await page.getByRole("link", { name: "SSH keys", exact: true }).click();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Public key").fill(`${key}\n`);
  await see("a key is typed in");
  await page.getByRole("button", { name: "Add key" }).click();
  await page.getByRole("row", { name: title }).waitFor();
  await see("the key is registered");
}

async function removeKey({ page, see }: Visitor, url: string, title: string): Promise<void> {
  await page.goto(`${url}/hub/ssh-keys`);
  await page.getByRole("button", { name: `Remove ${title}` }).click();
  await page.getByText("You have no keys yet.").waitFor();
  await see("the key is removed");
}

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

  const clientBy = (secret: { readonly token: string } | { readonly keyFile: string }): OpenSsh =>
    new OpenSsh({ folder, port: it_.endpoints.exposure!.sshPort, knownHosts: join(folder, "known-hosts") }, secret);
  const clientWith = (secret: string): OpenSsh => clientBy({ token: secret });
  const ssh = (by: OpenSsh, user: string, command: string, input?: string) =>
    by.ssh(user, [...where, host, command], { timeoutMs: 120_000, ...(input === undefined ? {} : { input }) });

  const isDenied = async (by: OpenSsh): Promise<true> => {
    const { code, err } = await ssh(by, ada.username, "true");
    assert.deepEqual({ code, isDenied: err.includes("Permission denied") }, { code: 255, isDenied: true }, err);
    return true;
  };

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
      timeoutMs: 120_000,
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

  it("logs in by a key that was added on the hub's page, until it is removed there", async () => {
    const { file, publicKey } = newKey(folder);
    const client = clientBy({ keyFile: file });
    assert.equal((await ssh(client, ada.username, "true")).code, 255);
    const { page } = ada.visitor;
    await page.goto(`${it_.outputs.url}/hub/ssh-keys`);
    await page.getByLabel("Public key").fill(readFileSync(file, "utf8"));
    await page.getByRole("button", { name: "Add key" }).click();
    await page.getByRole("alert").filter({ hasText: "This is a private key" }).waitFor();
    assert.equal(await page.getByLabel("Public key").inputValue(), "");
    await ada.visitor.see("a private key is refused");
    await addKey(ada.visitor, it_.outputs.url, "laptop", publicKey);
    const { code, out, err } = await ssh(client, ada.username, "echo $CARREL_GROUP");
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: `physics-${scene.suffix}\n` }, err);
    assert.equal((await ssh(client, eve.username, "true")).code, 255);
    await removeKey(ada.visitor, it_.outputs.url, "laptop");
    const refused = await ssh(client, ada.username, "true");
    assert.deepEqual([refused.code, /Permission denied/.test(refused.err)], [255, true], refused.err);
  });

  it("refuses a token that was revoked", async () => {
    await revokeToken(ada.visitor, it_.outputs.url, NOTE);
    await eventually("the token is refused", () => isDenied(client));
  });

  it("starts a server by a key after the browser's session has ended, but not for who was disabled", async () => {
    const { file, publicKey } = newKey(folder);
    const client = clientBy({ keyFile: file });
    await addKey(ada.visitor, it_.outputs.url, "laptop", publicKey);
    await stop(ada.visitor, it_.outputs.url);
    await scene.noPodOf(ada.username);
    const [realm, user] = [await it_.identity.realm(), await it_.identity.findUser(ada.username)];
    await realm.post(`/users/${user!.id}/logout`, {});
    const { code, out, err } = await ssh(client, ada.username, "ls there.bin");
    assert.deepEqual({ code, out: out.toString() }, { code: 0, out: "there.bin\n" }, err);
    await realm.put(`/users/${user!.id}`, { ...user, enabled: false });
    await eventually("the key is refused", () => isDenied(client));
  });
});
