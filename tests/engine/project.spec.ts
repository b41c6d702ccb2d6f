import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassphraseSecrets } from "../../lab/engine/passphrase.ts";
import { disabledDefaultProviders, readProject, runtimeConfig } from "../../lab/engine/project.ts";

describe("project files", function () {
  this.timeout(30_000);
  let dir: string;
  const write = (name: string, text: string): void => writeFileSync(join(dir, name), text);
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "carrel-project-"));
  });
  afterEach(() => rmSync(dir, { recursive: true, force: true }));

  it("give defaults, fixed values and the stack's own, all with their namespace", () => {
    write(
      "Pulumi.yaml",
      `name: shop
config:
  size: { type: integer, default: 3 }
  colour: { type: string, value: red }
  required: { type: string }
  short: yes please
  other:key: { value: there }
  overridden: { default: 1 }
`,
    );
    write(
      "Pulumi.dev.yaml",
      "encryptionsalt: v1:salt\nconfig:\n  overridden: 2\n  aws:region: here\n  shop:list: [1]\n",
    );
    assert.deepEqual(readProject(dir, "dev", undefined), {
      name: "shop",
      dir,
      stack: "dev",
      config: {
        "shop:size": 3,
        "shop:colour": "red",
        "shop:short": "yes please",
        "other:key": "there",
        "shop:overridden": 2,
        "aws:region": "here",
        "shop:list": [1],
      },
      encryptionSalt: "v1:salt",
    });
  });

  it("may be named on the command line, absolute or within the project", () => {
    write("Pulumi.yaml", "name: shop\n");
    write("other.yaml", "config: { shop:a: 1 }\n");
    const expected = { name: "shop", dir, stack: "dev", config: { "shop:a": 1 }, encryptionSalt: undefined };
    assert.deepEqual(readProject(dir, "dev", "other.yaml"), expected);
    assert.deepEqual(readProject(dir, "dev", join(dir, "other.yaml")), expected);
  });

  it("that are missing, broken or nameless are named", () => {
    const path = join(dir, "Pulumi.yaml");
    assert.throws(() => readProject(dir, "dev", undefined), {
      code: "project",
      message: `project file ${path} cannot be read: ENOENT: no such file or directory, open '${path}'`,
    });
    write("Pulumi.yaml", "description: none\n");
    assert.throws(() => readProject(dir, "dev", undefined), { message: `${path} has no name: add \`name: NAME\`` });
    write("Pulumi.yaml", "name: shop\n");
    const stack = join(dir, "Pulumi.dev.yaml");
    assert.throws(() => readProject(dir, "dev", undefined), {
      message: `stack file ${stack} cannot be read: ENOENT: no such file or directory, open '${stack}'`,
    });
    write("Pulumi.dev.yaml", "config: [unclosed\n");
    assert.throws(
      () => readProject(dir, "dev", undefined),
      ({ message }: Error) => message.startsWith(`stack file ${stack} cannot be read: `),
    );
  });

  it("reach the program as text, objects as JSON, and secrets by key", () => {
    const secrets = PassphraseSecrets.create("phrase");
    const sealed = { secure: secrets.encrypt("hush") };
    const config = {
      "shop:text": "plain",
      "shop:number": 3,
      "shop:flag": false,
      "shop:token": sealed,
      "shop:object": { user: "ann", keys: [sealed] },
      "shop:open": { secure: 1 },
    };
    assert.deepEqual(runtimeConfig({ name: "shop", dir, stack: "dev", config, encryptionSalt: undefined }, secrets), {
      values: {
        "shop:text": "plain",
        "shop:number": "3",
        "shop:flag": "false",
        "shop:token": "hush",
        "shop:object": '{"user":"ann","keys":["hush"]}',
        "shop:open": '{"secure":1}',
      },
      secretKeys: ["shop:token", "shop:object"],
    });
  });

  it("may disable default providers", () => {
    const project = { name: "shop", dir, stack: "dev", encryptionSalt: undefined };
    const config = { "pulumi:disable-default-providers": ["kubernetes", "*"] };
    assert.deepEqual(disabledDefaultProviders({ ...project, config }), ["kubernetes", "*"]);
    assert.deepEqual(disabledDefaultProviders({ ...project, config: {} }), []);
  });
});
