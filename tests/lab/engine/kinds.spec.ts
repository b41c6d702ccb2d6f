import assert from "node:assert/strict";
import { byName } from "../../engine/support/project.ts";
import { type LabProgram, lasting, operations, reasons, urnOf, withLab } from "./support.ts";

/** A definition of the test's own and an object of it, as a program declares them. */
function definedAndUsed(group: string, dependsOn: string): string {
  return `
const definition = new k8s.apiextensions.v1.CustomResourceDefinition("definition", {
  metadata: { name: "playlists.${group}" },
  spec: {
    group: "${group}", scope: "Namespaced",
    names: { kind: "PlayList", listKind: "PlayListList", plural: "playlists", singular: "playlist" },
    versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: {
      type: "object", properties: { spec: { type: "object", properties: { songs: { type: "integer", minimum: 1 } } } },
    } } }],
  },
}, opts);
new k8s.apiextensions.CustomResource("songs", {
  apiVersion: "${group}/v1", kind: "PlayList", metadata: { name: "songs" }, spec: { songs: 3 },
}, { provider${dependsOn} });`;
}

const groupOf = (lab: LabProgram): string => `x${lab.unique}.example.com`;

async function withDefinition(name: string, work: (lab: LabProgram, group: string) => Promise<void>): Promise<void> {
  await withLab(name, async (lab) => {
    const group = groupOf(lab);
    try {
      await work(lab, group);
    } finally {
      await lab.remove("apiextensions.k8s.io/v1", "CustomResourceDefinition", `playlists.${group}`);
    }
  });
}

/** What is outside of the test's namespace goes with the test too, also when it fails. */
async function withClusterRole(name: string, work: (lab: LabProgram, role: string) => Promise<void>): Promise<void> {
  await withLab(name, async (lab) => {
    try {
      await work(lab, `engine-${name}-${lab.unique}`);
    } catch (error) {
      await lab.run("destroy");
      throw error;
    }
  });
}

describe("kinds of the lab's engine", () => {
  it("are found by discovery: a definition and an object of it in one program", () =>
    withDefinition("defined", async (lab, group) => {
      lab.program(definedAndUsed(group, ", dependsOn: [definition]"));
      const preview = await lab.done("preview");
      assert.deepEqual(operations(preview), ["create CustomResourceDefinition definition", "create PlayList songs"]);
      const up = await lab.done("up");
      assert.deepEqual(operations(up), ["create CustomResourceDefinition definition", "create PlayList songs"]);
      lab.client.invalidate();
      assert.deepEqual(lasting(await lab.existing(`${group}/v1`, "PlayList", "songs")), {
        apiVersion: `${group}/v1`,
        kind: "PlayList",
        metadata: { name: "songs", namespace: lab.namespace },
        spec: { songs: 3 },
      });
      assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);

      const destroy = await lab.done("destroy");
      const order = destroy.steps.map(({ op, urn }) => `${op} ${urn.split("::").at(-1)}`);
      assert.deepEqual(order, ["delete songs", "delete definition", "delete lab", "delete defined-test"]);
      const definition = await lab.object("apiextensions.k8s.io/v1", "CustomResourceDefinition", `playlists.${group}`);
      assert.equal(definition, undefined);
    }));

  it("that the server does not know yet are refused by name, and made by the next up", () =>
    withDefinition("undefined", async (lab, group) => {
      lab.program(`
new k8s.apiextensions.CustomResource("songs", {
  apiVersion: "${group}/v1", kind: "PlayList", metadata: { name: "songs" }, spec: { songs: 3 },
}, opts);`);
      const refused = await lab.run("up");
      assert.equal(refused.code, 255);
      assert.deepEqual(reasons(refused), [
        `${urnOf(lab, `${group}/v1:PlayList`, "songs")}: the cluster does not know ${group}/v1 PlayList: let its definition be created first (dependsOn)`,
      ]);
      const up = await lab.up(definedAndUsed(group, ", dependsOn: [definition]"));
      assert.deepEqual(operations(up), ["create CustomResourceDefinition definition", "create PlayList songs"]);
    }));

  it("with a namespace go to the provider's, unless they name one; the others have none", () =>
    withClusterRole("scopes", async (lab, role) => {
      await lab.up(`
new k8s.rbac.v1.ClusterRole("cluster-wide", {
  metadata: { name: "${role}" }, rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] }, opts);
new k8s.core.v1.ConfigMap("here", { metadata: { name: "here" }, data: { a: "1" } }, opts);
new k8s.core.v1.ConfigMap("there", { metadata: { name: "${role}", namespace: "default" }, data: { b: "2" } }, opts);`);
      const { state } = lab.project;
      const ids = ["cluster-wide", "here", "there"].map((name) => byName(state, name).id);
      assert.deepEqual(ids, [role, `${lab.namespace}/here`, `default/${role}`]);
      assert.deepEqual(lasting(await lab.existing("rbac.authorization.k8s.io/v1", "ClusterRole", role)), {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRole",
        metadata: { name: role },
        rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }],
      });
      assert.deepEqual(lasting(await lab.existing("v1", "ConfigMap", "here")), {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "here", namespace: lab.namespace },
        data: { a: "1" },
      });
      await lab.done("destroy");
      assert.equal(await lab.object("rbac.authorization.k8s.io/v1", "ClusterRole", role), undefined);
    }));
});
