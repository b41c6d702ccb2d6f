import assert from "node:assert/strict";
import type { StackTarget } from "../../lab/platform/engine-command.ts";
import { outputsIn, readOutputs } from "../../lab/platform/stack-outputs.ts";
import { Scratch } from "../lab-cluster/environment.ts";

describe("outputsIn", () => {
  it("takes what is known, and only texts", () => {
    const printed = { authorityCertificate: "PEM", sshFingerprint: null, firstAdminLink: "https://h/", host: "h" };
    assert.deepEqual(outputsIn(JSON.stringify(printed)), { authorityCertificate: "PEM", firstAdminLink: "https://h/" });
    assert.deepEqual(outputsIn("{}"), {});
  });
});

describe("readOutputs", () => {
  let scratch: Scratch;
  let target: StackTarget;
  beforeEach(() => {
    scratch = new Scratch();
    scratch.usePrograms();
    target = {
      projectDir: scratch.folder,
      stack: "second",
      configFile: "/c.yaml",
      backendDir: "/state/pulumi",
      passphraseFile: "/state/passphrase",
    };
  });
  afterEach(() => scratch.restore());

  const script =
    "process.stdout.write(JSON.stringify({ sshFingerprint: [...process.argv.slice(2), process.env.PULUMI_BACKEND_URL].join(' ') }))";

  it("asks Pulumi's CLI for everything, on the stack's own backend", async () => {
    scratch.program("pulumi", `echo "{\\"sshFingerprint\\": \\"$PULUMI_BACKEND_URL\\"}"`);
    assert.deepEqual(await readOutputs("pulumi", target), { sshFingerprint: "file:///state/pulumi" });
    assert.deepEqual(scratch.calls(), [
      `pulumi stack output --stack second --cwd ${scratch.folder} --json --show-secrets`,
    ]);
  });

  it("asks the lab's engine in the same way", async () => {
    scratch.write("lab/engine/main.ts", script);
    assert.deepEqual(await readOutputs("lab", target), {
      sshFingerprint: `outputs --cwd ${scratch.folder} --stack second --config-file /c.yaml --json --show-secrets file:///state/pulumi`,
    });
  });

  it("says what an engine said that failed, and nothing that it printed", async () => {
    scratch.program("pulumi", "echo secret; echo 'error: no stack' >&2; exit 1");
    await assert.rejects(readOutputs("pulumi", target), {
      name: "UserError",
      message: "pulumi stack output failed: error: no stack",
    });
  });
});
