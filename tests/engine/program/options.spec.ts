import assert from "node:assert/strict";
import { createCipheriv, pbkdf2Sync, randomBytes } from "node:crypto";
import { byName, type Deployment, document, type RunResult, story, urnIn, withProject } from "../support/project.ts";

const idType = "random:index/randomId:RandomId";

/** The options of every resource in two versions of a program: what the second one changes must not, or must, matter. */
const program = (version: 1 | 2): string => `
pulumi.runtime.registerResourceTransform(({ type, name, props, opts }) =>
  type === "${idType}" && name === "transformed"
    ? { props: { ...props, keepers: { by: "transform" } }, opts: pulumi.mergeOptions(opts, { protect: false, additionalSecretOutputs: ["dec"] }) }
    : undefined);
const version = ${version};
const keepers = { v: String(version), fixed: "same" };
const id = (name, args, opts) => new random.RandomId(name, { byteLength: 3, ...args }, opts);
id("transformed", {}, {});
id("ignoring", { keepers }, { ignoreChanges: ["keepers.v"] });
id("ignoring-all", { keepers }, { ignoreChanges: ["keepers"] });
id("hidden", {}, { additionalSecretOutputs: ["hex"] });
id("slow", {}, { customTimeouts: { create: "90s", delete: "1h30m" } });
id("first", { keepers }, { deleteBeforeReplace: true });
if (version === 1) id("retained", {}, { retainOnDelete: true });
if (version === 1) id("guarded", {}, { protect: true });
id("guarded-value", { keepers }, { protect: true });
const tlsProvider = new tls.Provider("own", {});
const key = new tls.PrivateKey("key", { algorithm: "ED25519" }, { provider: tlsProvider });
export const token = new pulumi.Config().requireSecret("token");
export const nested = new pulumi.Config().requireSecretObject("nested");
export const publicKey = key.publicKeyOpenssh;
`;

/** A stack file with secure values, encrypted by hand as Pulumi does it. */
function secureStackFile(passphrase: string): string {
  const salt = randomBytes(8);
  const key = pbkdf2Sync(passphrase, salt, 1_000_000, 32, "sha256");
  const encrypt = (text: string): string => {
    const nonce = randomBytes(12);
    const cipher = createCipheriv("aes-256-gcm", key, nonce);
    const bytes = Buffer.concat([cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    return `v1:${nonce.toString("base64")}:${bytes.toString("base64")}`;
  };
  return [
    `encryptionsalt: v1:${salt.toString("base64")}:${encrypt("pulumi")}`,
    "config:",
    `  options:token:\n    secure: ${encrypt("s3cr3t-token")}`,
    `  options:nested:\n    user: ann\n    password:\n      secure: ${encrypt("s3cr3t-nested")}`,
    "",
  ].join("\n");
}

interface Story {
  readonly up: RunResult;
  readonly before: Deployment;
  readonly text: string;
  readonly revealed: RunResult;
  readonly preview: RunResult;
  readonly failed: RunResult;
  readonly afterwards: Deployment;
}

const urn = (qualifiedType: string, name: string): string => urnIn("options", qualifiedType, name);

const told = story<Story>(() =>
  withProject("options", async (project) => {
    project.stackFile(secureStackFile("correct horse"));
    project.program(program(1), ["random", "tls"]);
    const up = await project.engine(["up", "--json"]);
    const [before, text] = [project.state, project.stateText];
    const revealed = await project.engine(["outputs", "--json", "--show-secrets"]);
    project.program(program(2), ["random", "tls"]);
    const preview = await project.engine(["preview", "--json"]);
    const failed = await project.engine(["up", "--json"]);
    return { up, before, text, revealed, preview, failed, afterwards: project.state };
  }),
);

describe("resource options of a program", function () {
  this.timeout(90_000);
  let runs: Story;
  before(async () => {
    runs = await told();
  });

  it("decrypts secure values of the stack file, alone and within objects, and keeps them secret", () => {
    assert.equal(runs.up.code, 0, runs.up.stderr);
    const { publicKey, ...secrets } = document(runs.up).outputs;
    assert.match(String(publicKey), /^ssh-ed25519 [\w+/]+\n$/);
    assert.deepEqual(secrets, { token: "[secret]", nested: "[secret]" });
    assert.deepEqual(JSON.parse(runs.revealed.stdout), {
      token: "s3cr3t-token",
      nested: { user: "ann", password: "s3cr3t-nested" },
      publicKey,
    });
    for (const text of [runs.up.stdout, runs.up.stderr, runs.text]) assert.equal(text.includes("s3cr3t"), false);
  });

  it("applies the stack's transforms to inputs and options", () => {
    const { inputs, outputs, additionalSecretOutputs } = byName(runs.before, "transformed");
    assert.deepEqual(inputs, { byteLength: 3, keepers: { by: "transform" } });
    assert.deepEqual(additionalSecretOutputs, ["dec"]);
    assert.deepEqual(Object.keys(outputs["dec"] as object), ["4dabf18193072939515e22adb298388d", "ciphertext"]);
  });

  it("records options with the resource", () => {
    const { hex } = byName(runs.before, "hidden").outputs;
    assert.deepEqual(Object.keys(hex as object), ["4dabf18193072939515e22adb298388d", "ciphertext"]);
    assert.deepEqual(byName(runs.before, "hidden")["additionalSecretOutputs"], ["hex"]);
    assert.deepEqual(byName(runs.before, "slow")["customTimeouts"], { create: 90, delete: 5400 });
    assert.equal(byName(runs.before, "retained")["retainOnDelete"], true);
    assert.equal(byName(runs.before, "guarded")["protect"], true);
    const own = byName(runs.before, "own");
    assert.equal(byName(runs.before, "key")["provider"], `${own.urn}::${own.id}`);
    assert.deepEqual(
      runs.before.resources
        .filter(({ type }) => type.startsWith("pulumi:providers:"))
        .map((resource) => resource.urn)
        .sort(),
      [urn("pulumi:providers:random", "default"), urn("pulumi:providers:tls", "own")],
    );
  });

  it("refuses to delete or to replace what is protected, in the preview and in the up", () => {
    const [guarded, value] = [urn(idType, "guarded"), urn(idType, "guarded-value")];
    const replaced = `${value} is protected and would have to be replaced: set protect to false and apply that first`;
    for (const [run, op] of [
      [runs.preview, "preview"],
      [runs.failed, "up"],
    ] as const) {
      assert.equal(run.code, 255, op);
      assert.deepEqual(document(run).diagnostics, [{ severity: "error", message: `${value}: ${replaced}` }], op);
    }
    assert.deepEqual(byName(runs.afterwards, "guarded"), byName(runs.before, "guarded"));
    assert.deepEqual(byName(runs.afterwards, "guarded-value"), byName(runs.before, "guarded-value"));
    assert.equal(
      runs.afterwards.resources.some((resource) => resource.urn === guarded),
      true,
    );
  });

  it("leaves ignored changes alone and replaces where it is told to delete first", () => {
    const steps = document(runs.failed).steps.filter(({ op }) => op !== "same");
    assert.deepEqual(
      steps.map((step) => [step.op, step.urn, step["error"] === undefined]),
      [
        ["replace", urn(idType, "first"), true],
        ["update", urn(idType, "guarded-value"), false],
      ],
    );
    assert.deepEqual(byName(runs.afterwards, "ignoring"), byName(runs.before, "ignoring"));
    assert.deepEqual(byName(runs.afterwards, "ignoring-all"), byName(runs.before, "ignoring-all"));
    assert.equal(
      runs.afterwards.resources.some((resource) => resource["delete"] === true),
      false,
    );
    assert.notEqual(byName(runs.afterwards, "first").id, byName(runs.before, "first").id);
  });
});
