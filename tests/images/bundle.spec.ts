import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleService } from "../../images/bundle.ts";
import { Folders, program } from "./support.ts";

const ENTRY = "services/greeter/main.ts";

describe("bundleService", () => {
  const folders = new Folders();
  after(() => folders.remove());

  it("is one file that runs", async () => {
    const folder = folders.make(program);
    const { code, packages } = await bundleService(ENTRY, folder);
    assert.deepEqual(packages, []);
    const file = join(folders.make(), "main.mjs");
    writeFileSync(file, code);
    assert.equal(execFileSync(process.execPath, [file], { encoding: "utf8" }), `hello ${process.version}\n`);
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
      "node_modules/outer/index.js": 'import { c } from "@deep/inner";\nexport const a = c;\n',
      "node_modules/outer/b.js": "export const b = 2;\n",
      [`${nested}/package.json`]: packageOf("@deep/inner", "3.1.0"),
      [`${nested}/index.js`]: "export const c = 3;\n",
      "node_modules/absent/package.json": packageOf("absent", "9.0.0"),
    });
    const { packages } = await bundleService(ENTRY, folder);
    assert.deepEqual(
      packages.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
      [
        { name: "@deep/inner", version: "3.1.0", license: undefined },
        { name: "outer", version: "2.0.0", license: "MIT" },
      ],
    );
  });

  it("refuses a service that imports what is not there", async () => {
    const folder = folders.make({ "services/greeter/main.ts": 'import "./missing.ts";\n' });
    await assert.rejects(bundleService(ENTRY, folder), /Could not resolve ".\/missing.ts"/);
  });
});
