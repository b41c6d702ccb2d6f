import assert from "node:assert/strict";
import { projectFiles } from "./source-tree.ts";

/** Folders of which every file has a spec at its own place below `tests/`. */
const mirrored = ["components", "images", "quota", "services/admission", "services/lib", "stacks"];

/** Files without a spec of their own, and where they are held instead. */
const exempt: Readonly<Record<string, string>> = {
  "services/admission/main.ts": "only puts parts together; bundle.spec.ts bundles it, tests/lab/admission has it run",
  "services/admission/state.ts": "simulation.spec.ts runs it whole, against an API server that fails it",
  "services/lib/kube/errors.ts": "a class of fields; client.spec.ts reads every one of them",
  "services/lib/kube/types.ts": "types only",
};

const specOf = (path: string): string => `tests/${path.replace(/\.ts$/, ".spec.ts")}`;

/** Files without a spec and without a reason, and reasons without need. */
function unmirrored(files: readonly string[], reasons: Readonly<Record<string, string>>): string[] {
  const all = new Set(files);
  const subjects = files.filter((path) => path.endsWith(".ts") && mirrored.some((part) => path.startsWith(`${part}/`)));
  const missing = subjects.filter((path) => !all.has(specOf(path)) && !(path in reasons));
  const stale = Object.keys(reasons).filter((path) => !all.has(path) || all.has(specOf(path)));
  return [
    ...missing.map((path) => `${path} has no ${specOf(path)}`),
    ...stale.map((path) => `${path} needs no reason`),
  ];
}

describe("specs", () => {
  it("mirror the tree", () => {
    const found = unmirrored(projectFiles(), exempt);
    assert.equal(found.length, 0, found.join("\n"));
  });

  it("are missed where there is none, and so are reasons that nobody needs", () => {
    const files = ["quota/a.ts", "quota/b.ts", "quota/c.ts", "tests/quota/a.spec.ts", "lab/main.ts"];
    assert.deepEqual(unmirrored(files, { "quota/c.ts": "held elsewhere" }), [
      "quota/b.ts has no tests/quota/b.spec.ts",
    ]);
    assert.deepEqual(
      unmirrored(files, { "quota/a.ts": "x", "quota/b.ts": "x", "quota/c.ts": "x", "quota/d.ts": "x" }),
      ["quota/a.ts needs no reason", "quota/d.ts needs no reason"],
    );
  });
});
