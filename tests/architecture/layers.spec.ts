import assert from "node:assert/strict";
import { areaOf, circles, layerOffences } from "./layers.ts";
import { closureOf, importsOf, isFile, read, typescriptSources } from "./source-tree.ts";

const none = "";
const importing = (...names: string[]): string => names.map((name) => `import "${name}";`).join("\n");
const offences = (path: string, ...names: string[]): string[] => layerOffences(new Map([[path, importing(...names)]]));

/** The packages that files lead to, as `package by file`. */
function packagesBehind(entries: readonly string[]): [name: string, file: string][] {
  const sources = typescriptSources();
  return [...closureOf(sources, entries)].flatMap((path) =>
    importsOf(path, sources.get(path) ?? none)
      .filter((name) => !isFile(name) && !name.startsWith("node:"))
      .map((name): [string, string] => [name, path]),
  );
}

describe("the dependency direction", () => {
  it("holds for every file", () => {
    const found = layerOffences(typescriptSources());
    assert.equal(found.length, 0, `imports against the direction:\n${found.join("\n")}`);
  });

  it("has no circles", () => {
    const found = circles(typescriptSources());
    assert.equal(found.length, 0, `imports in circles:\n${found.join("\n")}`);
  });

  it("keeps every package off the request path of admission, and out of the controllers", () => {
    const mains = ["services/admission/main.ts", "services/controllers/main.ts"];
    for (const main of mains) assert.ok(typescriptSources().has(main), main);
    assert.deepEqual(packagesBehind(mains), []);
  });

  it("needs nothing but production packages for the program", () => {
    const { dependencies } = JSON.parse(read("package.json")) as { dependencies: Record<string, string> };
    const behind = packagesBehind(["index.ts"]);
    assert.notEqual(behind.length, 0);
    assert.deepEqual(
      behind.filter(([name]) => !(name in dependencies)),
      [],
    );
  });
});

describe("the check of the direction", () => {
  it("reads every form of import", () => {
    const text = [
      'import a from "./a.ts";',
      'import type { B } from "../b.ts";',
      'export * from "./c/d.ts";',
      'export { e } from "./e.ts";',
      'const f = await import("./f.ts");',
      'type G = import("./g.ts").G;',
      'import { readFile } from "node:fs/promises";',
      'import { pb } from "@pulumi/pulumi/proto/engine_pb.js";',
      'import "yaml/util";',
      "export const text = 'import \"./not.ts\"';",
    ].join("\n");
    const files = ["b.ts", "x/a.ts", "x/c/d.ts", "x/e.ts", "x/f.ts", "x/g.ts"];
    assert.deepEqual(importsOf("x/y.ts", text).sort(), ["@pulumi/pulumi", ...files, "node:fs/promises", "yaml"].sort());
  });

  it("knows the area of a file", () => {
    const paths = [
      "quota/a.ts",
      "services/lib/kube/a.ts",
      "services/admission/a.ts",
      "components/core/a.ts",
      "index.ts",
    ];
    assert.deepEqual(paths.map(areaOf), ["quota", "services/lib", "services/admission", "components/core", "index.ts"]);
  });

  const refused: [file: string, name: string, target: string][] = [
    ["quota/a.ts", "../crds/b.ts", "crds/b.ts"],
    ["quota/a.ts", "yaml", "yaml"],
    ["crds/a.ts", "../quota/b.ts", "quota/b.ts"],
    ["services/lib/a.ts", "../../quota/b.ts", "quota/b.ts"],
    ["services/lib/a.ts", "yaml", "yaml"],
    ["services/lib/kube/config.ts", "sshpk", "sshpk"],
    ["services/admission/a.ts", "@pulumi/pulumi", "@pulumi/pulumi"],
    ["services/admission/a.ts", "../hub/b.ts", "services/hub/b.ts"],
    ["services/admission/a.ts", "../../config/b.ts", "config/b.ts"],
    ["config/a.ts", "../quota/b.ts", "quota/b.ts"],
    ["components/core/a.ts", "../admission/b.ts", "components/admission/b.ts"],
    ["components/hub/a.ts", "../admission/b.ts", "components/admission/b.ts"],
    ["components/hub/a.ts", "../../config/b.ts", "config/b.ts"],
    ["components/hub/a.ts", "../../stacks/b.ts", "stacks/b.ts"],
    ["stacks/a.ts", "../lab/endpoints.ts", "lab/endpoints.ts"],
    ["index.ts", "./components/hub/b.ts", "components/hub/b.ts"],
    ["index.ts", "./lab/main.ts", "lab/main.ts"],
    ["images/a.ts", "../quota/b.ts", "quota/b.ts"],
    ["lab/a.ts", "../config/b.ts", "config/b.ts"],
    ["lab/engine/a.ts", "../../stacks/b.ts", "stacks/b.ts"],
    ["policies/a.ts", "../components/core/b.ts", "components/core/b.ts"],
    ["policies/a.ts", "../tests/support/b.ts", "tests/support/b.ts"],
    ["elsewhere/a.ts", "../quota/b.ts", "quota/b.ts"],
  ];
  for (const [file, name, target] of refused) {
    it(`refuses ${file} -> ${target}`, () => {
      assert.deepEqual(offences(file, name), [`${file} -> ${target}`]);
    });
  }

  it("lets pass what is in the table", () => {
    assert.deepEqual(offences("services/admission/a.ts", "./b.ts", "../lib/log.ts", "../../quota/b.ts", "node:fs"), []);
    assert.deepEqual(offences("components/hub/a.ts", "../core/b.ts", "../../crds/b.ts", "@pulumi/pulumi"), []);
    assert.deepEqual(offences("services/lib/kube/config.ts", "yaml", "../log.ts"), []);
    assert.deepEqual(offences("tests/a.spec.ts", "../lab/main.ts", "fast-check"), []);
  });

  it("finds circles", () => {
    const sources = new Map([
      ["a.ts", importing("./b.ts", "./d.ts")],
      ["b.ts", importing("./c.ts")],
      ["c.ts", importing("./b.ts")],
      ["d.ts", 'import type { A } from "./a.ts";\nexport type { B } from "./a.ts";'],
      ["e.ts", 'export * from "./f.ts";'],
      ["f.ts", 'import { type E, e } from "./e.ts";'],
    ]);
    assert.deepEqual(circles(sources), ["b.ts -> c.ts -> b.ts", "e.ts -> f.ts -> e.ts"]);
  });
});
