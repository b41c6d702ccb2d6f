import assert from "node:assert/strict";
import { mergeServiceAccount } from "../../../../../services/lib/pod-defaults/merge/service-account.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const named = (name: string, serviceAccountName: string, more = {}) =>
  podDefault(name, { serviceAccountName, ...more });

describe("service account", () => {
  it("replaces the pod's; the last by name wins, as upstream", () => {
    const { pod, operations, gifts } = mergedPod(mergeServiceAccount, podOf({ serviceAccountName: "default" }), [
      named("a", "x"),
      named("b", "y"),
    ]);
    assert.equal(pod.spec?.serviceAccountName, "y");
    assert.deepEqual(operations, [{ op: "replace", path: "/spec/serviceAccountName", value: "y" }]);
    assert.deepEqual(
      gifts.map(({ podDefault, outcome }) => [podDefault, outcome]),
      [
        ["a", "overruled"],
        ["b", "replaced"],
      ],
    );
  });

  it("comes from the highest priority where there is one", () => {
    const sources = [named("a", "x", { priority: 1 }), named("b", "y"), podDefault("c", { priority: 9 })];
    assert.equal(mergedPod(mergeServiceAccount, podOf(), sources).pod.spec?.serviceAccountName, "x");
  });

  it("decides on its token apart, and changes nothing that is so already", () => {
    const source = podDefault("a", { automountServiceAccountToken: false });
    const { pod, gifts } = mergedPod(mergeServiceAccount, podOf({ serviceAccountName: "s" }), [source]);
    assert.deepEqual([pod.spec?.serviceAccountName, pod.spec?.automountServiceAccountToken], ["s", false]);
    assert.equal(gifts[0]?.outcome, "added");
    const again = mergedPod(mergeServiceAccount, pod, [source]);
    assert.deepEqual([again.operations, again.gifts[0]?.outcome], [[], "kept"]);
  });
});
