import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { changesOf, lasting, operations, reasons, urnOf, withLab } from "./support.ts";

const theirs = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "theirs" }, data: { a: "1" } };

describe("objects that were there before the program", () => {
  it("are not adopted by creation", () =>
    withLab("adopt", async (lab) => {
      const before = await lab.put(theirs);
      lab.program(`
new k8s.core.v1.ConfigMap("mine", { metadata: { name: "theirs" }, data: { a: "2" } }, opts);
new k8s.core.v1.ConfigMap("other", { metadata: { name: "other" }, data: { a: "2" } }, opts);`);
      const up = await lab.run("up");
      assert.equal(up.code, 255);
      const id = `${lab.namespace}/theirs`;
      assert.deepEqual(reasons(up), [
        `${urnOf(lab, "core/v1:ConfigMap", "mine")}: ConfigMap ${id} already exists: import it with the resource option \`import: "${id}"\`, or delete it`,
      ]);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "theirs"), before);
      const kept = lab.project.state.resources.filter(({ type }) => type.startsWith("kubernetes:"));
      assert.deepEqual(
        kept.map(({ id: kept }) => kept),
        [`${lab.namespace}/other`],
      );
      assert.equal(lab.project.state.pending_operations, undefined);
    }));

  it("are taken over by import, unchanged, and changed by the next up", () =>
    withLab("import", async (lab) => {
      const before = await lab.put(theirs);
      const id = `${lab.namespace}/theirs`;
      const program = (data: string): string => `
new k8s.core.v1.ConfigMap("mine", { metadata: { name: "theirs" }, data: { ${data} } }, { provider, import: "${id}" });`;
      assert.deepEqual(operations(await lab.up(program('a: "1"'))), ["import ConfigMap mine"]);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "theirs"), before);
      const { id: stored, outputs } = byName(lab.project.state, "mine");
      const { managedFields: _fields, ...metadata } = before.metadata;
      assert.deepEqual({ stored, outputs }, { stored: id, outputs: { ...before, metadata } });
      assert.deepEqual(operations(await lab.done("up", "--expect-no-changes")), []);

      lab.program(program('a: "1", b: "2"'));
      assert.deepEqual(changesOf(await lab.done("preview"), "mine"), [
        { path: "data.b", kind: "add", new: "2", replaces: true },
      ]);
      assert.deepEqual(operations(await lab.done("destroy")), ["delete ConfigMap mine"]);
      assert.equal(await lab.object("v1", "ConfigMap", "theirs"), undefined);
    }));

  it("cannot be imported where there is none", () =>
    withLab("import-none", async (lab) => {
      const id = `${lab.namespace}/nothing`;
      lab.program(
        `new k8s.core.v1.ConfigMap("mine", { metadata: { name: "nothing" } }, { provider, import: "${id}" });`,
      );
      const up = await lab.run("up");
      assert.equal(up.code, 255);
      assert.deepEqual(reasons(up), [
        `${urnOf(lab, "core/v1:ConfigMap", "mine")}: ${urnOf(lab, "core/v1:ConfigMap", "mine")} cannot be imported: there is no object "${id}"`,
      ]);
      assert.deepEqual(await lab.names("v1", "ConfigMap"), ["kube-root-ca.crt"]);
    }));

  it("are read by get, in previews too, and never deleted", () =>
    withLab("get", async (lab) => {
      const before = await lab.put(theirs);
      const program = `
const theirs = k8s.core.v1.ConfigMap.get("theirs", "${lab.namespace}/theirs", opts);
const node = k8s.core.v1.Node.get("node", "${lab.endpoints.context}", opts);
const definition = k8s.apiextensions.CustomResource.get("group", {
  apiVersion: "apiextensions.k8s.io/v1", kind: "CustomResourceDefinition", id: "groups.carrel.dev", provider });
export const data = theirs.data;
export const node_ = node.metadata.name;
export const defined = definition.id;`;
      lab.program(program);
      const outputs = { data: { a: "1" }, node_: lab.endpoints.context, defined: "groups.carrel.dev" };
      assert.deepEqual((await lab.done("preview")).outputs, outputs);
      assert.deepEqual((await lab.done("up")).outputs, outputs);
      assert.deepEqual(await lab.existing("v1", "ConfigMap", "theirs"), before);
      await lab.done("destroy");
      assert.deepEqual(lasting(await lab.existing("v1", "ConfigMap", "theirs")), {
        ...theirs,
        metadata: { name: "theirs", namespace: lab.namespace },
      });
    }));

  it("that are not there cannot be read", () =>
    withLab("get-none", async (lab) => {
      lab.program(`k8s.core.v1.ConfigMap.get("theirs", "${lab.namespace}/theirs", opts);`);
      const up = await lab.run("up");
      assert.equal(up.code, 255);
      const missing = `${urnOf(lab, "core/v1:ConfigMap", "theirs")}: there is no object "${lab.namespace}/theirs" to read`;
      const [reason = "", ...others] = reasons(up);
      assert.deepEqual([reason.includes(missing), others], [true, []], reason);
    }));
});
