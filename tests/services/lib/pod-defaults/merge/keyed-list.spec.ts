import assert from "node:assert/strict";
import { type KeyedField, mergeKeyed, newElements } from "../../../../../services/lib/pod-defaults/merge/keyed-list.ts";
import type { Named } from "../../../../../services/lib/pod-defaults/types.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const field: KeyedField<Named> = {
  field: "env",
  itemsOf: ({ env }) => env,
  keyOf: ({ name }) => name,
  same: (a, b) => a["value"] === b["value"],
};
const env = (name: string, value: string) => ({ name, value });
const a = podDefault("a", { env: [env("A", "1"), env("A", "2")] });

describe("mergeKeyed", () => {
  it("compares with the last of several in the pod, which is the one that counts", () => {
    const present = [env("A", "0"), env("A", "1")];
    const one = podDefault("a", { env: [env("A", "1")] });
    const result = mergedPod(
      (merge) => mergeKeyed(merge, field, { path: ["spec", "x"], present, sources: [one] }),
      podOf(),
      [],
    );
    assert.deepEqual([result.operations, result.conflicts], [[], []]);
  });

  it("finds the same in a long list as in a short one", () => {
    const present = Array.from({ length: 50 }, (_, i) => env(`N${i % 25}`, String(i)));
    const wanted = Array.from({ length: 30 }, (_, i) => env(`N${i}`, String(i + 25)));
    const { pod, conflicts } = mergedPod(
      (merge) =>
        mergeKeyed(merge, field, { path: ["spec", "x"], present, sources: [podDefault("a", { env: wanted })] }),
      podOf(),
      [],
    );
    assert.deepEqual([(pod.spec as Record<string, unknown>)["x"], conflicts], [wanted.slice(25), []]);
  });

  it("finds a PodDefault that conflicts with itself", () => {
    const result = mergedPod(
      (merge) => mergeKeyed(merge, field, { path: ["spec", "x"], present: null, sources: [a] }),
      podOf(),
      [],
    );
    assert.deepEqual(result.conflicts, [
      { podDefault: "a", field: "env", key: "A", other: "a", value: env("A", "2"), otherValue: env("A", "1") },
    ]);
  });
});

describe("newElements", () => {
  it("shows of a conflict what the field wants to be shown, and takes what is a PodDefault's own for equal", () => {
    const place = { present: [env("A", "0")], sources: [podDefault("a", { env: [env("A", "1")] })] };
    const shown = { ...field, shown: ({ name }: Named) => name };
    const result = mergedPod((merge) => void newElements(merge, shown, place), podOf(), []);
    assert.deepEqual([result.conflicts[0]?.value, result.conflicts[0]?.otherValue], ["A", "A"]);
    const own = mergedPod((merge) => void newElements(merge, { ...field, isOwn: () => true }, place), podOf(), []);
    assert.deepEqual(own.conflicts, []);
  });
});
