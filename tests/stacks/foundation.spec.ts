import assert from "node:assert/strict";
import type { Settings } from "../../config/settings.ts";
import { foundation } from "../../stacks/foundation.ts";
import { clusterProvider, outline, type Recording, record, resourceOf } from "../support/mocks.ts";
import { foundationParts, settings } from "./support.ts";

const build = (given: Settings = settings): Promise<Recording<unknown>> =>
  record(() => {
    // Its components are resources: the recording would wait for them as for values.
    foundation(given, clusterProvider());
  });

/** The labels of a namespace that are not on every object of its kind. */
function optInsOf({ resources }: Recording<unknown>, name: string): Record<string, string> {
  const { labels } = resourceOf(resources, name).inputs["metadata"] as { labels: Record<string, string> };
  const others = Object.entries(labels).filter(([key]) => !/^(app|pod-security)\.kubernetes\.io\//.test(key));
  return Object.fromEntries(others);
}

const always = { "primehub.io/resources-validation-webhook": "enabled", "carrel.dev/pod-defaults": "enabled" };

describe("foundation", () => {
  it("is two closed namespaces, the definitions, the priorities and an authority", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), foundationParts);
  });

  it("leaves Kubeflow's kind alone where Kubeflow has brought it", async () => {
    const podDefaults = { ...settings.podDefaults, installKubeflowCrd: false };
    const { resources } = await build({ ...settings, podDefaults });
    const kubeflow = /definitions-poddefaults\.kubeflow\.org$/;
    assert.deepEqual(
      outline(resources),
      foundationParts.filter((part) => !kubeflow.test(part)),
    );
  });

  it("opts the work namespace in to everything, and its own to nothing", async () => {
    const recording = await build();
    assert.deepEqual(optInsOf(recording, "system-namespace"), {});
    assert.deepEqual(optInsOf(recording, "work-namespace"), {
      ...always,
      "primehub.io/image-mutation-webhook": "enabled",
    });
  });

  it("asks nobody about images where there are no rules", async () => {
    const imageMirror = { ...settings.imageMirror, rules: [] };
    assert.deepEqual(optInsOf(await build({ ...settings, imageMirror }), "work-namespace"), always);
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
