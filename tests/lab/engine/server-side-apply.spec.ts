import assert from "node:assert/strict";
import { changesOf, type Json, operations, reasons, urnOf, withLab } from "./support.ts";

const settings = (labels: string, data = 'a: "1"'): string => `
new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", labels: { ${labels} } }, data: { ${data} } }, opts);`;
const service = (port: number): string => `
new k8s.core.v1.Service("web", { metadata: { name: "web", labels: { app: "web" } },
  spec: { selector: { app: "web" }, ports: [{ name: "http", port: ${port} }] } }, opts);`;

const conflict = (object: string, field: string, value: string): string =>
  `${object}: another manager owns what is declared here (Apply failed with 1 conflict: conflict with "somebody" using v1: ${field}): ${value}`;
const REMEDY = "set enablePatchForce on the provider, or ignoreChanges on the field";

const fieldsOf = ({ metadata: { managedFields = [] } }: Json, manager: string): unknown =>
  managedFields
    .filter((entry) => entry.manager === manager)
    .map(({ operation, ...rest }) => [operation, (rest as { fieldsV1?: unknown }).fieldsV1]);

describe("server-side apply", () => {
  it("owns what the program declares, under the engine's own name", () =>
    withLab("owner", async (lab) => {
      await lab.up(settings('tier: "one"'));
      assert.deepEqual(fieldsOf(await lab.existing("v1", "ConfigMap", "settings"), "carrel-lab-engine"), [
        ["Apply", { "f:data": { "f:a": {} }, "f:metadata": { "f:labels": { "f:tier": {} } } }],
      ]);
    }));

  it("removes what the program no longer declares, and leaves what others have added", () =>
    withLab("removed", async (lab) => {
      await lab.up(settings('tier: "one", gone: "soon"'));
      const { metadata } = await lab.change("v1", "ConfigMap", "settings", {
        metadata: { labels: { theirs: "kept" }, annotations: { theirs: "too" } },
        data: { extra: "kept" },
      });
      assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);
      const up = await lab.up(settings('tier: "two"'));
      assert.deepEqual(operations(up), ["update ConfigMap settings"]);
      assert.deepEqual(changesOf(up, "settings"), [
        { path: "metadata.labels.gone", kind: "delete", old: "soon" },
        { path: "metadata.labels.tier", kind: "update", old: "one", new: "two" },
      ]);
      const after = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual(
        [after.metadata.uid, after.metadata.labels, after.metadata.annotations, after["data"]],
        [metadata.uid, { tier: "two", theirs: "kept" }, { theirs: "too" }, { a: "1", extra: "kept" }],
      );
    }));

  it("refuses what another manager has taken, naming it, and takes it with enablePatchForce", () =>
    withLab("conflict", async (lab) => {
      await lab.up(settings('tier: "one"'));
      await lab.change("v1", "ConfigMap", "settings", { metadata: { labels: { tier: "theirs" } } });
      for (const action of ["preview", "up"]) {
        const refused = await lab.run(action);
        assert.equal(refused.code, 255);
        assert.deepEqual(reasons(refused), [
          `${urnOf(lab, "core/v1:ConfigMap", "settings")}: ${conflict(`ConfigMap ${lab.namespace}/settings`, ".metadata.labels.tier", REMEDY)}`,
        ]);
      }
      const theirs = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual(theirs.metadata.labels, { tier: "theirs" });

      lab.providerArgs = { enablePatchForce: true };
      lab.program(settings('tier: "one"'));
      assert.deepEqual(changesOf(await lab.done("preview"), "settings"), [
        { path: "metadata.labels.tier", kind: "update", old: "theirs", new: "one" },
      ]);
      assert.deepEqual(operations(await lab.done("up")), ["update ConfigMap settings"]);
      const after = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual(after.metadata.labels, { tier: "one" });
      assert.deepEqual(
        [fieldsOf(after, "somebody"), fieldsOf(after, "carrel-lab-engine")],
        [[], [["Apply", { "f:data": { "f:a": {} }, "f:metadata": { "f:labels": { "f:tier": {} } } }]]],
      );
    }));

  it("takes a field of a single object by its annotation pulumi.com/patchForce", () =>
    withLab("force-one", async (lab) => {
      const program = (annotations: string): string => `
new k8s.core.v1.Service("web", { metadata: { name: "web", annotations: { ${annotations} } },
  spec: { ports: [{ port: 80 }], internalTrafficPolicy: "Cluster" } }, opts);`;
      await lab.up(program(""));
      await lab.change("v1", "Service", "web", { spec: { internalTrafficPolicy: "Local" } });
      lab.program(program(""));
      assert.deepEqual(reasons(await lab.run("up")), [
        `${urnOf(lab, "core/v1:Service", "web")}: ${conflict(`Service ${lab.namespace}/web`, ".spec.internalTrafficPolicy", REMEDY)}`,
      ]);
      await lab.up(program('"pulumi.com/patchForce": "true"'));
      const { spec } = (await lab.existing("v1", "Service", "web")) as unknown as {
        spec: { internalTrafficPolicy: string };
      };
      assert.equal(spec.internalTrafficPolicy, "Cluster");
    }));

  it("refuses a field that the kind does not have, by name", () =>
    withLab("strict", async (lab) => {
      lab.program(
        'new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", lables: { a: "1" } } }, opts);',
      );
      const up = await lab.run("up");
      assert.equal(up.code, 255);
      const [reason = "", ...others] = reasons(up);
      assert.deepEqual([reason.includes(".metadata.lables: field not declared in schema"), others], [true, []], reason);
      assert.equal(await lab.object("v1", "ConfigMap", "settings"), undefined);
    }));
});

describe("the preview of the lab's engine", () => {
  it("compares with the live object: what was changed by hand is shown, and mended", () =>
    withLab("drift", async (lab) => {
      lab.providerArgs = { enablePatchForce: true };
      await lab.up(service(80));
      const before = await lab.existing("v1", "Service", "web");
      assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);
      await lab.change("v1", "Service", "web", { spec: { selector: { app: "other", also: "theirs" } } });
      const preview = await lab.done("preview");
      assert.deepEqual(operations(preview), ["update Service web"]);
      assert.deepEqual(changesOf(preview, "web"), [
        { path: "spec.selector.also", kind: "delete", old: "theirs" },
        { path: "spec.selector.app", kind: "update", old: "other", new: "web" },
      ]);
      await lab.done("up");
      const after = (await lab.existing("v1", "Service", "web")) as unknown as { spec: { selector: unknown } };
      assert.deepEqual(after.spec, { ...(before["spec"] as object), selector: { app: "web" } });
      assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);
    }));

  it("shows the exact fields that change, and what the server makes of them", () =>
    withLab("exact", async (lab) => {
      await lab.up(service(80));
      lab.program(service(8080));
      const preview = await lab.done("preview");
      assert.deepEqual(changesOf(preview, "web"), [
        { path: "spec.ports[0].port", kind: "update", old: 80, new: 8080 },
        { path: "spec.ports[0].targetPort", kind: "update", old: 80, new: 8080 },
      ]);
      const failing = await lab.run("preview", "--expect-no-changes");
      assert.deepEqual([failing.code, reasons(failing)], [255, ["no changes were expected but changes were proposed"]]);
    }));

  it("shows what is known only later as unknown, and not as deleted", () =>
    withLab("unknown", async (lab) => {
      const program = (before: string, value: string): string => `${before}
new k8s.core.v1.ConfigMap("settings", { metadata: { name: "settings", annotations: { of: ${value} } } }, opts);
new k8s.apps.v1.Deployment("app", { metadata: { name: "app", annotations: { "pulumi.com/skipAwait": "true" } }, spec: {
  replicas: 0, selector: { matchLabels: { app: "app" } }, template: { metadata: { labels: { app: "app" } },
    spec: { containers: [{ name: "main", image: "registry.invalid/none", args: ["keep", ${value}, ${value}] }] } } } }, opts);`;
      const made = `const web = new k8s.core.v1.Service("web", { metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } }, opts);`;
      await lab.up(program("", '"nothing"'));
      for (const value of [
        "web.spec.clusterIP",
        "web.metadata.uid",
        "web.status.apply((status) => JSON.stringify(status))",
      ]) {
        lab.program(program(made, value));
        const preview = await lab.done("preview");
        assert.deepEqual(operations(preview), [
          "create Service web",
          "update ConfigMap settings",
          "update Deployment app",
        ]);
        assert.deepEqual(changesOf(preview, "settings"), [
          { path: "metadata.annotations.of", kind: "update", old: "nothing", new: "[unknown]" },
        ]);
        assert.deepEqual(changesOf(preview, "app"), [
          { path: "spec.template.spec.containers[0].args[1]", kind: "update", old: "nothing", new: "[unknown]" },
          { path: "spec.template.spec.containers[0].args[2]", kind: "update", old: "nothing", new: "[unknown]" },
        ]);
      }
      await lab.up(program(made, "web.spec.clusterIP"));
      const { spec } = (await lab.existing("v1", "Service", "web")) as unknown as { spec: { clusterIP: string } };
      const { metadata } = await lab.existing("v1", "ConfigMap", "settings");
      assert.deepEqual(metadata.annotations, { of: spec.clusterIP });
    }));
});
