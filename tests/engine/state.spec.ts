import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { backendFolder, passphraseFrom, StackBackend } from "../../lab/engine/backend.ts";
import { PassphraseSecrets } from "../../lab/engine/passphrase.ts";
import type { Project } from "../../lab/engine/project.ts";
import {
  type Deployment,
  exportDeployment,
  importDeployment,
  type ResourceState,
  StateFile,
  saltOf,
} from "../../lab/engine/state.ts";
import { Secret } from "../../lab/engine/values.ts";

const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
const urn = "urn:pulumi:dev::shop::a:b:C::name";
const row: ResourceState = {
  urn,
  custom: true,
  id: "id",
  type: "a:b:C",
  inputs: { password: new Secret({ nested: ["hush", new Secret("deep")] }), plain: 1 },
  outputs: { list: [new Secret("hush")] },
};
const deployment: Deployment = { resources: [row], pending: [{ type: "updating", resource: row }] };
const now = new Date("2026-01-02T03:04:05.678Z");

describe("deployments", function () {
  this.timeout(30_000);
  const folder = mkdtempSync(join(tmpdir(), "carrel-state-"));
  let secrets: PassphraseSecrets;
  before(() => {
    secrets = PassphraseSecrets.create("phrase");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("are written in Pulumi's format of version 3, with secrets as ciphertexts", () => {
    const sealed = (value: unknown): object => ({ ...mark, ciphertext: secrets.encrypt(JSON.stringify(value)) });
    const expected = {
      urn,
      custom: true,
      id: "id",
      type: "a:b:C",
      inputs: { password: sealed({ nested: ["hush", sealed("deep")] }), plain: 1 },
      outputs: { list: [sealed("hush")] },
    };
    assert.deepEqual(exportDeployment(deployment, secrets, now), {
      version: 3,
      deployment: {
        manifest: { time: "2026-01-02T03:04:05.678Z", magic: "carrel-lab-engine", version: "" },
        secrets_providers: { type: "passphrase", state: { salt: secrets.salt } },
        resources: [expected],
        pending_operations: [{ type: "updating", resource: expected }],
      },
    });
    assert.equal(
      "pending_operations" in exportDeployment({ resources: [], pending: [] }, secrets, now).deployment,
      false,
    );
  });

  it("are read as they were written, from plaintext secrets too", () => {
    const exported = JSON.parse(JSON.stringify(exportDeployment(deployment, secrets, now).deployment));
    assert.deepEqual(importDeployment(exported, secrets), deployment);
    assert.deepEqual(importDeployment({}, secrets), { resources: [], pending: [] });
    const plain = { resources: [{ ...row, inputs: { a: { ...mark, plaintext: '{"b":1}' } }, outputs: {} }] };
    assert.deepEqual(importDeployment(plain, secrets).resources[0]?.inputs, { a: new Secret({ b: 1 }) });
    assert.equal(saltOf(exported), secrets.salt);
    assert.equal(saltOf(undefined), undefined);
    assert.equal(saltOf({}), undefined);
  });

  it("replace their file at once, for its owner alone", () => {
    const file = new StateFile(join(folder, "deep", "er", "dev.json"), "organization/shop/dev");
    assert.equal(file.read(), undefined);
    file.write({ resources: ["first"] });
    const { ino } = statSync(file.path);
    file.write(exportDeployment(deployment, secrets, now).deployment);
    const text = readFileSync(file.path, "utf8");
    assert.notEqual(statSync(file.path).ino, ino);
    assert.equal(statSync(file.path).mode & 0o777, 0o600);
    assert.equal(statSync(dirname(file.path)).mode & 0o777, 0o700);
    assert.deepEqual(readdirSync(dirname(file.path)), ["dev.json"]);
    for (const hidden of ["hush", "deep", "nested"]) assert.equal(text.includes(hidden), false, hidden);
    assert.deepEqual(JSON.parse(text), {
      version: 3,
      checkpoint: {
        stack: "organization/shop/dev",
        latest: exportDeployment(deployment, secrets, now).deployment,
      },
    });
    assert.deepEqual(file.read(), JSON.parse(text).checkpoint.latest);
  });

  it("are not taken for missing when their file is broken", () => {
    const path = join(folder, "broken.json");
    writeFileSync(path, "{");
    assert.throws(() => new StateFile(path, "s").read(), SyntaxError);
  });

  it("live below the backend's folder by project and stack, and open with the salt of the state", () => {
    const project: Project = { name: "shop", dir: "/", stack: "dev", config: {}, encryptionSalt: undefined };
    const env = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: "phrase" };
    const first = new StackBackend(project, env);
    assert.equal(first.exists, false);
    assert.deepEqual(first.deployment, { resources: [], pending: [] });
    assert.equal(first.file.path, join(folder, ".pulumi", "stacks", "shop", "dev.json"));
    first.save(deployment);
    const second = new StackBackend(project, env);
    assert.equal(second.exists, true);
    assert.equal(second.secrets.salt, first.secrets.salt);
    assert.deepEqual(second.deployment, deployment);
    assert.throws(() => new StackBackend(project, { ...env, PULUMI_CONFIG_PASSPHRASE: "guess" }), {
      code: "passphrase",
    });
  });
});

describe("the backend's environment", () => {
  it("has to be a file backend", () => {
    assert.equal(backendFolder({ PULUMI_BACKEND_URL: "file:///state" }), "/state");
    assert.equal(backendFolder({ PULUMI_BACKEND_URL: "file://~/state" }), join(homedir(), "state"));
    assert.equal(backendFolder({}), homedir());
    assert.throws(() => backendFolder({ PULUMI_BACKEND_URL: "s3://bucket" }), {
      code: "backend",
      message:
        'PULUMI_BACKEND_URL is "s3://bucket": the lab\'s engine keeps states in files only; set it to file://FOLDER',
    });
  });

  it("has to give a passphrase, which may be empty or in a file", () => {
    const folder = mkdtempSync(join(tmpdir(), "carrel-phrase-"));
    try {
      const file = join(folder, "passphrase");
      writeFileSync(file, "from file\n");
      const both = { PULUMI_CONFIG_PASSPHRASE: "direct", PULUMI_CONFIG_PASSPHRASE_FILE: file };
      assert.equal(passphraseFrom(both), "direct");
      assert.equal(passphraseFrom({ PULUMI_CONFIG_PASSPHRASE: "" }), "");
      assert.equal(passphraseFrom({ PULUMI_CONFIG_PASSPHRASE_FILE: file }), "from file");
    } finally {
      rmSync(folder, { recursive: true });
    }
    const message =
      "no passphrase: set PULUMI_CONFIG_PASSPHRASE, or PULUMI_CONFIG_PASSPHRASE_FILE to a file that exists";
    assert.throws(() => passphraseFrom({}), { code: "passphrase-missing", message });
    assert.throws(() => passphraseFrom({ PULUMI_CONFIG_PASSPHRASE_FILE: "/none" }), {
      message: `${message} (given: /none)`,
    });
  });
});
