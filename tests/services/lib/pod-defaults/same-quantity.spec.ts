import assert from "node:assert/strict";
import fc from "fast-check";
import { sameQuantity } from "../../../../services/lib/pod-defaults/same-quantity.ts";

describe("sameQuantity", () => {
  const same: readonly (readonly [unknown, unknown])[] = [
    ["1000m", "1"],
    [1, "1"],
    ["0.5", "500m"],
    ["1024Mi", "1Gi"],
    ["1e3", "1k"],
    [".5Gi", "512Mi"],
    ["+1", "1."],
    ["0", "0Gi"],
    ["-1", "-1000m"],
    ["odd", "odd"],
  ];
  for (const [a, b] of same) {
    it(`takes ${a} and ${b} for one amount`, () => {
      assert.equal(sameQuantity(a, b), true);
      assert.equal(sameQuantity(b, a), true);
    });
  }

  it("tells amounts apart", () => {
    for (const [a, b] of [
      ["1G", "1Gi"],
      ["1", "1m"],
      ["1", "-1"],
      ["1", "odd"],
      ["odd", "1"],
      ["1", undefined],
    ]) {
      assert.equal(sameQuantity(a, b), false, `${a} ${b}`);
    }
  });

  it("agrees with integers in thousandths", () => {
    const milli = fc.integer({ min: -10_000, max: 10_000 });
    fc.assert(
      fc.property(milli, milli, fc.boolean(), (a, b, isEqual) => {
        const other = isEqual ? a : b;
        assert.equal(sameQuantity(`${a}m`, (other / 1000).toFixed(3)), a === other);
      }),
    );
  });
});
