import assert from "node:assert/strict";
import { Starter } from "../../../components/starter/starter.ts";
import { recordParts } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const IMAGE = "registry.test/notebook@sha256:0123";

const offer = (part: string, kind: string, name: string, spec: object, metadata: object = {}) => ({
  type: `kubernetes:carrel.dev/v1:${kind}`,
  name: `begin-${part}`,
  parent: "begin",
  provider: "cluster",
  dependsOn: [],
  inputs: { apiVersion: "carrel.dev/v1", kind, metadata: { name, labels: labels("starter"), ...metadata }, spec },
});
const everybody = { annotations: { "carrel.dev/global": "true" } };

describe("Starter", () => {
  it("is a group with a quota and a volume, two sizes within a member's quota, and an image, for everybody", async () => {
    const { resources } = await recordParts((opts) => new Starter("begin", { notebookImage: IMAGE }, opts));
    assert.deepEqual(resources, [
      { type: "carrel:starter:Starter", name: "begin", parent: "", provider: "", dependsOn: [], inputs: {} },
      offer("group", "Group", "first", {
        displayName: "First group",
        quota: { cpu: "4", memory: "8Gi", gpu: "0" },
        memberQuota: { cpu: "2", memory: "4Gi" },
        volume: { size: "1Gi" },
      }),
      offer(
        "image",
        "Image",
        "minimal",
        { displayName: "Minimal", description: "JupyterLab and Python", reference: IMAGE },
        everybody,
      ),
      offer(
        "medium",
        "InstanceType",
        "medium",
        { displayName: "Medium", description: "2 CPUs and 4 GiB", cpu: "2", memory: "4Gi" },
        everybody,
      ),
      offer(
        "small",
        "InstanceType",
        "small",
        { displayName: "Small", description: "Half a CPU and 1 GiB", cpu: "500m", memory: "1Gi" },
        everybody,
      ),
    ]);
  });
});
