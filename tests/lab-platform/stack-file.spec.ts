import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chosenParts, partsInEnvironment, stackFileFor, stackForLab } from "../../lab/platform/stack-file.ts";

const dev = '# the lab\nconfig:\n  carrel:host: carrel.localhost # one name\n  carrel:lab: "dev"\n';
const second = dev.replace('"dev"', '"second"');

describe("stackForLab", () => {
  it("names the lab and keeps every comment", () => {
    assert.equal(stackForLab(dev, "second"), second);
  });

  it("names the parts, or that there are none", () => {
    assert.equal(
      stackForLab(dev, "second", ["identity", "exposure"]),
      `${second}  carrel:platform:\n    parts: [ identity, exposure ]\n`,
    );
    assert.equal(stackForLab(dev, "second", []), `${second}  carrel:platform:\n    parts: []\n`);
  });
});

describe("chosenParts", () => {
  const withPlatform = (value: string): string => `config:\n  carrel:platform: ${value}\n`;

  it("reads a list as a person and as Pulumi's CLI writes it", () => {
    for (const value of [
      "{ parts: [identity, api] }",
      "\n    parts:\n      - identity\n      - api",
      `'{"parts":["identity","api"]}'`,
    ])
      assert.deepEqual(chosenParts(withPlatform(value)), ["identity", "api"], value);
    assert.deepEqual(chosenParts(withPlatform("{ parts: [] }")), []);
  });

  it("is all of them where nothing is named, or something that the program will refuse", () => {
    const values = ["", "3", "{}", "identity", "{ parts: identity }"].map(withPlatform);
    for (const text of ["", "config: {}\n", dev, ...values]) assert.equal(chosenParts(text), undefined, text);
  });
});

describe("partsInEnvironment", () => {
  it("is a list with commas, of which an empty one names none", () => {
    assert.deepEqual([undefined, "", " ", "identity", "identity, api,"].map(partsInEnvironment), [
      undefined,
      [],
      [],
      ["identity"],
      ["identity", "api"],
    ]);
  });
});

describe("stackFileFor", () => {
  let project: string;
  const before = process.env["LAB_PARTS"];
  beforeEach(() => {
    delete process.env["LAB_PARTS"];
    project = mkdtempSync(join(tmpdir(), "carrel-project-"));
    writeFileSync(join(project, "Pulumi.dev.yaml"), dev);
  });
  afterEach(() => {
    if (before === undefined) delete process.env["LAB_PARTS"];
    else process.env["LAB_PARTS"] = before;
    rmSync(project, { recursive: true });
  });
  const fileOf = (name: string): string => stackFileFor(name, project, join(project, "state"));

  it("is the committed file for the lab named dev", () => {
    assert.equal(fileOf("dev"), join(project, "Pulumi.dev.yaml"));
  });

  it("is a file beside the state for any other lab, written when it differs", () => {
    const file = fileOf("second");
    assert.equal(file, join(project, "state", "Pulumi.second.yaml"));
    assert.equal(readFileSync(file, "utf8"), second);
    utimesSync(file, 1, 1);
    fileOf("second");
    assert.equal(statSync(file).mtimeMs, 1000);
  });

  it("has the parts of LAB_PARTS, and keeps them until others are named", () => {
    const partsAfter = (parts: string | undefined): readonly string[] | undefined => {
      if (parts === undefined) delete process.env["LAB_PARTS"];
      else process.env["LAB_PARTS"] = parts;
      return chosenParts(readFileSync(fileOf("second"), "utf8"));
    };
    const parts = [undefined, "identity,api", undefined, "", undefined].map(partsAfter);
    assert.deepEqual(parts, [undefined, ["identity", "api"], ["identity", "api"], [], []]);
  });

  it("has no parts of its own for dev", () => {
    process.env["LAB_PARTS"] = "";
    assert.throws(() => fileOf("dev"), {
      name: "UserError",
      message:
        'LAB_PARTS is for labs beside "dev", whose stack is committed: set carrel:platform.parts in Pulumi.dev.yaml, or take another LAB_NAME',
    });
  });
});
