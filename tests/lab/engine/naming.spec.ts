import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { eventually } from "../../support/eventually.ts";
import { changesOf, lasting, operations, planned, withLab } from "./support.ts";

const configMap = (metadata: string, value: string): string =>
  `new k8s.core.v1.ConfigMap("settings", { ${metadata}data: { a: "${value}" } }, opts);`;

/** Without what Kubernetes itself puts into every namespace. */
const own = (names: readonly string[]): string[] => names.filter((name) => name !== "kube-root-ca.crt");

describe("names that the program leaves out", () => {
  it("are made once, kept by the next up, and made anew for a replacement that stands beside the old object", () =>
    withLab("auto", async (lab) => {
      assert.deepEqual(operations(await lab.up(configMap("", "1"))), ["create ConfigMap settings"]);
      const [name = "", ...others] = own(await lab.names("v1", "ConfigMap"));
      assert.deepEqual([/^settings-[0-9a-f]{8}$/.test(name), others], [true, []], name);
      assert.deepEqual(lasting(await lab.existing("v1", "ConfigMap", name)), {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name, namespace: lab.namespace, annotations: { "pulumi.com/autonamed": "true" } },
        data: { a: "1" },
      });
      assert.deepEqual(operations(await lab.done("up", "--expect-no-changes")), []);
      assert.deepEqual(own(await lab.names("v1", "ConfigMap")), [name]);

      const { metadata } = await lab.existing("v1", "ConfigMap", name);
      await lab.change("v1", "ConfigMap", name, { metadata: { finalizers: ["carrel.dev/test"] } });
      lab.program(configMap("", "2"));
      const preview = await lab.done("preview");
      assert.deepEqual(operations(preview), ["delete ConfigMap settings", "replace ConfigMap settings"]);
      const running = lab.done("up");
      const between = await eventually("the old object and its replacement", async () => {
        const names = own(await lab.names("v1", "ConfigMap"));
        return names.length === 2 ? names : undefined;
      });
      assert.equal(between.includes(name), true);
      await lab.change("v1", "ConfigMap", name, { metadata: { finalizers: null } });
      const up = await running;
      const steps = up.steps.filter(({ op }) => op !== "same").map(({ op }) => op);
      assert.deepEqual(steps, ["replace", "delete"]);
      const [next = ""] = between.filter((each) => each !== name);
      assert.deepEqual(own(await lab.names("v1", "ConfigMap")), [next]);
      const made = await lab.existing("v1", "ConfigMap", next);
      assert.deepEqual(
        [/^settings-[0-9a-f]{8}$/.test(next), made["data"], made.metadata.uid === metadata.uid],
        [true, { a: "2" }, false],
      );
      assert.equal(byName(lab.project.state, "settings").id, `${lab.namespace}/${next}`);
    }));

  it("that the program gives instead are those of a deletion before the replacement", () =>
    withLab("fixed", async (lab) => {
      await lab.up(configMap('metadata: { name: "settings" }, ', "1"));
      const before = await lab.existing("v1", "ConfigMap", "settings");
      lab.program(configMap('metadata: { name: "settings" }, ', "2"));
      const preview = await lab.done("preview");
      assert.deepEqual(planned(preview), ["replace ConfigMap settings"]);
      assert.deepEqual(changesOf(preview, "settings"), [
        { path: "data.a", kind: "update", old: "1", new: "2", replaces: true },
      ]);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "settings"), before);
      assert.deepEqual(operations(await lab.done("up")), ["replace ConfigMap settings"]);
      const after = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual([after["data"], after.metadata.uid === before.metadata.uid], [{ a: "2" }, false]);
    }));

  it("are changed in place where it is not the data that changes", () =>
    withLab("labels", async (lab) => {
      await lab.up(configMap('metadata: { name: "settings", labels: { tier: "one" } }, ', "1"));
      const before = await lab.existing("v1", "ConfigMap", "settings");
      const up = await lab.up(configMap('metadata: { name: "settings", labels: { tier: "two" } }, ', "1"));
      assert.deepEqual(operations(up), ["update ConfigMap settings"]);
      assert.deepEqual(changesOf(up, "settings"), [
        { path: "metadata.labels.tier", kind: "update", old: "one", new: "two" },
      ]);
      const after = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual([after.metadata.labels, after.metadata.uid], [{ tier: "two" }, before.metadata.uid]);
    }));

  it("that change make another object, and the old one goes", () =>
    withLab("renamed", async (lab) => {
      await lab.up(configMap('metadata: { name: "one" }, ', "1"));
      lab.program(configMap('metadata: { name: "two" }, ', "1"));
      const preview = await lab.done("preview");
      assert.deepEqual(changesOf(preview, "settings"), [
        { path: "metadata.name", kind: "update", old: "one", new: "two", replaces: true },
      ]);
      assert.deepEqual(operations(await lab.done("up")), ["delete ConfigMap settings", "replace ConfigMap settings"]);
      assert.deepEqual(own(await lab.names("v1", "ConfigMap")), ["two"]);
    }));
});
