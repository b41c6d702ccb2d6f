import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyOf, LayerCache, type Recipe } from "../../lab/stand-ins/recipe.ts";
import { unpacked } from "../images/oci/unpacked.ts";

describe("LayerCache", () => {
  let folder: string;
  let source: string;
  let built: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "carrel-layers-"));
    source = join(folder, "builder.ts");
    writeFileSync(source, "how");
    built = [];
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const cache = (): LayerCache => new LayerCache(join(folder, "cache"));
  const recipe = (name: string, more: Partial<Recipe> = {}): Recipe => ({
    ...{ name, onto: [], inputs: async () => ["tool=1"], sources: [source] },
    build: async (root) => {
      built.push(name);
      mkdirSync(join(root, "opt"), { recursive: true });
      writeFileSync(join(root, "opt", name), name);
    },
    ...more,
  });
  const names = async (file: string): Promise<string[]> => (await unpacked(readFileSync(file))).map(({ name }) => name);

  it("builds a layer once and finds it again with digest and size", async () => {
    const made = await cache().make(recipe("tool"));
    assert.deepEqual(await cache().find(recipe("tool")), made);
    assert.deepEqual([made.size, await names(made.file)], [readFileSync(made.file).length, ["opt/", "opt/tool"]]);
    assert.deepEqual(built, ["tool"]);
  });

  it("puts into a layer only what it adds to those below", async () => {
    const lower = recipe("lower");
    const upper = recipe("upper", { onto: [lower] });
    await assert.rejects(cache().make(upper), /^Error: layer lower is wanted before it is built$/);
    await cache().make(lower);
    assert.deepEqual(await names((await cache().make(upper)).file), ["opt/upper"]);
  });

  it("knows nothing of a layer whose inputs, builder or place have changed", async () => {
    await cache().make(recipe("tool"));
    const others = [
      recipe("other"),
      recipe("tool", { inputs: async () => ["tool=2"] }),
      recipe("tool", { onto: [recipe("lower")] }),
      recipe("tool", { owners: [{ path: "/opt", uid: 1, gid: 1 }] }),
    ];
    for (const other of others) assert.equal(await cache().find(other), undefined);
    writeFileSync(source, "how else");
    assert.equal(await cache().find(recipe("tool")), undefined);
  });

  it("has the same key for the same recipe", async () => {
    const keys = await Promise.all([recipe("a"), recipe("a"), recipe("b")].map(keyOf));
    assert.equal(keys[0], keys[1]);
    assert.notEqual(keys[0], keys[2]);
    assert.match(keys[0] ?? "", /^[0-9a-f]{16}$/);
  });

  it("keeps nothing of a build that failed", async () => {
    const failing = recipe("tool", {
      build: async () => {
        throw new Error("no network");
      },
    });
    await assert.rejects(cache().make(failing), /no network/);
    assert.equal(await cache().find(failing), undefined);
    assert.deepEqual(readdirSync(join(folder, "cache")), []);
  });

  it("takes a layer whose description is missing for none, and sweeps away what was interrupted", async () => {
    const { file } = await cache().make(recipe("tool"));
    rmSync(`${file}.json`);
    assert.equal(await cache().find(recipe("tool")), undefined);
    mkdirSync(join(folder, "cache", ".tool-abc"));
    cache().sweep();
    assert.deepEqual([existsSync(join(folder, "cache", ".tool-abc")), existsSync(file)], [false, true]);
    cache().sweep(Date.now() + 31 * 24 * 3_600_000);
    assert.equal(existsSync(file), false);
  });
});
