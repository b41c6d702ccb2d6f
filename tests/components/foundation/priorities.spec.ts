import assert from "node:assert/strict";
import { Priorities } from "../../../components/foundation/priorities.ts";
import { type Recording, recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<Priorities>> =>
  recordParts((opts) => new Priorities("order", { prefix: "library" }, opts));

const priorityClass = (part: string, value: number, description: string) => ({
  type: "kubernetes:scheduling.k8s.io/v1:PriorityClass",
  name: `order-${part}`,
  parent: "order",
  provider: "cluster",
  dependsOn: [],
  inputs: {
    apiVersion: "scheduling.k8s.io/v1",
    kind: "PriorityClass",
    metadata: { name: `library-${part}`, labels: labels("foundation") },
    value,
    description,
  },
});

describe("Priorities", () => {
  it("are four classes: the platform before people, people before batch, all before placeholders", async () => {
    const { resources } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:foundation:Priorities", name: "order", parent: "", provider: "", dependsOn: [], inputs: {} },
      priorityClass("batch", 1_000, "Runs, schedules and image builds"),
      priorityClass("notebook", 10_000, "People wait in front of these"),
      priorityClass("placeholder", -10, "Keeps room warm for people; gives way to everybody"),
      priorityClass("platform", 1_000_000, "The platform itself: it goes before all work"),
    ]);
  });

  it("answers the name of the platform's class, known at preview", async () => {
    const { built, outputs } = await build();
    assert.deepEqual([built.platform, outputs], ["library-platform", { order: { platform: "library-platform" } }]);
  });
});
