import assert from "node:assert/strict";
import { isAnnotationKey, isLabelKey, isLabelValue } from "../../../../services/lib/pod-defaults/label-syntax.ts";

describe("label syntax", () => {
  const keys = ["a", "A1", "a.b_c-d", "carrel.dev/group", "a.b/C", `${"p".repeat(253)}/${"n".repeat(63)}`];
  const notKeys = [
    "",
    "-a",
    "a-",
    "/a",
    "a/",
    "a/b/c",
    "A.b/c",
    "a_b/c",
    "n".repeat(64),
    `${"p".repeat(254)}/a`,
    "a b",
    "ä",
  ];

  it("takes the keys that Kubernetes takes, and no others", () => {
    assert.deepEqual(keys.filter(isLabelKey), keys);
    assert.deepEqual(notKeys.filter(isLabelKey), []);
  });

  it("takes capitals in the prefix of an annotation's key", () => {
    assert.equal(isAnnotationKey("A.b/c"), true);
    assert.equal(isAnnotationKey("a b"), false);
  });

  it("takes values of up to 63 letters, digits, dots, dashes and underscores, and the empty one", () => {
    assert.deepEqual(["", "true", "1.5", "a_b-c", "v".repeat(63)].filter(isLabelValue).length, 5);
    assert.deepEqual(["-", "a-", ".", "a/b", "a b", "v".repeat(64)].filter(isLabelValue), []);
  });
});
