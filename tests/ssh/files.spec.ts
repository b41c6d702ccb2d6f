import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { INSTALL_MS, type Platform, platform, TEST_MS } from "./support/platform.ts";

describe("files over SSH", function () {
  this.timeout(TEST_MS);
  let it_: Platform;
  let local: string;
  let remote: string;
  before(async function () {
    this.timeout(INSTALL_MS);
    it_ = await platform();
    await it_.ada.ssh("ada", ["127.0.0.1", "mkdir -p files"]);
    local = join(it_.folder, "local");
    remote = join(it_.hub.homeOf("ada"), "files");
    mkdirSync(local);
  });

  it("are copied by scp in both directions, with their modes and times", async () => {
    const content = randomBytes(3 << 20);
    writeFileSync(join(local, "a b.bin"), content, { mode: 0o640 });
    const there = await it_.ada.scp("-p", join(local, "a b.bin"), "ada@127.0.0.1:files/");
    assert.equal(there.code, 0, there.err);
    assert.ok(readFileSync(join(remote, "a b.bin")).equals(content));
    const back = await it_.ada.scp("-p", "ada@127.0.0.1:files/a b.bin", join(local, "back.bin"));
    assert.equal(back.code, 0, back.err);
    assert.ok(readFileSync(join(local, "back.bin")).equals(content));
    const facts = [join(local, "a b.bin"), join(remote, "a b.bin"), join(local, "back.bin")].map((path) => {
      const { mode, mtimeMs } = statSync(path);
      return { mode: mode & 0o777, seconds: Math.floor(mtimeMs / 1000) };
    });
    assert.deepEqual(facts, [facts[0], facts[0], facts[0]]);
  });

  it("are copied by scp with the folder they are in", async () => {
    mkdirSync(join(local, "tree/deep"), { recursive: true });
    writeFileSync(join(local, "tree/one"), "1");
    writeFileSync(join(local, "tree/deep/two"), "2");
    const { code, err } = await it_.ada.scp("-r", join(local, "tree"), "ada@127.0.0.1:files/");
    assert.equal(code, 0, err);
    assert.deepEqual(
      ["tree/one", "tree/deep/two"].map((path) => readFileSync(join(remote, path), "utf8")),
      ["1", "2"],
    );
  });

  it("are listed, put, fetched, renamed, linked and removed by sftp", async () => {
    writeFileSync(join(local, "put"), "put by sftp\n");
    const batch = [
      "cd files",
      "pwd",
      `put "${join(local, "put")}" first`,
      "rename first second",
      "symlink second link",
      "mkdir folder",
      "chmod 600 second",
      "ls -1",
      `get link "${join(local, "got")}"`,
      "rm link",
      "rmdir folder",
      "df",
    ];
    const { code, out, err } = await it_.ada.sftp("ada", `${batch.join("\n")}\n`);
    assert.equal(code, 0, err);
    assert.match(out.toString(), new RegExp(`Remote working directory: ${remote}\\n`));
    assert.match(out.toString(), /\nfolder\nlink\nsecond\ntree\n/);
    assert.equal(readFileSync(join(local, "got"), "utf8"), "put by sftp\n");
    assert.equal(statSync(join(remote, "second")).mode & 0o777, 0o600);
    assert.deepEqual(
      ["first", "link", "folder"].filter((name) => existsSync(join(remote, name))),
      [],
    );
  });

  it("that are not there are an error in words", async () => {
    const { code, err } = await it_.ada.sftp("ada", "get files/none /tmp/none\n");
    assert.equal(code, 1);
    assert.match(err, /files\/none" not found/);
  });
});
