import assert from "node:assert/strict";
import {
  mergeAnnotations,
  mergeLabels,
  stampProvenance,
} from "../../../../../services/lib/pod-defaults/merge/metadata.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const APPLIED = "carrel.dev/pod-defaults-applied";
const sources = [podDefault("a", { labels: { x: "1", "b.c/d-e": "2" } }, "7"), podDefault("b", {}, "9")];

describe("labels and annotations", () => {
  it("are added where they are not there, also to a pod without any", () => {
    assert.deepEqual(mergedPod(mergeLabels, { spec: {} }, sources).pod.metadata?.labels, { x: "1", "b.c/d-e": "2" });
    const { pod, operations } = mergedPod(mergeLabels, podOf({}, { labels: { x: "1" } }), sources);
    assert.deepEqual(pod.metadata?.labels, { x: "1", "b.c/d-e": "2" });
    assert.deepEqual(operations, [{ op: "add", path: "/metadata/labels/b.c~1d-e", value: "2" }]);
  });

  it("conflict with another value", () => {
    const source = podDefault("a", { annotations: { x: "1" } });
    const { conflicts } = mergedPod(mergeAnnotations, podOf({}, { annotations: { x: "2" } }), [source]);
    assert.deepEqual(conflicts, [{ podDefault: "a", field: "annotations", key: "x", value: "1", otherValue: "2" }]);
  });
});

describe("provenance", () => {
  it("is one annotation of the whole set, written once and corrected where it is of another set", () => {
    const stamped = mergedPod(stampProvenance, podOf(), sources);
    assert.deepEqual(stamped.pod.metadata?.annotations, { [APPLIED]: "a=7,b=9" });
    assert.deepEqual(mergedPod(stampProvenance, stamped.pod, sources).operations, []);
    assert.deepEqual(
      mergedPod(stampProvenance, podOf({}, { annotations: { [APPLIED]: "old=1" } }), sources).operations,
      [{ op: "replace", path: "/metadata/annotations/carrel.dev~1pod-defaults-applied", value: "a=7,b=9" }],
    );
  });
});
