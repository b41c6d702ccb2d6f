import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { changesOf, lasting, operations, planned, withLab } from "./support.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const secret = (fields: string): string =>
  `new k8s.core.v1.Secret("keys", { metadata: { name: "keys" }, ${fields} }, opts);`;

describe("secrets of the lab's engine", () => {
  it("given as stringData are replaced when a value changes, and masked everywhere", () =>
    withLab("string-data", async (lab) => {
      await lab.up(secret('stringData: { user: "ada-in-clear", word: "hunter-in-clear" }'));
      const object = (data: Record<string, string>) => ({
        apiVersion: "v1",
        kind: "Secret",
        metadata: { name: "keys", namespace: lab.namespace },
        data,
        type: "Opaque",
      });
      assert.deepEqual(
        lasting(await lab.existing("v1", "Secret", "keys")),
        object({ user: base64("ada-in-clear"), word: base64("hunter-in-clear") }),
      );
      assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);

      lab.program(secret('stringData: { user: "ada-in-clear", word: "changed-in-clear" }'));
      const preview = await lab.done("preview");
      assert.deepEqual(planned(preview), ["replace Secret keys"]);
      assert.deepEqual(changesOf(preview, "keys"), [
        { path: "data.word", kind: "update", old: "[secret]", new: "[secret]", replaces: true },
      ]);
      const up = await lab.run("up", "--diff");
      const shown = [JSON.stringify(preview), up.stdout, up.stderr, lab.project.stateText].join("\n");
      for (const text of ["hunter-in-clear", "changed-in-clear", "ada-in-clear"]) {
        assert.deepEqual([text, shown.includes(text), shown.includes(base64(text))], [text, false, false]);
      }
      assert.deepEqual(
        lasting(await lab.existing("v1", "Secret", "keys")),
        object({ user: base64("ada-in-clear"), word: base64("changed-in-clear") }),
      );
    }));

  it("lose what the program no longer gives as stringData", () =>
    withLab("string-less", async (lab) => {
      await lab.up(secret('stringData: { user: "ada", word: "hunter" }'));
      lab.program(secret('stringData: { user: "ada" }'));
      const preview = await lab.done("preview");
      assert.deepEqual(changesOf(preview, "keys"), [
        { path: "data.word", kind: "delete", old: "[secret]", replaces: true },
      ]);
      assert.deepEqual(operations(await lab.done("up")), ["replace Secret keys"]);
      assert.deepEqual((await lab.existing("v1", "Secret", "keys"))["data"], { user: base64("ada") });
    }));

  it("that are immutable are replaced, and so are immutable config maps", () =>
    withLab("immutable", async (lab) => {
      const both = (value: string): string => `
${secret(`immutable: true, data: { a: "${base64(value)}" }`)}
new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings" }, immutable: true, data: { a: "${value}" } }, opts);`;
      await lab.up(both("1"));
      const before = await lab.existing("v1", "ConfigMap", "settings");
      lab.program(both("2"));
      const preview = await lab.done("preview");
      assert.deepEqual(changesOf(preview, "settings"), [
        { path: "data.a", kind: "update", old: "1", new: "2", replaces: true },
      ]);
      assert.deepEqual(changesOf(preview, "keys"), [
        { path: "data.a", kind: "update", old: "[secret]", new: "[secret]", replaces: true },
      ]);
      assert.deepEqual(operations(await lab.done("up")), ["replace ConfigMap settings", "replace Secret keys"]);
      assert.deepEqual(lasting(await lab.existing("v1", "ConfigMap", "settings")), {
        ...lasting(before),
        data: { a: "2" },
      });
      assert.deepEqual((await lab.existing("v1", "Secret", "keys"))["data"], { a: base64("2") });
    }));

  it("of the program are masked in other kinds too, and encrypted in the state", () =>
    withLab("masked", async (lab) => {
      const program = (text: string): string => `
new k8s.core.v1.ConfigMap("settings", {
  metadata: { name: "settings", annotations: { key: pulumi.secret("${text}") } }, data: { shown: "yes" } }, opts);`;
      await lab.up(program("first-in-clear"));
      lab.program(program("second-in-clear"));
      const preview = await lab.done("preview");
      assert.deepEqual(changesOf(preview, "settings"), [
        { path: "metadata.annotations.key", kind: "update", old: "[secret]", new: "[secret]" },
      ]);
      await lab.done("up");
      assert.equal(/(first|second)-in-clear/.test(lab.project.stateText + JSON.stringify(preview)), false);
      assert.deepEqual(byName(lab.project.state, "settings").outputs["data"], { shown: "yes" });
      const object = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual(object.metadata.annotations, { key: "second-in-clear" });
    }));
});
