import assert from "node:assert/strict";
import { mergeUnique, type UniqueField } from "../../../../../services/lib/pod-defaults/merge/unique-list.ts";
import type { Named } from "../../../../../services/lib/pod-defaults/types.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const field: UniqueField<Named> = {
  field: "env",
  itemsOf: ({ env }) => env,
  keyOf: ({ name }) => name,
  same: (a, b) => a["value"] === b["value"],
};

describe("mergeUnique", () => {
  it("adds each element once, whoever has it, with its container in the record", () => {
    const env = (name: string, value: string) => ({ name, value });
    const sources = [
      podDefault("a", { env: [env("A", "0"), env("B", "1")] }),
      podDefault("b", { env: [env("C", "1")] }),
    ];
    const place = { path: ["spec", "x"], present: [env("Z", "0")], sources, container: "main" };
    const result = mergedPod((merge) => mergeUnique(merge, field, place), podOf(), []);
    assert.deepEqual(result.operations, [{ op: "add", path: "/spec/x", value: [env("B", "1")] }]);
    assert.deepEqual(result.gifts, [
      { podDefault: "a", field: "env", key: "A", container: "main", outcome: "kept" },
      { podDefault: "a", field: "env", key: "B", container: "main", outcome: "added" },
      { podDefault: "b", field: "env", key: "C", container: "main", outcome: "kept" },
    ]);
  });
});
