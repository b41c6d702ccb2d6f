import assert from "node:assert/strict";
import { containersOf, podSpecOf, subjectsOf } from "../../policies/kubernetes.ts";
import { subject } from "./subjects.ts";

describe("subjectsOf", () => {
  it("reads group and kind, whatever the version", () => {
    const kinds = ["core/v1:Pod", "apps/v1beta2:Deployment", "carrel.dev/v1alpha1:PodDefault"];
    assert.deepEqual(
      kinds.map((type) => subject(type, {}, "a")).map(({ kind, where }) => [kind, where]),
      [
        ["core/Pod", 'Pod "a"'],
        ["apps/Deployment", 'Deployment "a"'],
        ["carrel.dev/PodDefault", 'PodDefault "a"'],
      ],
    );
  });

  it("takes lists apart", () => {
    const items = [{ spec: { a: 1 } }, { spec: { a: 2 } }];
    assert.deepEqual(
      subjectsOf("kubernetes:core/v1:PodList", "a", { items }),
      items.map((object, i) => ({ kind: "core/Pod", name: "a", where: `PodList "a", item ${i}`, object })),
    );
    assert.deepEqual(subjectsOf("kubernetes:core/v1:PodList", "a", {}), []);
  });

  for (const type of ["random:index/randomPassword:RandomPassword", "pulumi:providers:kubernetes", "carrel:core:Pod"]) {
    it(`leaves ${type} alone`, () => assert.deepEqual(subjectsOf(type, "a", {}), []));
  }
});

describe("podSpecOf", () => {
  const spec = { containers: [{ name: "main" }] };
  const templated = { spec: { template: { spec } } };
  const workloads: [string, object][] = [
    ["core/v1:Pod", { spec }],
    ["core/v1:PodTemplate", { template: { spec } }],
    ["core/v1:ReplicationController", templated],
    ["apps/v1:DaemonSet", templated],
    ["apps/v1:Deployment", templated],
    ["apps/v1:ReplicaSet", templated],
    ["apps/v1:StatefulSet", templated],
    ["batch/v1:Job", templated],
    ["batch/v1:CronJob", { spec: { jobTemplate: templated } }],
  ];
  for (const [type, object] of workloads) {
    it(`finds the pods of ${type}`, () => {
      const given = subject(type, object);
      assert.equal(podSpecOf(given), spec);
      assert.deepEqual(
        [...containersOf(given)],
        [{ where: `${given.where}, container "main"`, container: spec.containers[0] }],
      );
      assert.equal(podSpecOf(subject(type, {})), undefined);
    });
  }

  it("finds none elsewhere", () => {
    for (const type of ["core/v1:Service", "example.com/v1:Deployment"]) {
      assert.equal(podSpecOf(subject(type, templated)), undefined);
    }
  });
});

describe("containersOf", () => {
  it("names init containers first, and the nameless by their place", () => {
    const spec = { containers: [{ name: "b" }, {}], initContainers: [{ name: "a" }] };
    assert.deepEqual(
      [...containersOf(subject("core/v1:Pod", { spec }))].map(({ where }) => where),
      ['Pod "it", init container "a"', 'Pod "it", container "b"', 'Pod "it", container "1"'],
    );
  });
});
