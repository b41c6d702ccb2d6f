import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { digestOf, mediaTypes } from "../../../images/oci/content.ts";
import { snapshotOf, writeTreeLayer } from "../../../images/oci/tree-layer.ts";
import { unpacked } from "./unpacked.ts";

describe("writeTreeLayer", () => {
  let folder: string;
  let root: string;
  let out: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-tree-"));
    root = join(folder, "root");
    out = join(folder, "layer.tar");
    mkdirSync(root);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, content: string, mode = 0o644): void => {
    mkdirSync(join(root, path, ".."), { recursive: true });
    writeFileSync(join(root, path), content);
    chmodSync(join(root, path), mode);
  };
  const entries = async () => unpacked(readFileSync(out));
  const lines = async (): Promise<string[]> =>
    (await entries()).map(
      ({ name, type, mode, link, owner: [uid, gid], content }) =>
        `${name} ${type} ${mode.toString(8)} ${uid}:${gid} ${link ?? content}`,
    );

  it("keeps modes, links and second names, and gives files to whom it is told", async () => {
    write("home/me/notes", "mine", 0o600);
    write("usr/bin/tool", "tool", 0o755);
    linkSync(join(root, "usr/bin/tool"), join(root, "usr/bin/twin"));
    symlinkSync("usr/bin", join(root, "bin"));
    write("homely", "");
    write("home-made", "");
    mkdirSync(join(root, "tmp"));
    chmodSync(join(root, "tmp"), 0o1777);
    await writeTreeLayer({ root, owners: [{ path: "/home", uid: 1000, gid: 100 }] }, out);
    assert.deepEqual(await lines(), [
      "bin symlink 777 0:0 usr/bin",
      "home/ directory 755 1000:100 ",
      "home-made file 644 0:0 ",
      "home/me/ directory 755 1000:100 ",
      "home/me/notes file 600 1000:100 mine",
      "homely file 644 0:0 ",
      "tmp/ directory 1777 0:0 ",
      "usr/ directory 755 0:0 ",
      "usr/bin/ directory 755 0:0 ",
      "usr/bin/tool file 755 0:0 tool",
      "usr/bin/twin link 755 0:0 usr/bin/tool",
    ]);
  });

  it("takes the bits that change the user from every file", async () => {
    write("usr/bin/su", "root's", 0o4755);
    write("usr/bin/write", "tty's", 0o2755);
    await writeTreeLayer({ root }, out);
    assert.deepEqual((await lines()).slice(2), ["usr/bin/su file 755 0:0 root's", "usr/bin/write file 755 0:0 tty's"]);
  });

  it("answers digest and size of what it wrote", async () => {
    write("large", "x".repeat(3 << 20));
    const layer = await writeTreeLayer({ root }, out);
    const bytes = readFileSync(out);
    assert.deepEqual(layer, { mediaType: mediaTypes.layer, digest: digestOf(bytes), size: bytes.length, file: out });
    assert.equal((await entries())[0]?.content.length, 3 << 20);
  });

  it("is the same bytes for the same content, whenever and in whatever order it was made", async () => {
    write("b/two", "2");
    write("a/one", "1");
    const first = await writeTreeLayer({ root }, out);
    rmSync(root, { recursive: true });
    write("a/one", "1");
    write("b/two", "2");
    utimesSync(join(root, "a/one"), 1, 1);
    const second = await writeTreeLayer({ root }, join(folder, "again.tar"));
    assert.equal(second.digest, first.digest);
    assert.deepEqual(new Set((await entries()).map(({ time }) => time)), new Set([0]));
  });

  it("holds only what is new or changed since the layers below", async () => {
    write("etc/kept", "kept");
    write("etc/changed", "old");
    write("etc/mode", "same");
    const since = await snapshotOf(root);
    write("etc/changed", "new!");
    chmodSync(join(root, "etc/mode"), 0o600);
    write("etc/new", "new");
    await writeTreeLayer({ root, since }, out);
    assert.deepEqual(await lines(), [
      "etc/changed file 644 0:0 new!",
      "etc/mode file 600 0:0 same",
      "etc/new file 644 0:0 new",
    ]);
  });

  it("leaves nothing that could be taken for a layer when it fails", async () => {
    write("file", "content");
    await assert.rejects(writeTreeLayer({ root }, join(folder, "none", "layer.tar")), { code: "ENOENT" });
    rmSync(root, { recursive: true });
    await assert.rejects(writeTreeLayer({ root }, out), { code: "ENOENT" });
    assert.equal(existsSync(out), false);
  });
});
