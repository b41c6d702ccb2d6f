import assert from "node:assert/strict";
import { downloadedFrom, lineOffences, looseDependencies, type Manifest } from "./hygiene.ts";
import { projectFiles, read } from "./source-tree.ts";

const isSource = (path: string): boolean =>
  /\.(ts|js|cjs|mjs|json|ya?ml|go|mod|sh|cfg|toml)$|(^|\/)(Makefile|\.npmrc|\.ci\/run)$/.test(path) &&
  !path.endsWith("package-lock.json");

describe("sources", () => {
  it("are finished, and know nothing of one machine or one registry", () => {
    const sources = projectFiles().filter(isSource);
    assert.ok(sources.includes("Makefile") && sources.includes("index.ts"), "the tree was not read");
    const found = sources.flatMap((path) => lineOffences(path, read(path)));
    assert.equal(found.length, 0, found.join("\n"));
  });

  it("pin every package to one version", () => {
    const manifests = projectFiles().filter((path) => /(^|\/)package\.json$/.test(path));
    assert.ok(manifests.includes("package.json"));
    const found = manifests.flatMap((path) => looseDependencies(path, JSON.parse(read(path)) as Manifest));
    assert.equal(found.length, 0, found.join("\n"));
  });

  it("are locked without naming a registry, and checked by hash", () => {
    const lockfile = JSON.parse(read("package-lock.json")) as {
      packages: Record<string, { resolved?: string; integrity?: string; link?: boolean }>;
    };
    assert.deepEqual(downloadedFrom(lockfile), []);
    const unchecked = Object.entries(lockfile.packages)
      .filter(([name, { link, integrity }]) => name.includes("node_modules/") && !link && integrity === undefined)
      .map(([name]) => name);
    assert.deepEqual(unchecked, []);
  });
});

describe("the check of sources", () => {
  const refused: [line: string, rule: string][] = [
    [`// ${"TO"}DO: later`, "unfinished"],
    [`/* ${"FIX"}ME */`, "unfinished"],
    [`const place = "/${"home"}/me/carrel";`, "path of one machine"],
    [`cd /${"root"}/carrel`, "path of one machine"],
    [`see "/${"work"}/main"`, "path of one machine"],
    [`https://proxy.${"golang"}.org/x`, "registry host"],
    [`registry.${"npmjs"}.org`, "registry host"],
    [`http://deb.${"debian"}.org/debian`, "registry host"],
  ];
  for (const [line, rule] of refused) {
    it(`refuses ${line}`, () => {
      assert.deepEqual(lineOffences("a.ts", `fine\n${line}`), [`a.ts:2 ${rule}: ${line}`]);
    });
  }

  it("lets pass the home of the images' user, URLs and words that only contain one of the rules", () => {
    const lines = ["/home/nonroot", `https://x.test/${"home"}/me`, "mastodon TODOS", "lib/work/a", "registry.test"];
    assert.deepEqual(lineOffences("a.ts", lines.join("\n")), []);
  });

  it("refuses ranges of versions, but for TypeScript", () => {
    const manifest = {
      dependencies: { exact: "1.2.3", caret: "^1.0.0", any: "*", pre: "1.0.0-rc.1" },
      devDependencies: { typescript: "~6.0.3", tilde: "~1.0.0" },
    };
    assert.deepEqual(looseDependencies("p", manifest), ["p: caret ^1.0.0", "p: any *", "p: tilde ~1.0.0"]);
    assert.deepEqual(looseDependencies("p", { dependencies: { typescript: "^6.0.0" } }), ["p: typescript ^6.0.0"]);
  });

  it("refuses a lockfile that names where packages came from", () => {
    const packages = {
      "node_modules/a": { resolved: "https://registry.test/a.tgz" },
      "node_modules/b": { resolved: "policies" },
      "node_modules/c": {},
    };
    assert.deepEqual(downloadedFrom({ packages }), ["node_modules/a https://registry.test/a.tgz"]);
  });
});
