import assert from "node:assert/strict";
import { engineCommands, engineEnvironment, type StackTarget } from "../../lab/platform/engine-command.ts";

const target: StackTarget = {
  projectDir: "/project",
  stack: "dev",
  configFile: "/project/Pulumi.dev.yaml",
  backendDir: "/state/pulumi",
  passphraseFile: "/state/passphrase",
};

describe("engineCommands", () => {
  it("runs the lab's engine with the policy pack", () => {
    assert.deepEqual(engineCommands("lab", "up", target), [
      {
        file: "node",
        args: [
          "lab/engine/main.ts",
          "up",
          "--cwd",
          "/project",
          "--stack",
          "dev",
          "--config-file",
          "/project/Pulumi.dev.yaml",
          "--policy-pack",
          "policies",
        ],
      },
    ]);
  });

  it("selects the stack before Pulumi's CLI applies it without asking", () => {
    assert.deepEqual(engineCommands("pulumi", "up", target), [
      { file: "pulumi", args: ["stack", "select", "--create", "dev", "--cwd", "/project"] },
      {
        file: "pulumi",
        args: [
          "up",
          "--cwd",
          "/project",
          "--non-interactive",
          "--yes",
          "--skip-preview",
          "--stack",
          "dev",
          "--config-file",
          "/project/Pulumi.dev.yaml",
          "--policy-pack",
          "policies",
        ],
      },
    ]);
  });

  it("never confirms a preview, and shows every field in it", () => {
    const [, preview] = engineCommands("pulumi", "preview", target);
    assert.deepEqual(preview, {
      file: "pulumi",
      args: [
        "preview",
        "--cwd",
        "/project",
        "--non-interactive",
        "--stack",
        "dev",
        "--config-file",
        "/project/Pulumi.dev.yaml",
        "--diff",
        "--policy-pack",
        "policies",
      ],
    });
  });

  it("takes no policy pack to a destroy", () => {
    const [destroy] = engineCommands("lab", "destroy", target);
    assert.equal(destroy?.args.includes("--policy-pack"), false);
  });
});

describe("engineEnvironment", () => {
  it("names the lab's own backend and passphrase", () => {
    assert.deepEqual(engineEnvironment(target), {
      PULUMI_BACKEND_URL: "file:///state/pulumi",
      PULUMI_CONFIG_PASSPHRASE_FILE: "/state/passphrase",
      PULUMI_SKIP_UPDATE_CHECK: "true",
    });
  });
});
