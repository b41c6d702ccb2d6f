import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { withLock } from "../../../lab/cluster/lock.ts";
import { type Deployment, document, story, timeless, until, urnIn, withProject } from "../support/project.ts";

interface Exported {
  readonly version: number;
  readonly deployment: Deployment;
}

const told = story(() =>
  withProject("shelf", (project) =>
    withProject("shelf", async (copy) => {
      const program = `const key = new tls.PrivateKey("key", { algorithm: "ED25519" });
        export const pem = key.privateKeyPem;
        export const size = 3;`;
      for (const each of [project, copy]) each.program(program, ["tls"]);
      const up = await project.engine(["up"]);
      const wrong = await project.engine(["preview"], { PULUMI_CONFIG_PASSPHRASE: "guess" });
      const exported = await project.engine(["stack", "export"]);
      const masked = await project.engine(["outputs", "--json"]);
      const lines = await project.engine(["outputs"]);
      copy.write("export.json", exported.stdout);
      // The salt of the exported state, as it stands in a stack file, opens what is imported.
      copy.stackFile(`encryptionsalt: ${saltOf(JSON.parse(exported.stdout) as Exported)}\nconfig: {}\n`);
      const imported = await copy.engine(["stack", "import", "--file", join(copy.dir, "export.json")]);
      const stateOfCopy = copy.state;
      copy.write("other.json", '{ "version": 2 }');
      const refused = await copy.engine(["stack", "import", "--file", join(copy.dir, "other.json")]);
      const busy = await withLock(`${project.stateFile}.lock`, "the stack", () => project.engine(["destroy"]));
      const unchanged = await copy.engine(["up", "--expect-no-changes", "--json"]);
      const destroyed = await project.engine(["destroy"]);
      const empty = await project.engine(["stack", "export"]);
      return { up, wrong, exported, masked, lines, imported, refused, busy, stateOfCopy, unchanged, destroyed, empty };
    }),
  ),
);

describe("a stack's state", function () {
  this.timeout(90_000);
  let runs: Awaited<ReturnType<typeof told>>;
  before(async () => {
    runs = await told();
  });

  it("is refused with another passphrase", () => {
    assert.deepEqual(runs.wrong, {
      code: 255,
      stdout: "",
      stderr:
        "error: incorrect passphrase: set PULUMI_CONFIG_PASSPHRASE or PULUMI_CONFIG_PASSPHRASE_FILE to the one this stack was made with\n",
    });
  });

  it("shows secret outputs masked", () => {
    assert.deepEqual(JSON.parse(runs.masked.stdout), { pem: "[secret]", size: 3 });
    assert.deepEqual(runs.lines.stdout.split("\n"), ['pem: "[secret]"', "size: 3", ""]);
  });

  it("goes through export and import unchanged", () => {
    assert.equal(runs.exported.code, 0);
    const { version, deployment } = JSON.parse(runs.exported.stdout) as Exported;
    assert.equal(version, 3);
    assert.equal(runs.exported.stdout.includes("PRIVATE KEY"), false);
    assert.deepEqual(runs.imported, { code: 0, stdout: "", stderr: "" });
    const { manifest: _there, ...there } = deployment;
    const { manifest: _here, ...here } = runs.stateOfCopy;
    assert.deepEqual(here, there);
    assert.equal(runs.unchanged.code, 0, runs.unchanged.stderr);
    assert.deepEqual(document(runs.unchanged).changeSummary, { same: 3 });
  });

  it("takes nothing but a deployment of version 3", () => {
    assert.equal(runs.refused.code, 255);
    assert.match(
      runs.refused.stderr,
      /^error: \/.*\/other\.json is not a deployment of version 3, as `stack export` prints it\n$/,
    );
  });

  it("is changed by one run at a time", () => {
    assert.deepEqual(runs.busy, {
      code: 255,
      stdout: "Destroying (test)\n",
      stderr: `error: stack "test" is busy: process ${process.pid} works on it; wait until it has ended\n`,
    });
  });

  it("is empty after a destroy, children before parents and resources before their provider", () => {
    assert.equal(runs.destroyed.code, 0);
    assert.equal(
      timeless(runs.destroyed.stdout),
      `Destroying (test)
 -  tls:index/privateKey:PrivateKey key deleted (0.0s)
 -  pulumi:providers:tls default deleted (0.0s)
 -  pulumi:pulumi:Stack shelf-test deleted (0.0s)

Resources:
    - 3 deleted

Duration: 0.0s
`,
    );
    const { manifest, secrets_providers, ...rest } = (JSON.parse(runs.empty.stdout) as Exported).deployment;
    assert.deepEqual(Object.keys(manifest as object), ["time", "magic", "version"]);
    assert.deepEqual(Object.keys(secrets_providers as object), ["type", "state"]);
    assert.deepEqual(rest, { resources: [] });
  });
});

function saltOf({ deployment }: Exported): string {
  return (deployment["secrets_providers"] as { state: { salt: string } }).state.salt;
}

const passwordType = "random:index/randomPassword:RandomPassword";
const isPassword = ({ urn }: { readonly urn: string }): boolean => urn.includes("::password-");
const count = 16;

const killed = story(() =>
  withProject("crash", async (project) => {
    project.program(
      `export const all = Array.from({ length: ${count} }, (_, i) => new random.RandomPassword("password-" + i, { length: 9 }).id);`,
    );
    const { child, result } = project.start(["up"]);
    const made = (): number => (existsSync(project.stateFile) ? project.state.resources.filter(isPassword).length : 0);
    await until("two passwords are in the state", () => made() >= 2);
    process.kill(-(child.pid ?? 0), "SIGKILL");
    const { code } = await result;
    const before = project.state;
    const next = await project.engine(["up"]);
    return { code, before, next, afterwards: project.state, text: project.stateText };
  }),
);

describe("an up that is killed", function () {
  this.timeout(90_000);

  it("is taken up by the next one: everything is made once, nothing stays pending", async () => {
    const { code, before, next, afterwards, text } = await killed();
    assert.equal(code, null);
    const [olds, news] = [before.resources.filter(isPassword), afterwards.resources.filter(isPassword)];
    assert.ok(olds.length < count, `${olds.length} were made before the kill`);
    assert.equal(next.code, 0, next.stdout);
    assert.equal(afterwards.pending_operations, undefined);
    assert.equal(text.includes('"delete": true'), false);
    assert.deepEqual(
      news.map(({ urn }) => urn).sort(),
      Array.from({ length: count }, (_, i) => urnIn("crash", passwordType, `password-${i}`)).sort(),
    );
    for (const old of olds)
      assert.deepEqual(
        news.find(({ urn }) => urn === old.urn),
        old,
      );
  });
});
