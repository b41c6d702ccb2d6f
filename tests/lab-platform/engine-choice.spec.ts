import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chooseEngine, isOnPath } from "../../lab/platform/engine-choice.ts";

describe("chooseEngine", () => {
  it("takes Pulumi's CLI when it is on PATH", () => {
    assert.deepEqual(chooseEngine(undefined, true), { engine: "pulumi", reason: "pulumi is on PATH" });
  });

  it("takes the lab's engine when there is no CLI", () => {
    assert.deepEqual(chooseEngine("", false), { engine: "lab", reason: "no pulumi on PATH" });
  });

  it("takes the lab's engine by force although the CLI is there", () => {
    assert.deepEqual(chooseEngine("lab", true), { engine: "lab", reason: "ENGINE=lab" });
  });

  it("takes the CLI by force", () => {
    assert.deepEqual(chooseEngine("pulumi", true), { engine: "pulumi", reason: "ENGINE=pulumi" });
  });

  it("refuses to force a CLI that is not installed", () => {
    assert.throws(() => chooseEngine("pulumi", false), {
      message:
        "ENGINE=pulumi needs the pulumi command, which is not on PATH: install Pulumi's CLI, or unset ENGINE to use the lab's engine",
    });
  });

  it("refuses an unknown engine", () => {
    assert.throws(() => chooseEngine("terraform", true), {
      message: 'ENGINE must be "pulumi" or "lab", got "terraform": unset it to use Pulumi\'s CLI where it is installed',
    });
  });
});

describe("isOnPath", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-path-"));
  after(() => rmSync(folder, { recursive: true }));

  it("finds a program that may be executed, and not a plain file", () => {
    writeFileSync(join(folder, "program"), "");
    writeFileSync(join(folder, "text"), "");
    chmodSync(join(folder, "program"), 0o755);
    assert.deepEqual(
      ["program", "text", "absent"].map((name) => isOnPath(name, `/nowhere:${folder}`)),
      [true, false, false],
    );
  });
});
