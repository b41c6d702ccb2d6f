import assert from "node:assert/strict";
import fc from "fast-check";
import { digestOf, mediaTypes } from "../../../images/oci/content.ts";
import { buildLayer, type LayerContent } from "../../../images/oci/layer.ts";
import { type UnpackedEntry, unpacked } from "./unpacked.ts";

const entry = (name: string, type: string, mode: number, rest: Partial<UnpackedEntry> = {}): UnpackedEntry => ({
  ...{ name, type, mode, link: undefined, content: "", owner: [0, 0, "", ""], time: 0 },
  ...rest,
});

describe("buildLayer", () => {
  it("packs files, links and folders, parents first, owned by 0 unless it is said, at time 0", async () => {
    const layer = await buildLayer({
      files: [
        { path: "/usr/bin/tool", content: Buffer.from([1, 2, 3]), mode: 0o755 },
        { path: "/etc/motd", content: "é\n" },
        { path: "/empty", content: "" },
      ],
      links: [{ path: "/bin", target: "usr/bin" }],
      folders: [
        { path: "/tmp", mode: 0o1777 },
        { path: "/usr", mode: 0o700 },
        { path: "/srv/me", mode: 0o750, owner: { uid: 1000, gid: 100 } },
      ],
    });
    assert.deepEqual([layer.mediaType, layer.digest], [mediaTypes.layer, digestOf(layer.bytes)]);
    assert.deepEqual(await unpacked(layer.bytes), [
      entry("bin", "symlink", 0o777, { link: "usr/bin" }),
      entry("empty", "file", 0o644),
      entry("etc/", "directory", 0o755),
      entry("etc/motd", "file", 0o644, { content: "é\n" }),
      entry("srv/", "directory", 0o755),
      entry("srv/me/", "directory", 0o750, { owner: [1000, 100, "", ""] }),
      entry("tmp/", "directory", 0o1777),
      entry("usr/", "directory", 0o700),
      entry("usr/bin/", "directory", 0o755),
      entry("usr/bin/tool", "file", 0o755, { content: "\u0001\u0002\u0003" }),
    ]);
  });

  it("has known bytes, so that no release of a library changes all digests unseen", async () => {
    const layer = await buildLayer({ files: [{ path: "/a/b", content: "c" }], links: [{ path: "/l", target: "a" }] });
    assert.deepEqual(
      [layer.bytes.length, layer.digest],
      [3072, "sha256:e8f5720ce6ee4bf51b4aded7dd00ee27bc19354cd4edf1dee8800676bee30b51"],
    );
  });

  it("keeps long names, names beyond ASCII, and large files", async () => {
    const long = `/${"folder/".repeat(40)}file`;
    const content = "x".repeat(3 << 20);
    const layer = await buildLayer({
      files: [
        { path: long, content: "long" },
        { path: "/ünï", content },
      ],
    });
    const files = (await unpacked(layer.bytes)).filter(({ type }) => type === "file");
    assert.deepEqual(
      files.map(({ name, content: { length } }) => [name, length]),
      [
        [long.slice(1), 4],
        ["ünï", 3 << 20],
      ],
    );
  });

  it("is the same bytes in whatever order its content is given", async () => {
    const name = fc.stringMatching(/^[a-c.-]{1,4}$/).filter((text) => !/^\.+$/.test(text));
    const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((parts) => `/root/${parts.join("/")}`);
    const paths = fc.uniqueArray(path, { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(paths, paths, fc.infiniteStream(fc.nat()), async (filePaths, folderPaths, random) => {
        const files = filePaths.map((each) => ({ path: `${each}/file`, content: each, mode: 0o600 }));
        const links = filePaths.map((each) => ({ path: `${each}/link`, target: each }));
        const folders = folderPaths.map((each) => ({ path: each, mode: 0o711 }));
        const shuffle = <T>(all: readonly T[]): T[] =>
          all
            .map((each) => [Number(random.next().value), each] as const)
            .sort(([a], [b]) => a - b)
            .map(([, each]) => each);
        const content: LayerContent = { files, links, folders };
        const shuffled = { files: shuffle(files), links: shuffle(links), folders: shuffle(folders) };
        const [first, second] = await Promise.all([buildLayer(content), buildLayer(shuffled)]);
        assert.deepEqual(first, second);
        assertParentsFirst(await unpacked(first.bytes));
      }),
      { numRuns: 60 },
    );
  });
});

function assertParentsFirst(entries: readonly UnpackedEntry[]): void {
  const made = new Set([""]);
  for (const { name, type } of entries) {
    const parent = name.replace(/[^/]+\/?$/, "");
    assert.ok(made.has(parent), `${name} comes before ${parent}`);
    assert.ok(!made.has(name), `${name} comes twice`);
    if (type === "directory") made.add(name);
  }
}
