import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { document, type RunResult, story, urnIn, withProject } from "../support/project.ts";

interface Outcome {
  readonly run: RunResult;
  /** What was made all the same. */
  readonly made: readonly string[];
}

/** Runs a program that cannot work. */
const refused = (body: string, stackFile = "config: {}\n"): (() => Promise<Outcome>) =>
  story(() =>
    withProject("refused", async (project) => {
      project.program(body);
      project.stackFile(stackFile);
      const run = await project.engine(["up", "--json"]);
      const resources = existsSync(project.stateFile) ? project.state.resources : [];
      return { run, made: resources.filter(({ type }) => type.startsWith("random:")).map((resource) => resource.urn) };
    }),
  );

const urn = (type: string, name: string): string => urnIn("refused", `random:index/${type}`, name);
const messages = ({ run }: Outcome): string[] => document(run).diagnostics.map(({ message }) => message);
/** Pulumi's SDK ends a program at the first refusal of a call and prints the stack; what counts is its first line. */
const firstLines = (outcome: Outcome): string[] => messages(outcome).map((message) => message.split("\n")[0] ?? "");

const failing = refused(`
  new random.RandomString("imported", { length: 4 }, { import: "none" });
  new random.RandomString("short", { length: 1, minUpper: 3 });
  new random.RandomString("ok", { length: 4 });
  new random.RandomPet("pet");
  new random.RandomUuid("same");
  new random.RandomUuid("same");
  const provider = { check: async (olds, news) => ({ inputs: news }), create: async () => ({ id: "1" }) };
  class Dynamic extends pulumi.dynamic.Resource { constructor() { super(provider, "dynamic", {}); } }
  new Dynamic();`);
const disabled = refused(
  `new random.RandomString("implicit", { length: 4 });
   const own = new random.Provider("own");
   new random.RandomString("explicit", { length: 4 }, { provider: own });`,
  'config:\n  pulumi:disable-default-providers: ["random"]\n',
);
const asset = refused(
  `new random.RandomString("text", { length: 4, keepers: { a: new pulumi.asset.StringAsset("x") } });`,
);
const replaceWith = refused(`
  const other = new random.RandomString("other", { length: 4 });
  new random.RandomString("text", { length: 4 }, { replaceWith: [other] });`);
const hooks = refused(`
  const hook = new pulumi.ResourceHook("hook", () => {});
  new random.RandomString("text", { length: 4 }, { hooks: { beforeCreate: [hook] } });`);
const download = refused(
  `new random.RandomString("text", { length: 4 }, { pluginDownloadURL: "https://plugins.example" });`,
);

describe("programs that the engine refuses", function () {
  this.timeout(90_000);

  it("fails for each impossible resource by its URN, and makes the others", async () => {
    const outcome = await failing();
    const imported = urn("randomString:RandomString", "imported");
    const same = urn("randomUuid:RandomUuid", "same");
    const provider = urnIn("refused", "pulumi:providers:pulumi-nodejs", "default");
    const supported = ["Password", "String", "Bytes", "Id", "Uuid"].map(
      (name) => `random:index/random${name}:Random${name}`,
    );
    assert.equal(outcome.run.code, 255);
    assert.deepEqual(
      messages(outcome).sort(),
      [
        `${imported}: ${imported} cannot be imported: there is no object "none"`,
        `${urn("randomString:RandomString", "short")}: length must be at least 1 and the sum of the minimums, with one kind of character on: got length 1, minimums 3`,
        `${urn("randomPet:RandomPet", "pet")}: the lab's engine does not support random:index/randomPet:RandomPet, only ${supported.join(", ")}: use Pulumi's CLI (ENGINE=pulumi)`,
        `${same}: duplicate resource ${same}: give each resource of a type and parent a name of its own`,
        `${provider}: the lab's engine has no provider for package "pulumi-nodejs", only for kubernetes, random, tls: use Pulumi's CLI (ENGINE=pulumi)`,
        `${urnIn("refused", "pulumi-nodejs:dynamic:Resource", "dynamic")}: the default provider of "pulumi-nodejs" could not be made`,
      ].sort(),
    );
    assert.deepEqual([...outcome.made].sort(), [urn("randomString:RandomString", "ok"), same].sort());
  });

  it("refuses a resource without a provider where the stack disables default providers", async () => {
    const outcome = await disabled();
    const implicit = urn("randomString:RandomString", "implicit");
    assert.equal(outcome.run.code, 255);
    assert.deepEqual(messages(outcome), [
      `${implicit}: ${implicit} has no explicit provider, and the stack disables the default provider of "random": pass { provider } or { parent } with one`,
    ]);
    assert.deepEqual(outcome.made, [urn("randomString:RandomString", "explicit")]);
  });

  it("refuses assets by their signature", async () => {
    const outcome = await asset();
    assert.equal(outcome.run.code, 255);
    assert.deepEqual(firstLines(outcome), [
      "Error: failed to register new resource text [random:index/randomString:RandomString]: 2 UNKNOWN: assets and archives are not supported by the lab's engine (signature c44067f5952c0a294b673a41bacd8c17): use Pulumi's CLI",
    ]);
    assert.deepEqual(outcome.made, []);
  });

  it("refuses options that it does not know, by name", async () => {
    assert.deepEqual(firstLines(await replaceWith()), [
      "Error: The Pulumi CLI does not support the ReplaceWith option. Please update the Pulumi CLI.",
    ]);
    assert.match(
      messages(await hooks()).join("\n"),
      /^Running program '.*' failed with an unhandled exception:\n.*Error: The Pulumi CLI does not support resource hooks\. Please update the Pulumi CLI\n/,
    );
    const outcome = await download();
    assert.deepEqual(firstLines(outcome), [
      `Error: failed to register new resource text [random:index/randomString:RandomString]: 2 UNKNOWN: resource "text" of type random:index/randomString:RandomString sets pluginDownloadURL, which the lab's engine does not support: use Pulumi's CLI (ENGINE=pulumi)`,
    ]);
    for (const { run, made } of [await replaceWith(), await hooks(), outcome]) {
      assert.equal(run.code, 255);
      assert.equal(
        made.some((each) => each.endsWith("::text")),
        false,
      );
    }
  });
});
