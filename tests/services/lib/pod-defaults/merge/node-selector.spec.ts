import assert from "node:assert/strict";
import { mergeNodeSelector } from "../../../../../services/lib/pod-defaults/merge/node-selector.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

describe("nodeSelector", () => {
  const source = podDefault("a", { nodeSelector: { disk: "ssd", zone: "1" } });

  it("gets the keys that it does not have", () => {
    assert.deepEqual(mergedPod(mergeNodeSelector, podOf(), [source]).pod.spec?.nodeSelector, {
      disk: "ssd",
      zone: "1",
    });
    const { pod } = mergedPod(mergeNodeSelector, podOf({ nodeSelector: { disk: "ssd" } }), [source]);
    assert.deepEqual(pod.spec?.nodeSelector, { disk: "ssd", zone: "1" });
  });

  it("conflicts where no node could have both values", () => {
    const { conflicts } = mergedPod(mergeNodeSelector, podOf({ nodeSelector: { zone: "2" } }), [source]);
    assert.deepEqual(conflicts, [{ podDefault: "a", field: "nodeSelector", key: "zone", value: "1", otherValue: "2" }]);
  });
});
