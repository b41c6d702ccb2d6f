import assert from "node:assert/strict";
import fc from "fast-check";
import { TokenBuckets } from "../../../../services/admission/events/token-buckets.ts";

const options = { burst: 2, refillMs: 100, keys: 3 };

describe("TokenBuckets", () => {
  it("let a burst through, and one more after each refill", () => {
    const buckets = new TokenBuckets(options);
    const taken = [0, 0, 0, 99, 100, 101, 199, 200].map((now) => buckets.take("a", now));
    assert.deepEqual(taken, [true, true, false, false, true, false, false, true]);
  });

  it("hold no more than a burst, however long nothing came", () => {
    const buckets = new TokenBuckets(options);
    buckets.take("a", 0);
    assert.deepEqual(
      [1e9, 1e9, 1e9].map((now) => buckets.take("a", now)),
      [true, true, false],
    );
  });

  it("limit each key by itself", () => {
    const buckets = new TokenBuckets(options);
    const taken = ["a", "a", "a", "b", "b", "b"].map((key) => buckets.take(key, 0));
    assert.deepEqual(taken, [true, true, false, true, true, false]);
  });

  it("forget the key that was asked for least recently", () => {
    const buckets = new TokenBuckets(options);
    for (const key of ["a", "a", "b", "b", "c", "c", "a", "d"]) buckets.take(key, 0);
    assert.deepEqual(
      ["a", "c", "b"].map((key) => buckets.take(key, 0)),
      [false, false, true],
    );
  });

  it("never let more through than a burst and what was refilled", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 150 }), { maxLength: 60 }), (pauses) => {
        const buckets = new TokenBuckets(options);
        let now = 0;
        let through = 0;
        for (const pause of pauses) {
          now += pause;
          if (buckets.take("a", now)) through++;
          assert.ok(through <= options.burst + now / options.refillMs);
        }
      }),
    );
  });
});
