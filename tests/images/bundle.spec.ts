import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, realpathSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleService } from "../../images/bundle.ts";
import { readSettings as apiSettings } from "../../services/api/settings.ts";
import { readSettings as controllersSettings } from "../../services/controllers/settings.ts";
import { algorithms } from "../../services/ssh/gateway/gateway.ts";
import { readSettings as sshSettings } from "../../services/ssh/settings.ts";
import { Folders, program } from "./support.ts";

const ENTRY = "services/greeter/main.ts";
const root = join(import.meta.dirname, "..", "..");

describe("bundleService", () => {
  const folders = new Folders();
  after(() => folders.remove());

  /** What a bundle prints from a folder that has nothing else in it. */
  function outputOf(code: Buffer, folder = folders.make()): string {
    const file = join(folder, "main.mjs");
    writeFileSync(file, code);
    return execFileSync(process.execPath, [file], { encoding: "utf8", env: {} });
  }

  it("is one file that runs", async () => {
    const folder = folders.make(program);
    const { code, packages } = await bundleService(ENTRY, folder);
    assert.deepEqual(packages, []);
    assert.equal(outputOf(code), `hello ${process.version}\n`);
  });

  it("adds nothing to a program that has no packages in it", async () => {
    const { code } = await bundleService("services/admission/main.ts", folders.makeProject());
    assert.doesNotMatch(code.toString("utf8"), /createRequire|\b__(file|dir)name\b/);
    assert.match(code.toString("utf8"), /^(var|const|import|\/\/) /);
  });

  it("gives CommonJS packages what they find in their scope elsewhere", async () => {
    const folder = folders.make({
      [ENTRY]: 'import { told } from "old";\nconsole.log(JSON.stringify(told));\n',
      "node_modules/old/package.json": JSON.stringify({ name: "old", version: "1.0.0", main: "index.js" }),
      "node_modules/old/index.js":
        'const { sep } = require("path");\nexports.told = [sep, __filename, __dirname, typeof require("no" + "de:os").cpus];\n',
    });
    const place = realpathSync(folders.make());
    const { code } = await bundleService(ENTRY, folder);
    assert.deepEqual(JSON.parse(outputOf(code, place)), ["/", join(place, "main.mjs"), place, "function"]);
  });

  it("leaves addons out that a package does without, built or not on this machine", async () => {
    const folder = folders.make({
      [ENTRY]: 'import { fast } from "old";\nconsole.log(fast);\n',
      "node_modules/old/package.json": JSON.stringify({ name: "old", version: "1.0.0", main: "index.js" }),
      "node_modules/old/index.js":
        'const load = (get) => { try { return get(); } catch { return "without"; } };\n' +
        'exports.fast = [load(() => require("cpu-features")), load(() => require("./build/Release/fast.node"))].join();\n',
    });
    const without = await bundleService(ENTRY, folder);
    assert.equal(outputOf(without.code), "without,without\n");
    mkdirSync(join(folder, "node_modules/old/build/Release"), { recursive: true });
    writeFileSync(join(folder, "node_modules/old/build/Release/fast.node"), "machine code");
    mkdirSync(join(folder, "node_modules/cpu-features"));
    writeFileSync(join(folder, "node_modules/cpu-features/index.js"), 'module.exports = "features";\n');
    assert.deepEqual(await bundleService(ENTRY, folder), without);
  });

  const services = [
    { name: "api", readSettings: apiSettings },
    { name: "controllers", readSettings: controllersSettings },
    { name: "ssh", readSettings: sshSettings },
  ] as const;
  for (const { name, readSettings } of services) {
    it(`starts ${name} from one file, which then asks for its settings`, async () => {
      const { code } = await bundleService(`services/${name}/main.ts`, root);
      const file = join(folders.make({ "main.mjs": code.toString("utf8") }), "main.mjs");
      const { status, stdout, stderr } = spawnSync(process.execPath, [file], { encoding: "utf8", env: {} });
      const { time: _, ...line } = JSON.parse(stdout) as Record<string, unknown>;
      assert.throws(() => readSettings({}), { message: line["reason"] });
      assert.deepEqual([status, stderr, line["level"], line["event"]], [1, "", "error", "failed"]);
    });
  }

  it("speaks SSH with every cipher of the gateway, without addons", async () => {
    const { code } = await bundleService("tests/images/ssh-ciphers.ts", root);
    assert.equal(outputOf(code), `${algorithms.cipher.join("\n")}\n`);
  });

  it("has the same code and revision in any folder", async () => {
    const folder = folders.makeProject();
    const bundles = [];
    for (const place of [folder, folder, folders.copyOf(folder)]) {
      bundles.push(await bundleService("services/admission/main.ts", place));
    }
    const [first, again, elsewhere] = bundles;
    assert.deepEqual(again, first);
    assert.deepEqual(elsewhere, first);
    assert.match(first?.revision ?? "", /^[0-9a-f]{40}$/);
    assert.ok((first?.code.length ?? 0) > 10_000, "the bundle of admission is nearly empty");
  });

  it("brings nothing but our own code into admission, for it decides on the request path", async () => {
    const { packages, code } = await bundleService("services/admission/main.ts", folders.makeProject());
    assert.deepEqual(packages, []);
    const imported = [...code.toString("utf8").matchAll(/^import\b.*?from "([^"]+)"/gm)].map(([, from]) => from ?? "");
    assert.deepEqual(
      imported.filter((from) => !from.startsWith("node:")),
      [],
    );
    assert.notEqual(imported.length, 0);
  });

  it("changes its revision with any source that goes in, and with no other", async () => {
    const folder = folders.make(program);
    const before = await bundleService(ENTRY, folder);
    writeFileSync(join(folder, "services/lib/unused.ts"), "export const nobody = 1;\n");
    assert.equal((await bundleService(ENTRY, folder)).revision, before.revision);
    // A comment changes no code, but it is another source.
    writeFileSync(join(folder, "services/lib/word.ts"), `// new\n${program["services/lib/word.ts"]}`);
    const commented = await bundleService(ENTRY, folder);
    assert.notEqual(commented.revision, before.revision);
    assert.deepEqual(commented.code.toString("utf8"), before.code.toString("utf8"));
  });

  it("changes its revision when a source is renamed", async () => {
    const folder = folders.make(program);
    const before = await bundleService(ENTRY, folder);
    renameSync(join(folder, "services/lib/word.ts"), join(folder, "services/lib/text.ts"));
    writeFileSync(join(folder, ENTRY), program[ENTRY].replace("word.ts", "text.ts"));
    assert.notEqual((await bundleService(ENTRY, folder)).revision, before.revision);
  });

  it("names the packages that went in, once each, scoped and nested ones too", async () => {
    const packageOf = (name: string, version: string, license?: string): string =>
      JSON.stringify({ name, version, license, type: "module", exports: { ".": "./index.js", "./b": "./b.js" } });
    const nested = "node_modules/outer/node_modules/@deep/inner";
    const folder = folders.make({
      "services/greeter/main.ts": 'import { a } from "outer";\nimport { b } from "outer/b";\nconsole.log(a, b);\n',
      "node_modules/outer/package.json": packageOf("outer", "2.0.0", "MIT"),
      "node_modules/outer/index.js": 'import { c } from "@deep/inner";\nimport "old";\nexport const a = c;\n',
      "node_modules/outer/b.js": "export const b = 2;\n",
      [`${nested}/package.json`]: packageOf("@deep/inner", "3.1.0"),
      [`${nested}/index.js`]: "export const c = 3;\n",
      "node_modules/old/package.json": JSON.stringify({
        name: "old",
        version: "0.1.0",
        licenses: [{ type: "MIT", url: "" }, { type: "ISC" }],
      }),
      "node_modules/old/index.js": "module.exports = 4;\n",
      "node_modules/absent/package.json": packageOf("absent", "9.0.0"),
    });
    const { packages } = await bundleService(ENTRY, folder);
    assert.deepEqual(
      packages.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: "@deep/inner", version: "3.1.0", license: undefined },
        { name: "old", version: "0.1.0", license: "MIT OR ISC" },
        { name: "outer", version: "2.0.0", license: "MIT" },
      ],
    );
  });

  it("refuses a service that imports what is not there", async () => {
    const folder = folders.make({ "services/greeter/main.ts": 'import "./missing.ts";\n' });
    await assert.rejects(bundleService(ENTRY, folder), /Could not resolve ".\/missing.ts"/);
  });
});
