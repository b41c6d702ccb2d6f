import assert from "node:assert/strict";
import { Definitions } from "../../../components/foundation/definitions.ts";
import { customResourceDefinitions, kubeflowPodDefaultDefinition } from "../../../crds/index.ts";
import { customResourceDefinition } from "../../../crds/schema.ts";
import { outline, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const book = customResourceDefinition({
  kind: "Book",
  plural: "books",
  singular: "book",
  scope: "Cluster",
  description: "For the test",
  spec: { type: "object", properties: { pages: { type: "integer" } } },
});

describe("Definitions", () => {
  it("registers a definition whole, with the platform's labels", async () => {
    const { resources } = await recordParts((opts) => new Definitions("kinds", { definitions: [book] }, opts));
    assert.deepEqual(resources, [
      { type: "carrel:foundation:Definitions", name: "kinds", parent: "", provider: "", dependsOn: [], inputs: {} },
      {
        type: "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition",
        name: "kinds-books",
        parent: "kinds",
        provider: "cluster",
        dependsOn: [],
        inputs: {
          apiVersion: "apiextensions.k8s.io/v1",
          kind: "CustomResourceDefinition",
          metadata: { name: "books.carrel.dev", labels: labels("foundation") },
          spec: book.spec,
        },
      },
    ]);
  });

  it("registers every definition under its plural, and under its whole name outside of our group", async () => {
    const all = [...customResourceDefinitions, kubeflowPodDefaultDefinition];
    const { resources } = await recordParts((opts) => new Definitions("definitions", { definitions: all }, opts));
    const type = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
    assert.deepEqual(outline(resources), [
      " > carrel:foundation:Definitions definitions",
      `definitions > ${type} definitions-groups`,
      `definitions > ${type} definitions-images`,
      `definitions > ${type} definitions-instancetypes`,
      `definitions > ${type} definitions-poddefaults`,
      `definitions > ${type} definitions-poddefaults.kubeflow.org`,
      `definitions > ${type} definitions-quotaledgers`,
      `definitions > ${type} definitions-volumes`,
    ]);
    const specs = [
      ...["groups", "quotaledgers", "poddefaults", "instancetypes", "images", "volumes", "poddefaults.kubeflow.org"],
    ].map((name) => resourceOf(resources, `definitions-${name}`).inputs);
    // As the engine receives it: keys without a value are not sent.
    const sent = JSON.parse(JSON.stringify(all)) as typeof all;
    assert.deepEqual(
      specs,
      sent.map(({ metadata, ...rest }) => ({ ...rest, metadata: { ...metadata, labels: labels("foundation") } })),
    );
  });
});
