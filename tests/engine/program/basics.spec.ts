import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import {
  byName,
  type Deployment,
  document,
  type RunResult,
  story,
  timeless,
  urnIn,
  withProject,
} from "../support/project.ts";

const box = `
class Box extends pulumi.ComponentResource {
  inner;
  constructor(name, args, opts = {}) {
    super("shop:index:Box", name, args, opts);
    this.inner = new random.RandomString("inner", { length: 8, special: false }, { parent: this });
    this.registerOutputs({ inner: this.inner.result });
  }
}
const config = new pulumi.Config();
const box = new Box("box", { size: 3 });
`;
const first = `${box}
const password = new random.RandomPassword("password", { length: 24 });
const kept = new random.RandomId("kept", { byteLength: 4, keepers: { token: config.requireSecret("token") } });
new random.RandomUuid("gone", {}, { dependsOn: [box, password] });
`;
const outputs = `
export const hex = kept.hex;
export const secret = password.result;
export const shape = { inner: box.inner.result, greeting: config.require("greeting"), list: config.requireObject("list") };
`;
const second = `${box}
const password = new random.RandomPassword("renamed", { length: 24 }, { aliases: [{ name: "password" }] });
const kept = new random.RandomId("kept", { byteLength: 4, keepers: { token: "in the clear" } });
`;

/** The deployment in the order of its URNs, and without the time at which it was written. */
function sorted({ manifest: _manifest, ...state }: Deployment): unknown {
  return { ...state, resources: [...state.resources].sort((a, b) => (a.urn < b.urn ? -1 : 1)) };
}

interface Story {
  readonly preview: RunResult;
  readonly stateAfterPreview: boolean;
  readonly up: RunResult;
  readonly upState: Deployment;
  readonly upText: string;
  readonly mode: number;
  readonly again: RunResult;
  readonly againState: Deployment;
  readonly changes: RunResult;
  readonly afterChanges: string;
  readonly change: RunResult;
  readonly changeState: Deployment;
  readonly thrown: RunResult;
  readonly thrownState: Deployment;
}

const shop = (qualifiedType: string, name: string): string => urnIn("shop", qualifiedType, name);

const told = story<Story>(() =>
  withProject("shop", async (project) => {
    project.stackFile("config:\n  shop:greeting: hello\n  shop:list: [1, two]\n  shop:token: hunter2\n");
    project.program(first + outputs);
    const preview = await project.engine(["preview"]);
    const stateAfterPreview = existsSync(project.stateFile);
    const up = await project.engine(["up", "--json"]);
    const [upState, upText, mode] = [project.state, project.stateText, statSync(project.stateFile).mode & 0o777];
    const again = await project.engine(["up", "--expect-no-changes", "--json"]);
    const againState = project.state;
    project.program(second + outputs);
    const changes = await project.engine(["preview", "--json", "--expect-no-changes"]);
    const afterChanges = project.stateText;
    const change = await project.engine(["up"]);
    const changeState = project.state;
    project.program(`${box}\nthrow new Error("the program broke");`);
    const thrown = await project.engine(["up"]);
    return {
      ...{ preview, stateAfterPreview, up, upState, upText, mode, again, againState, changes, afterChanges },
      ...{ change, changeState, thrown, thrownState: project.state },
    };
  }),
);

describe("a program from its first preview to its last change", function () {
  this.timeout(90_000);
  let runs: Story;
  before(async () => {
    runs = await told();
  });

  it("previews every creation below its parent and writes no state", () => {
    assert.equal(runs.preview.stderr, "");
    assert.equal(runs.preview.code, 0);
    assert.equal(
      timeless(runs.preview.stdout),
      `Previewing update (test)
 +  pulumi:pulumi:Stack  shop-test
 +     shop:index:Box  box
 +        random:index/randomString:RandomString  inner
 +     random:index/randomPassword:RandomPassword  password
 +     random:index/randomId:RandomId  kept
 +     random:index/randomUuid:RandomUuid  gone
 +  pulumi:providers:random  default

Outputs:
    hex: "[unknown]"
    secret: "[unknown]"
    shape: {"greeting":"hello","inner":"[unknown]","list":[1,"two"]}

Resources:
    + 7 to create

Duration: 0.0s
`,
    );
    assert.equal(runs.stateAfterPreview, false);
  });

  it("answers an up as one JSON document", () => {
    assert.equal(runs.up.code, 0, runs.up.stderr);
    const result = document(runs.up);
    const { hex, shape } = result.outputs as { hex: string; shape: { inner: string } };
    assert.match(hex, /^[0-9a-f]{8}$/);
    assert.match(shape.inner, /^[A-Za-z0-9]{8}$/);
    assert.deepEqual(result, {
      stack: "test",
      preview: false,
      steps: result.steps.map(({ urn, detailedDiff }) => ({ op: "create", urn, detailedDiff })),
      policies: { packs: [], results: [] },
      diagnostics: [],
      outputs: { hex, secret: "[secret]", shape: { inner: shape.inner, greeting: "hello", list: [1, "two"] } },
      changeSummary: { create: 7 },
    });
    const kept = result.steps.find(({ urn }) => urn === shop("random:index/randomId:RandomId", "kept"));
    assert.deepEqual(kept?.["detailedDiff"], [
      { path: "byteLength", kind: "add", new: 4 },
      { path: "keepers", kind: "add", new: { token: "[secret]" } },
    ]);
    assert.deepEqual(
      new Set(result.steps.map(({ urn }) => urn)),
      new Set([
        shop("pulumi:pulumi:Stack", "shop-test"),
        shop("pulumi:providers:random", "default"),
        shop("shop:index:Box", "box"),
        shop("shop:index:Box$random:index/randomString:RandomString", "inner"),
        shop("random:index/randomPassword:RandomPassword", "password"),
        shop("random:index/randomId:RandomId", "kept"),
        shop("random:index/randomUuid:RandomUuid", "gone"),
      ]),
    );
  });

  it("stores components with their inputs and outputs, and children below them", () => {
    const stackUrn = shop("pulumi:pulumi:Stack", "shop-test");
    const [stack, component] = [byName(runs.upState, "shop-test"), byName(runs.upState, "box")];
    const inner = byName(runs.upState, "inner");
    const text = inner.outputs["result"];
    assert.deepEqual([stack.custom, stack.parent, stack.inputs], [false, undefined, {}]);
    const { created, modified, ...row } = component;
    assert.equal(new Date(String(created)).toISOString(), created);
    assert.equal(new Date(String(modified)).toISOString(), modified);
    assert.deepEqual(row, {
      urn: shop("shop:index:Box", "box"),
      custom: false,
      type: "shop:index:Box",
      inputs: { size: 3 },
      outputs: { inner: text },
      parent: stackUrn,
      propertyDependencies: { size: [] },
    });
    assert.equal(inner.parent, shop("shop:index:Box", "box"));
    assert.equal(inner.id, text);
  });

  it("stores dependencies, of components by their children, each before what needs it", () => {
    const gone = byName(runs.upState, "gone");
    const inner = shop("shop:index:Box$random:index/randomString:RandomString", "inner");
    const password = shop("random:index/randomPassword:RandomPassword", "password");
    assert.deepEqual(gone["dependencies"], [inner, password].sort());
    const order = runs.upState.resources.map(({ urn }) => urn);
    for (const { urn, parent, ...row } of runs.upState.resources) {
      const provider = typeof row["provider"] === "string" ? [row["provider"].split("::").slice(0, -1).join("::")] : [];
      const needed = [...(parent ? [parent] : []), ...((row["dependencies"] ?? []) as string[]), ...provider];
      for (const other of needed) assert.ok(order.indexOf(other) < order.indexOf(urn), `${other} before ${urn}`);
    }
  });

  it("shows and stores no secret in clear", () => {
    const kept = byName(runs.upState, "kept");
    const mark = { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270" };
    const token = (kept.inputs["keepers"] as { token: { ciphertext: string } }).token;
    assert.deepEqual(token, { ...mark, ciphertext: token.ciphertext });
    assert.match(token.ciphertext, /^v1:[\w+/]{16}:[\w+/=]+$/);
    const password = byName(runs.upState, "password");
    assert.deepEqual(Object.keys(password.outputs["result"] as object), [...Object.keys(mark), "ciphertext"]);
    assert.deepEqual(Object.keys(password.outputs["bcryptHash"] as object), [...Object.keys(mark), "ciphertext"]);
    for (const text of [runs.preview.stdout, runs.up.stdout, runs.up.stderr, runs.upText, runs.changes.stdout]) {
      assert.equal(text.includes("hunter2"), false);
    }
    assert.equal(runs.mode, 0o600);
  });

  it("changes nothing when the program is the same", () => {
    assert.equal(runs.again.code, 0, runs.again.stderr);
    const { steps, changeSummary, outputs: shown } = document(runs.again);
    assert.deepEqual(new Set(steps.map(({ op }) => op)), new Set(["same"]));
    assert.deepEqual(changeSummary, { same: 7 });
    assert.deepEqual(shown, document(runs.up).outputs);
    assert.deepEqual(sorted(runs.againState), sorted(runs.upState));
  });

  it("previews a replacement, a rename and a deletion, and fails where no change is expected", () => {
    const { steps, changeSummary, diagnostics } = document(runs.changes);
    assert.equal(runs.changes.code, 255);
    assert.deepEqual(diagnostics, [
      { severity: "error", message: "no changes were expected but changes were proposed" },
    ]);
    const kept = shop("random:index/randomId:RandomId", "kept");
    const detailedDiff = [{ path: "keepers.token", kind: "update", old: "[secret]", new: "[secret]", replaces: true }];
    assert.deepEqual(
      steps.filter(({ op }) => op !== "same"),
      [
        { op: "replace", urn: kept, detailedDiff },
        { op: "delete", urn: shop("random:index/randomUuid:RandomUuid", "gone"), detailedDiff: [] },
        { op: "delete", urn: kept, detailedDiff: [] },
      ],
    );
    assert.deepEqual(changeSummary, { same: 5, replace: 1, delete: 2 });
    assert.deepEqual(JSON.parse(runs.afterChanges).checkpoint.latest, runs.againState);
  });

  it("makes a replacement before it deletes, and keeps what was renamed", () => {
    assert.equal(runs.change.code, 0, runs.change.stderr);
    assert.deepEqual(
      timeless(runs.change.stdout)
        .split("\n")
        .filter((line) => /^ [+~-]/.test(line)),
      [
        " +- random:index/randomId:RandomId kept replaced (0.0s)",
        " -  random:index/randomUuid:RandomUuid gone deleted (0.0s)",
        " -  random:index/randomId:RandomId kept deleted (0.0s)",
      ],
    );
    const [before, renamed] = [byName(runs.upState, "password"), byName(runs.changeState, "renamed")];
    assert.deepEqual(
      { ...renamed, modified: before["modified"] },
      { ...before, urn: shop("random:index/randomPassword:RandomPassword", "renamed") },
    );
    assert.notEqual(byName(runs.changeState, "kept").id, byName(runs.upState, "kept").id);
    assert.deepEqual(
      new Set(runs.changeState.resources.map(({ urn }) => urn.split("::").at(-1))),
      new Set(["shop-test", "box", "default", "inner", "renamed", "kept"]),
    );
  });

  it("deletes nothing when the program throws", () => {
    assert.equal(runs.thrown.code, 255);
    assert.match(
      runs.thrown.stdout,
      /\nDiagnostics:\n {2}error: Running program '.*index\.ts' failed with an unhandled exception:\nError: the program broke\n/,
    );
    assert.deepEqual(sorted(runs.thrownState), sorted(runs.changeState));
  });
});
