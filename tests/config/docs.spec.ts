import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { configurationTable, projectFileProblems, syncDocs, withTable } from "../../config/docs.ts";
import { keyPaths } from "../../config/paths.ts";

const projectDir = join(import.meta.dirname, "..", "..");
const projectFile = readFileSync(join(projectDir, "Pulumi.yaml"), "utf8");

describe("configurationTable", () => {
  const lines = configurationTable().split("\n");

  it("has a head and a row for each key, in order", () => {
    assert.deepEqual(lines.slice(0, 2), ["| key | type | default | meaning |", "| --- | --- | --- | --- |"]);
    assert.deepEqual(
      lines.slice(2).map((line) => line.split(" | ", 1)[0]),
      keyPaths.map((path) => `| \`carrel:${path}\``),
    );
  });

  it("says type, default or what stands in for it, and meaning", () => {
    assert.ok(lines.includes("| `carrel:admission.replicas` | integer | `2` | Replicas of the webhook, 2 to 9. |"));
    assert.ok(lines.includes("| `carrel:host` | string | required | DNS name under which users open the platform. |"));
  });
});

describe("withTable", () => {
  it("replaces what is between the markers and nothing else", () => {
    assert.equal(
      withTable("before\n<!-- config:start -->\nold\n<!-- config:end -->\nafter\n", "README.md"),
      `before\n<!-- config:start -->\n${configurationTable()}\n<!-- config:end -->\nafter\n`,
    );
  });

  it("takes a text that begins with a marker", () => {
    const table = `<!-- config:start -->\n${configurationTable()}\n<!-- config:end -->`;
    assert.equal(withTable("<!-- config:start --><!-- config:end -->", "README.md"), table);
  });

  it("refuses a text without both markers in order", () => {
    for (const text of ["", "<!-- config:start -->", "<!-- config:end -->\n<!-- config:start -->"]) {
      assert.throws(() => withTable(text, "README.md"), {
        name: "UserError",
        code: "config-docs",
        message:
          'README.md has no lines "<!-- config:start -->" and "<!-- config:end -->": add them around the table\'s place',
      });
    }
  });
});

describe("projectFileProblems", () => {
  it("finds none in the committed Pulumi.yaml", () => assert.deepEqual(projectFileProblems(projectFile), []));

  it("names a description, a type and a default that differ, what is missing and what is unknown", () => {
    const text = projectFile
      .replace("DNS name under which users open the platform.", "A host.")
      .replace("  prefix:\n    type: string", "  prefix:\n    type: integer")
      .replace("The cluster to deploy to.\n    default: {}", "The cluster to deploy to.\n    default: { context: dev }")
      .concat("  telemetry:\n    type: string\n");
    assert.deepEqual(projectFileProblems(text), [
      'Pulumi.yaml: config.host.description must be "DNS name under which users open the platform.", got "A host."',
      'Pulumi.yaml: config.prefix.type must be "string", got "integer"',
      'Pulumi.yaml: config.cluster.default must be {}, got {"context":"dev"}',
      "Pulumi.yaml: config.telemetry is not in config/schema.ts: remove it",
    ]);
    assert.equal(
      projectFileProblems(stringify({ config: { host: {} } }))[0],
      'Pulumi.yaml: config.host.type must be "string", got nothing',
    );
    assert.equal(projectFileProblems("").length, 3 * 20);
  });
});

describe("node config/docs.ts", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-docs-"));
  const file = join(folder, "README.md");
  const old = "# Title\n<!-- config:start -->\n<!-- config:end -->\n";
  const docs = (...args: string[]) =>
    spawnSync(process.execPath, [join(projectDir, "config", "docs.ts"), ...args], { encoding: "utf8" });

  beforeEach(() => writeFileSync(file, old));
  after(() => rmSync(folder, { recursive: true }));

  it("--check fails on an old table, says how to renew it, and changes nothing", () => {
    const { status, stderr } = docs("--check", file);
    assert.equal(status, 1);
    assert.equal(
      stderr,
      `${file}: the configuration table is not that of config/schema.ts: run \`node config/docs.ts --write ${file}\`\n`,
    );
    assert.equal(readFileSync(file, "utf8"), old);
  });

  it("--write renews it, so that --check passes", () => {
    assert.deepEqual(syncDocs(file, "write", projectDir), []);
    assert.equal(readFileSync(file, "utf8"), withTable(old, file));
    assert.equal(docs("--check", file).status, 0);
  });

  it("--check fails on a Pulumi.yaml that differs", () => {
    writeFileSync(file, withTable(old, file));
    writeFileSync(join(folder, "Pulumi.yaml"), projectFile.concat("  telemetry:\n    type: string\n"));
    assert.deepEqual(syncDocs(file, "check", folder), [
      "Pulumi.yaml: config.telemetry is not in config/schema.ts: remove it",
    ]);
  });

  it("says how it is used", () => {
    const { status, stderr } = docs();
    assert.equal(status, 1);
    assert.equal(stderr, "usage: node config/docs.ts --check FILE | --write FILE\n");
  });
});

describe("README.md", () => {
  it("has the current table", () => assert.deepEqual(syncDocs(join(projectDir, "README.md"), "check", projectDir), []));
});
