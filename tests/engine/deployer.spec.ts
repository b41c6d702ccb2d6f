import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { limiter } from "../../lab/engine/deployer.ts";
import { neededBy } from "../../lab/engine/removal.ts";
import { Secret, UNKNOWN } from "../../lab/engine/values.ts";
import { FakeStack, goal, urnOf } from "./support/fake-run.ts";

const operations = (events: readonly { operation: string; urn: string }[]): string[] =>
  events.map(({ operation, urn }) => `${operation} ${urn.split("::").at(-1)}`);

describe("steps of a deployment", () => {
  let stack: FakeStack;
  beforeEach(() => {
    stack = new FakeStack();
  });

  it("create, leave alone, update in place and delete", async () => {
    assert.deepEqual(operations((await stack.run([goal("a", { size: 1 })])).events), ["create a"]);
    const [row] = stack.deployment.resources.filter(({ id }) => id === "#1");
    const provider = stack.deployment.resources[0];
    assert.deepEqual(row, {
      urn: urnOf("a"),
      custom: true,
      id: "#1",
      type: "fake:index:Thing",
      inputs: { size: 1 },
      outputs: { size: 1, token: new Secret("made") },
      provider: `${provider?.urn}::${provider?.id}`,
      created: "2026-01-02T03:04:05.000Z",
      modified: "2026-01-02T03:04:05.000Z",
    });
    assert.deepEqual(operations((await stack.run([goal("a", { size: 1 })])).events), ["same a"]);
    const { events } = await stack.run([goal("a", { size: 2 })]);
    assert.deepEqual(operations(events), ["update a"]);
    assert.deepEqual(events[0]?.changes, [{ path: "size", kind: "update", old: 1, new: 2 }]);
    assert.deepEqual(operations((await stack.run([])).events), ["delete a"]);
    assert.deepEqual(stack.provider.calls, ["create #1", "update #1", "delete #1"]);
    assert.deepEqual(stack.deployment, { resources: [], pending: [] });
  });

  it("replace where a field is fixed or `replaceOnChanges` says so: first the new one, then the old", async () => {
    await stack.run([goal("a", { fixed: 1 }), goal("b", { list: [{ x: 1 }] })]);
    const { events } = await stack.run([
      goal("a", { fixed: 2 }),
      goal("b", { list: [{ x: 2 }] }, { replaceOnChanges: ["list[*].x"] }),
    ]);
    assert.deepEqual(operations(events), ["replace a", "replace b", "delete b", "delete a"]);
    assert.deepEqual(stack.provider.calls.slice(2, 4), ["create #3", "create #4"]);
    assert.deepEqual(stack.provider.calls.slice(4).sort(), ["delete #1", "delete #2"]);
    assert.deepEqual(stack.rows, [
      ["a", "#3", false],
      ["b", "#4", false],
    ]);
  });

  it("delete first where `deleteBeforeReplace` says so, and never hold two", async () => {
    await stack.run([goal("a", { fixed: 1 })]);
    const { saved, events } = await stack.run([goal("a", { fixed: 2 }, { deleteBeforeReplace: true })]);
    assert.deepEqual(operations(events), ["replace a"]);
    assert.deepEqual(stack.provider.calls.slice(1), ["delete #1", "create #2"]);
    for (const { resources } of saved) {
      assert.ok(resources.filter(({ urn }) => urn === urnOf("a")).length <= 1);
    }
  });

  it("keep the old one when its replacement cannot be made", async () => {
    await stack.run([goal("a", { fixed: 1 })]);
    const { deployer, events } = await stack.run([goal("a", { fixed: 2, fail: true })]);
    assert.deepEqual(deployer.errors, [`${urnOf("a")}: cannot be made`]);
    assert.deepEqual(
      events.map(({ operation, error }) => [operation, error]),
      [["update", "cannot be made"]],
    );
    assert.deepEqual(stack.rows, [["a", "#1", false]]);
    assert.deepEqual(operations((await stack.run([goal("a", { fixed: 1 })])).events), ["same a"]);
    assert.deepEqual(stack.provider.calls, ["create #1"]);
  });

  it("do nothing in a preview, and say the same", async () => {
    await stack.run([goal("a", { fixed: 1 }), goal("b")]);
    const before = stack.deployment;
    const { events } = await stack.run([goal("a", { fixed: 2 }), goal("c", { of: UNKNOWN })], true);
    assert.deepEqual(operations(events), ["replace a", "create c", "delete b", "delete a"]);
    assert.equal(stack.deployment, before);
  });

  it("keep what is retained, and forget it", async () => {
    await stack.run([
      goal("a", {}, { retainOnDelete: true }),
      goal("b", {}, { timeoutsMs: { create: 500, delete: 90_000 } }),
    ]);
    await stack.run([]);
    assert.deepEqual(stack.provider.calls, ["create #1", "create #2", "delete #2"]);
    assert.deepEqual(stack.provider.timeouts, [undefined, 500, 90_000]);
    assert.deepEqual(stack.rows, []);
    assert.equal(stack.provider.objects.has("#1"), true);
  });

  it("refuse to delete what is protected, and what it needs stays too", async () => {
    await stack.run([goal("base"), goal("top", {}, { protect: true, dependencies: [urnOf("base")] })]);
    const { deployer } = await stack.run([]);
    assert.deepEqual(deployer.errors, [
      `${urnOf("top")}: ${urnOf("top")} is protected: set protect to false and apply that before it is deleted`,
    ]);
    assert.deepEqual(stack.rows, [
      ["base", "#1", false],
      ["top", "#2", false],
    ]);
  });

  it("delete each after all that needs it, and nothing below what is stuck", async () => {
    await stack.run([
      goal("base"),
      goal("left", {}, { dependencies: [urnOf("base")] }),
      goal("right", { stuck: true }, { propertyDependencies: { at: [urnOf("base")] } }),
      goal("leaf", {}, { parent: urnOf("left") }),
    ]);
    const { deployer } = await stack.run([]);
    assert.deepEqual(stack.provider.calls.slice(4), ["delete #4", "delete #2"]);
    assert.deepEqual(deployer.errors, [`${urnOf("right")}: is stuck`]);
    assert.deepEqual(
      stack.rows.map(([name]) => name),
      ["base", "right"],
    );
    assert.deepEqual(stack.deployment.pending, []);
  });

  it("delete nothing once anything has failed", async () => {
    await stack.run([goal("a"), goal("b")]);
    const { deployer } = await stack.run([goal("a", { bad: true })]);
    assert.deepEqual(deployer.errors, [`${urnOf("a")}: bad: is bad`]);
    assert.deepEqual(
      stack.rows.map(([name]) => name),
      ["a", "b"],
    );
  });

  it("keep an object that is there but not ready, and try again", async () => {
    const { deployer } = await stack.run([goal("a", { partial: true })]);
    assert.deepEqual(deployer.errors, [`${urnOf("a")}: is not ready`]);
    const row = stack.deployment.resources.find(({ urn }) => urn === urnOf("a"));
    assert.deepEqual([row?.id, row?.initErrors, stack.deployment.pending], ["#1", ["is not ready"], []]);
    assert.deepEqual(operations((await stack.run([goal("a", { partial: true })])).events), ["update a"]);
    assert.equal("initErrors" in (stack.deployment.resources.find(({ urn }) => urn === urnOf("a")) ?? {}), false);
  });

  it("import what exists and refuse what does not", async () => {
    stack.provider.objects.set("there", { size: 7 });
    const { events, deployer } = await stack.run([
      goal("a", { size: 7 }, { importId: "there" }),
      goal("b", {}, { importId: "nowhere" }),
    ]);
    assert.deepEqual(operations(events), ["import a", "create b"]);
    assert.deepEqual(deployer.errors, [
      `${urnOf("b")}: ${urnOf("b")} cannot be imported: there is no object "nowhere"`,
    ]);
    assert.deepEqual(stack.rows, [["a", "there", false]]);
    assert.deepEqual(stack.provider.calls, []);
  });

  it("take up a creation that was interrupted, and clean up one that nobody wants", async () => {
    await stack.run([goal("base")]);
    const row = {
      urn: urnOf("a"),
      custom: true,
      type: "fake:index:Thing",
      provider: stack.deployment.resources[1]?.provider ?? "",
    };
    const lost = { ...row, urn: urnOf("lost"), id: "lost" };
    stack.provider.objects.set("lost", {});
    stack.deployment = {
      resources: stack.deployment.resources,
      pending: [
        { type: "creating", resource: row },
        { type: "creating", resource: lost },
      ],
    };
    const { deployer } = await stack.run([goal("base"), goal("a")]);
    assert.deepEqual(deployer.errors, []);
    assert.deepEqual(stack.provider.calls, ["create #1", "recover #2", "delete lost"]);
    assert.deepEqual(stack.deployment.pending, []);
  });

  it("read everything again in a refresh: what is gone goes, what is different is shown", async () => {
    await stack.run([goal("a", { size: 1 }), goal("b"), goal("c", { size: 1 })]);
    stack.provider.objects.delete("#2");
    stack.provider.objects.set("#3", { size: 9 });
    const { deployer, events } = await stack.begin();
    await deployer.refresh(stack.deployment.resources);
    assert.deepEqual(operations(events).sort(), ["delete b", "refresh c", "same a"]);
    assert.deepEqual(events.find(({ operation }) => operation === "refresh")?.changes, [
      { path: "size", kind: "update", old: 1, new: 9 },
    ]);
    assert.deepEqual(stack.deployment.resources.find(({ id }) => id === "#3")?.outputs, { size: 9 });
    assert.deepEqual(
      stack.rows.map(([name]) => name),
      ["a", "c"],
    );
  });

  it("give providers plain values and mark what was secret again", async () => {
    const inputs = { password: new Secret("hush"), nested: { key: new Secret("deep") } };
    const { deployer, events } = await stack.begin();
    const { outputs } = await deployer.register(goal("a", inputs, { additionalSecretOutputs: ["size"] }));
    assert.deepEqual(stack.provider.objects.get("#1"), { password: "hush", nested: { key: "deep" } });
    assert.deepEqual(outputs, { ...inputs, token: new Secret("made") });
    assert.equal(JSON.stringify(events).includes("hush") || JSON.stringify(events).includes("deep"), false);
    assert.deepEqual(await deployer.invoke("fake:index:f", inputs, undefined), {
      password: "hush",
      nested: { key: "deep" },
    });
  });

  it("keep a resource under its alias", async () => {
    await stack.run([goal("old", { size: 1 })]);
    const { events } = await stack.run([goal("new", { size: 1 }, { aliases: [urnOf("older"), urnOf("old")] })]);
    assert.deepEqual(operations(events), ["same new"]);
    assert.deepEqual(stack.rows, [["new", "#1", false]]);
  });
});

describe("what a resource needs", () => {
  it("is its parent, provider, dependencies and what it is deleted with, each once", () => {
    assert.deepEqual(
      neededBy({
        ...{ urn: "u", custom: true, type: "t", parent: "parent", provider: "urn::provider::id", deletedWith: "with" },
        dependencies: ["a", "b"],
        propertyDependencies: { x: ["b", "c"] },
      }),
      ["a", "b", "c", "urn::provider", "parent", "with"],
    );
  });
});

describe("the limiter", () => {
  it("runs at most its number at once, in order, failures included", async () => {
    const limited = limiter(3);
    const [order, active]: [number[], Set<number>] = [[], new Set()];
    let most = 0;
    const work = (i: number): Promise<number> =>
      limited(async () => {
        order.push(i);
        active.add(i);
        most = Math.max(most, active.size);
        await turn();
        active.delete(i);
        if (i % 4 === 0) throw new Error(String(i));
        return i;
      });
    const results = await Promise.allSettled(Array.from({ length: 12 }, (_, i) => work(i)));
    assert.equal(most, 3);
    assert.deepEqual(
      order,
      Array.from({ length: 12 }, (_, i) => i),
    );
    assert.deepEqual(
      results.map(({ status }) => status === "rejected"),
      order.map((i) => i % 4 === 0),
    );
  });
});
