import assert from "node:assert/strict";
import { changesOf, type LabProgram, operations, planned, withLab } from "./support.ts";

/** What changes in a field that the API server refuses to change in place. */
interface Case {
  readonly what: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly program: (value: string) => string;
  readonly values: readonly [string, string];
  readonly path: string;
}

const deployment = (app: string): string => `
new k8s.apps.v1.Deployment("it", { metadata: { name: "it", annotations: { "pulumi.com/skipAwait": "true" } }, spec: {
  replicas: 0, selector: { matchLabels: { app: "${app}", tier: "x" } },
  template: { metadata: { labels: { app: "${app}", tier: "x" } },
    spec: { containers: [{ name: "main", image: "registry.invalid/none" }] } } } }, opts);`;

const cases: readonly Case[] = [
  {
    what: "the address of a Service",
    apiVersion: "v1",
    kind: "Service",
    program: (address) =>
      `new k8s.core.v1.Service("it", { metadata: { name: "it" }, spec: { clusterIP: "${address}", ports: [{ port: 80 }] } }, opts);`,
    values: ["", "None"],
    path: "spec.clusterIP",
  },
  {
    what: "the class of a PersistentVolumeClaim",
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    program: (storageClassName) =>
      `new k8s.core.v1.PersistentVolumeClaim("it", { metadata: { name: "it" }, spec: { storageClassName: "${storageClassName}",
        accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Mi" } } } }, opts);`,
    values: ["nothing-one", "nothing-two"],
    path: "spec.storageClassName",
  },
  {
    what: "the role of a RoleBinding",
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    program: (role) =>
      `new k8s.rbac.v1.RoleBinding("it", { metadata: { name: "it" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: "${role}" } }, opts);`,
    values: ["reader", "writer"],
    path: "roleRef.name",
  },
  {
    what: "the command of a Pod",
    apiVersion: "v1",
    kind: "Pod",
    program: (command) =>
      `new k8s.core.v1.Pod("it", { metadata: { name: "it", annotations: { "pulumi.com/skipAwait": "true" } }, spec: {
        terminationGracePeriodSeconds: 0, nodeSelector: { "carrel.dev/test": "nowhere" },
        containers: [{ name: "main", image: "registry.invalid/none", command: ["${command}"] }] } }, opts);`,
    values: ["one", "two"],
    path: "spec.containers[0].command[0]",
  },
  {
    what: "the template of a Job",
    apiVersion: "batch/v1",
    kind: "Job",
    program: (command) =>
      `new k8s.batch.v1.Job("it", { metadata: { name: "it", annotations: { "pulumi.com/skipAwait": "true" } }, spec: {
        suspend: true, template: { spec: { restartPolicy: "Never",
          containers: [{ name: "main", image: "registry.invalid/none", command: ["${command}"] }] } } } }, opts);`,
    values: ["one", "two"],
    path: "spec.template.spec.containers[0].command[0]",
  },
];

async function replaces(lab: LabProgram, { apiVersion, kind, program, values, path }: Case): Promise<void> {
  const [first, second] = values;
  assert.deepEqual(operations(await lab.up(program(first))), [`create ${kind} it`]);
  const before = await lab.existing(apiVersion, kind, "it");
  lab.program(program(second));
  const preview = await lab.done("preview");
  assert.deepEqual(planned(preview), [`replace ${kind} it`]);
  assert.deepEqual(changesOf(preview, "it"), [{ path, kind: "update", old: first, new: second, replaces: true }]);
  assert.equal((await lab.existing(apiVersion, kind, "it")).metadata.uid, before.metadata.uid);
  assert.deepEqual(operations(await lab.done("up")), [`replace ${kind} it`]);
  assert.notEqual((await lab.existing(apiVersion, kind, "it")).metadata.uid, before.metadata.uid);
  assert.deepEqual(operations(await lab.done("preview", "--expect-no-changes")), []);
}

describe("a field that cannot be changed in place", () => {
  for (const each of cases) {
    it(`replaces the object, and says so before: ${each.what}`, () =>
      withLab("replaced", (lab) => replaces(lab, each)));
  }

  it("replaces the object, and says so before: the selector of a Deployment", () =>
    withLab("selector", async (lab) => {
      await lab.up(deployment("one"));
      const before = await lab.existing("apps/v1", "Deployment", "it");
      lab.program(deployment("two"));
      const preview = await lab.done("preview");
      assert.deepEqual(planned(preview), ["replace Deployment it"]);
      assert.deepEqual(changesOf(preview, "it"), [
        { path: "spec.selector.matchLabels.app", kind: "update", old: "one", new: "two", replaces: true },
        { path: "spec.template.metadata.labels.app", kind: "update", old: "one", new: "two" },
      ]);
      assert.deepEqual(operations(await lab.done("up")), ["replace Deployment it"]);
      const after = await lab.existing("apps/v1", "Deployment", "it");
      assert.deepEqual(
        [(after["spec"] as { selector: unknown }).selector, after.metadata.uid === before.metadata.uid],
        [{ matchLabels: { app: "two", tier: "x" } }, false],
      );
    }));

  it("is a refusal, and no replacement, where the value is wrong", () =>
    withLab("wrong", async (lab) => {
      await lab.up(deployment("one"));
      const before = await lab.existing("apps/v1", "Deployment", "it");
      lab.program(deployment("not a label"));
      const preview = await lab.run("preview");
      assert.equal(preview.code, 255);
      assert.equal(preview.stdout.includes('"op": "replace"'), false, preview.stdout);
      assert.equal((await lab.existing("apps/v1", "Deployment", "it")).metadata.uid, before.metadata.uid);
    }));
});
