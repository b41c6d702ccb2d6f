import assert from "node:assert/strict";
import { backoffMs, retryAfterMs } from "../../../../services/lib/controller/backoff.ts";

describe("backoff", () => {
  it("doubles up to the last, with half of it to either side by chance", () => {
    const at = (failures: number, chance: number): number => backoffMs(failures, { random: () => chance });
    assert.deepEqual(
      [1, 2, 3, 8, 9, 1_000].map((failures) => at(failures, 0.5)),
      [500, 1_000, 2_000, 60_000, 60_000, 60_000],
    );
    assert.deepEqual([at(1, 0), at(1, 1)], [250, 750]);
    assert.equal(backoffMs(3, { firstMs: 10, lastMs: 25, random: () => 0.5 }), 25);
  });

  it("reads what an error asks for", () => {
    assert.deepEqual(
      [{ retryAfterMs: 5 }, { retryAfterMs: undefined }, new Error("x"), null].map(retryAfterMs),
      [5, 0, 0, 0],
    );
  });
});
