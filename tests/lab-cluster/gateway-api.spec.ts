import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectsIn } from "../../lab/cluster/gateway-api.ts";

describe("objectsIn", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-definitions-"));
  after(() => rmSync(folder, { recursive: true }));

  it("are the documents of YAML files by the files' names; comments and other files are none", () => {
    const object = (name: string): string => `kind: A\nmetadata:\n  name: ${name}\n`;
    writeFileSync(join(folder, "b.yaml"), `# only words\n---\n${object("third")}`);
    writeFileSync(join(folder, "a.yaml"), `${object("first")}---\n${object("second")}`);
    writeFileSync(join(folder, "kustomization.txt"), object("none"));
    assert.deepEqual(objectsIn(folder), [
      { kind: "A", metadata: { name: "first" } },
      { kind: "A", metadata: { name: "second" } },
      { kind: "A", metadata: { name: "third" } },
    ]);
  });
});
