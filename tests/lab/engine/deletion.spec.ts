import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";
import { operations, reasons, urnOf, withLab } from "./support.ts";

const map = (name: string, rest = "opts"): string =>
  `const ${name} = new k8s.core.v1.ConfigMap("${name}", { metadata: { name: "${name}" } }, ${rest});\n`;
const held = { metadata: { finalizers: ["carrel.dev/test"] } };
const free = { metadata: { finalizers: null } };
const maps = (names: readonly string[]): string[] => names.filter((name) => name !== "kube-root-ca.crt");

describe("deletion by the lab's engine", () => {
  it("goes against the order of dependencies, and waits until each object is gone", () =>
    withLab("order", async (lab) => {
      const all =
        map("one") + map("two", "{ provider, dependsOn: [one] }") + map("three", "{ provider, dependsOn: [two] }");
      await lab.up(all);
      await lab.change("v1", "ConfigMap", "three", held);
      lab.program("");
      const running = lab.done("up");
      await eventually("the deletion of what was made last", async () => {
        const { metadata } = await lab.existing("v1", "ConfigMap", "three");
        return metadata.deletionTimestamp === undefined ? undefined : true;
      });
      await eventually("what is under way in the state", async () =>
        lab.project.state.pending_operations?.length === 1 ? true : undefined,
      );
      assert.deepEqual(
        lab.project.state.pending_operations?.map(({ type, resource }) => `${type} ${resource.id}`),
        [`deleting ${lab.namespace}/three`],
      );
      assert.deepEqual(maps(await lab.names("v1", "ConfigMap")), ["one", "three", "two"]);
      await lab.change("v1", "ConfigMap", "three", free);
      const { steps } = await running;
      const order = steps.filter(({ op }) => op === "delete").map(({ urn }) => urn.split("::").at(-1));
      assert.deepEqual(order, ["three", "two", "one"]);
      assert.deepEqual(maps(await lab.names("v1", "ConfigMap")), []);
    }));

  it("tells what keeps an object when its time is over, and ends with the next run", () =>
    withLab("kept", async (lab) => {
      await lab.up(map("stuck", '{ provider, customTimeouts: { delete: "2s" } }'));
      await lab.change("v1", "ConfigMap", "stuck", held);
      const failed = await lab.run("destroy");
      assert.equal(failed.code, 255);
      assert.deepEqual(reasons(failed), [
        `${urnOf(lab, "core/v1:ConfigMap", "stuck")}: ConfigMap ${lab.namespace}/stuck is still being deleted: finalizers ["carrel.dev/test"]`,
      ]);
      await lab.change("v1", "ConfigMap", "stuck", free);
      await lab.gone("v1", "ConfigMap", "stuck");
      assert.deepEqual(operations(await lab.done("destroy")), ["delete ConfigMap stuck"]);
      assert.deepEqual(lab.project.state.resources ?? [], []);
    }));

  it("does not mind what was deleted by hand, nor take another object of its name for its own", () =>
    withLab("by-hand", async (lab) => {
      await lab.up(map("one") + map("two"));
      await lab.remove("v1", "ConfigMap", "one");
      await lab.remove("v1", "ConfigMap", "two");
      const theirs = await lab.put({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "two" },
        data: { a: "1" },
      });
      assert.deepEqual(operations(await lab.done("destroy")), ["delete ConfigMap one", "delete ConfigMap two"]);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "two"), theirs);
    }));

  it("by hand is seen by refresh, and mended by up without one", () =>
    withLab("refreshed", async (lab) => {
      await lab.up(map("one") + map("two"));
      await lab.remove("v1", "ConfigMap", "one");
      assert.deepEqual(operations(await lab.done("preview")), ["create ConfigMap one"]);
      assert.deepEqual(operations(await lab.done("up")), ["create ConfigMap one"]);
      assert.deepEqual(maps(await lab.names("v1", "ConfigMap")), ["one", "two"]);
      assert.deepEqual(operations(await lab.done("up", "--expect-no-changes")), []);

      await lab.remove("v1", "ConfigMap", "one");
      assert.deepEqual(operations(await lab.done("refresh")), ["delete ConfigMap one"]);
      const ids = lab.project.state.resources.map(({ id }) => id).filter((id) => id?.startsWith(lab.namespace));
      assert.deepEqual(ids, [`${lab.namespace}/two`]);
      assert.deepEqual(operations(await lab.done("up")), ["create ConfigMap one"]);
    }));

  it("leaves what is retained", () =>
    withLab("retained", async (lab) => {
      await lab.up(map("one") + map("two", "{ provider, retainOnDelete: true }"));
      const before = await lab.existing("v1", "ConfigMap", "two");
      assert.deepEqual(operations(await lab.done("destroy")), ["delete ConfigMap one", "delete ConfigMap two"]);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "two"), before);
      assert.equal(await lab.object("v1", "ConfigMap", "one"), undefined);
    }));

  it("of a namespace waits for all that is in it, also when it was begun by hand", () =>
    withLab("outer", async (lab) => {
      const name = `engine-inner-${lab.unique}`;
      const program = `
const inner = new k8s.core.v1.Namespace("inner", { metadata: { name: "${name}" } }, opts);
new k8s.core.v1.ConfigMap("within", { metadata: { name: "within", namespace: inner.metadata.name } },
  { provider, retainOnDelete: true });`;
      const ref = await lab.client.resourceFor("v1", "ConfigMap");
      const patch = (body: object): Promise<unknown> =>
        lab.client.patch(ref, name, "within", body, { type: "merge", fieldManager: "somebody" });
      await lab.up(program);
      try {
        await patch(held);
        await lab.client.delete(await lab.client.resourceFor("v1", "Namespace"), undefined, name);
        const running = lab.done("destroy");
        let isOver = false;
        running.finally(() => (isOver = true)).catch(() => undefined);
        await eventually("the deletion in the state", async () =>
          lab.project.state.pending_operations?.length === 1 ? true : undefined,
        );
        await eventually("the namespace's own word", async () => {
          const { status } = (await lab.existing("v1", "Namespace", name)) as unknown as {
            status: { conditions?: unknown[] };
          };
          return status.conditions?.length === 5 ? true : undefined;
        });
        assert.equal(isOver, false);
        await patch(free);
        assert.deepEqual(operations(await running), ["delete ConfigMap within", "delete Namespace inner"]);
        assert.equal(await lab.object("v1", "Namespace", name), undefined);
      } finally {
        await patch(free).catch(() => undefined);
        await lab.remove("v1", "Namespace", name);
      }
    }));
});
