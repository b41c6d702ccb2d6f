import assert from "node:assert/strict";
import { appliedBefore, provenanceOf } from "../../../../services/lib/pod-defaults/provenance.ts";
import { podDefault, podOf } from "./support.ts";

const a = podDefault("a", {}, "7");
const b = podDefault("b.c", {}, "12");

describe("provenance", () => {
  it("names each PodDefault with its version, in order", () => {
    assert.equal(provenanceOf([b, a]), "b.c=12,a=7");
    assert.equal(provenanceOf([]), "");
  });

  it("tells what a pod has got, in that very version", () => {
    const pod = podOf({}, { annotations: { "carrel.dev/pod-defaults-applied": provenanceOf([a, b]) } });
    const isApplied = appliedBefore(pod)!;
    assert.deepEqual([a, b, podDefault("a", {}, "8"), podDefault("c", {}, "12")].map(isApplied), [
      true,
      true,
      false,
      false,
    ]);
  });

  it("is unknown of a pod without the annotation", () => {
    assert.equal(appliedBefore(podOf()), undefined);
    assert.equal(appliedBefore({}), undefined);
  });
});
