import assert from "node:assert/strict";
import { mergeStringMap, stringMapField } from "../../../../../services/lib/pod-defaults/merge/string-map.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const field = stringMapField("labels", ["metadata", "labels"], ({ labels }) => labels);

describe("mergeStringMap", () => {
  const sources = [podDefault("a", { labels: { x: "1" } }), podDefault("b", { labels: { x: "2", y: "1" } })];

  it("names the PodDefault that set the other value", () => {
    const result = mergedPod((merge) => mergeStringMap(merge, field, null), podOf(), sources);
    assert.deepEqual(result.conflicts, [
      { podDefault: "b", field: "labels", key: "x", other: "a", value: "2", otherValue: "1" },
    ]);
  });

  it("is not misled by what JavaScript objects inherit", () => {
    const odd = podDefault("a", { labels: { constructor: "1", toString: "2" } });
    const result = mergedPod((merge) => mergeStringMap(merge, field, {}), podOf({}, { labels: {} }), [odd]);
    assert.deepEqual(
      result.operations.map(({ path }) => path),
      ["/metadata/labels/constructor", "/metadata/labels/toString"],
    );
  });

  it("does nothing for nothing", () => {
    assert.deepEqual(
      mergedPod((merge) => mergeStringMap(merge, field, { z: "1" }), podOf(), [podDefault("a", {})]).operations,
      [],
    );
  });
});
