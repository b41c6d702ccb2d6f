import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stackFileFor, stackForLab } from "../../lab/platform/stack-file.ts";

const dev = '# the lab\nconfig:\n  carrel:host: carrel.localhost # one name\n  carrel:lab: "dev"\n';

describe("stackForLab", () => {
  it("names the lab and keeps every comment", () => {
    assert.equal(
      stackForLab(dev, "second"),
      '# the lab\nconfig:\n  carrel:host: carrel.localhost # one name\n  carrel:lab: "second"\n',
    );
  });
});

describe("stackFileFor", () => {
  const project = mkdtempSync(join(tmpdir(), "carrel-project-"));
  before(() => writeFileSync(join(project, "Pulumi.dev.yaml"), dev));
  after(() => rmSync(project, { recursive: true }));

  it("is the committed file for the lab named dev", () => {
    assert.equal(stackFileFor("dev", project, join(project, "state")), join(project, "Pulumi.dev.yaml"));
  });

  it("is a file beside the state for any other lab", () => {
    const file = stackFileFor("second", project, join(project, "state"));
    assert.equal(file, join(project, "state", "Pulumi.second.yaml"));
    assert.equal(readFileSync(file, "utf8"), stackForLab(dev, "second"));
  });
});
