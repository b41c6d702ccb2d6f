import assert from "node:assert/strict";
import {
  EXCLUDE_ANNOTATION,
  isObject,
  MIRROR_ANNOTATION,
  meshProxies,
  ownValue,
  PROVENANCE_ANNOTATION,
} from "../../../../services/lib/pod-defaults/types.ts";

describe("names that others rely on", () => {
  it("stay", () => {
    assert.deepEqual(
      [EXCLUDE_ANNOTATION, MIRROR_ANNOTATION, PROVENANCE_ANNOTATION, [...meshProxies]],
      [
        "poddefault.admission.kubeflow.org/exclude",
        "kubernetes.io/config.mirror",
        "carrel.dev/pod-defaults-applied",
        ["istio-proxy", "linkerd-proxy"],
      ],
    );
  });
});

describe("isObject", () => {
  it("tells an object from all else in JSON", () => {
    assert.deepEqual([{}, [], null, "a", 1, true, undefined].map(isObject), [
      true,
      false,
      false,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("ownValue", () => {
  it("does not find what every object inherits", () => {
    assert.equal(ownValue({ a: "1" }, "a"), "1");
    assert.equal(ownValue({}, "constructor"), undefined);
    assert.equal(ownValue(JSON.parse('{"__proto__":"1"}'), "__proto__"), "1");
    assert.equal(ownValue(null, "a"), undefined);
  });
});
