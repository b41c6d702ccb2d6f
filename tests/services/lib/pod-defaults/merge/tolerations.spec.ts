import assert from "node:assert/strict";
import { mergeTolerations } from "../../../../../services/lib/pod-defaults/merge/tolerations.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const gpu = { key: "gpu", operator: "Exists", effect: "NoSchedule" };

describe("tolerations", () => {
  it("of one key with other effects, values or operators stand side by side", () => {
    const tolerations = [
      { ...gpu, effect: "NoExecute" },
      { key: "gpu", operator: "Equal", value: "a", effect: "NoSchedule" },
      { key: "gpu", value: "b", effect: "NoSchedule" },
      { operator: "Exists" },
    ];
    const { pod, conflicts } = mergedPod(mergeTolerations, podOf({ tolerations: [gpu] }), [
      podDefault("a", { tolerations }),
    ]);
    assert.deepEqual(pod.spec?.tolerations, [gpu, ...tolerations]);
    assert.deepEqual(conflicts, []);
  });

  it("without an operator are those with Equal", () => {
    const present = { key: "gpu", operator: "Equal", value: "a", effect: "NoSchedule" };
    const source = podDefault("a", { tolerations: [{ key: "gpu", value: "a", effect: "NoSchedule" }] });
    assert.deepEqual(mergedPod(mergeTolerations, podOf({ tolerations: [present] }), [source]).operations, []);
  });

  it("conflict where only the seconds differ", () => {
    const notReady = { key: "node.kubernetes.io/not-ready", operator: "Exists", effect: "NoExecute" };
    const present = { ...notReady, tolerationSeconds: 300 };
    const value = { ...notReady, tolerationSeconds: 10 };
    const { conflicts } = mergedPod(mergeTolerations, podOf({ tolerations: [present] }), [
      podDefault("a", { tolerations: [value] }),
    ]);
    const key = "node.kubernetes.io/not-ready:NoExecute";
    assert.deepEqual(conflicts, [{ podDefault: "a", field: "tolerations", key, value, otherValue: present }]);
  });
});
