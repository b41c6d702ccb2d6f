import assert from "node:assert/strict";
import { foundation } from "../../stacks/foundation.ts";
import { clusterProvider, outline, type Recording, record, resourceOf } from "../support/mocks.ts";
import { foundationParts, settings } from "./support.ts";

const build = (): Promise<Recording<unknown>> =>
  record(() => {
    // Its components are resources: the recording would wait for them as for values.
    foundation(settings, clusterProvider());
  });

describe("foundation", () => {
  it("is two closed namespaces, the definitions, the priorities and an authority", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), foundationParts);
  });

  it("takes names and lifetimes from the configuration", async () => {
    const { resources } = await build();
    const { subject, validityPeriodHours } = resourceOf(resources, "authority-certificate").inputs;
    assert.deepEqual(
      [subject, validityPeriodHours],
      [{ commonName: "carrel authority", organization: "Carrel" }, 5 * 90 * 24],
    );
    const names = ["system-namespace", "work-namespace", "priorities-batch"].map(
      (name) => (resourceOf(resources, name).inputs["metadata"] as { name: string }).name,
    );
    assert.deepEqual(names, ["carrel-system", "carrel-work", "carrel-batch"]);
  });
});
