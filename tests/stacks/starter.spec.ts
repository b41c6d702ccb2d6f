import assert from "node:assert/strict";
import { catalogue } from "../../images/catalogue.ts";
import { foundation } from "../../stacks/foundation.ts";
import { starter } from "../../stacks/starter.ts";
import { clusterProvider, record, resourceOf } from "../support/mocks.ts";
import { settings } from "./support.ts";

const imageIn = async (given: typeof settings): Promise<unknown> => {
  const { resources } = await record(() => {
    const provider = clusterProvider();
    starter(given, foundation(given, provider), provider);
  });
  return (resourceOf(resources, "starter-image").inputs["spec"] as { reference: string }).reference;
};

describe("starter", () => {
  const plain = { ...settings, imageMirror: { ...settings.imageMirror, rules: [], onMissing: "keep" as const } };

  it("offers upstream's notebook, or what the lab has in its place", async () => {
    assert.ok(String(await imageIn(plain)).startsWith(catalogue.notebook.reference));
    const standIns = { notebook: "10.0.0.1:5000/stand-ins/notebook@sha256:0123" };
    assert.equal(await imageIn({ ...plain, standIns }), standIns.notebook);
  });
});
