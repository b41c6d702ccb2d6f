import assert from "node:assert/strict";
import fc from "fast-check";
import { Attempts } from "../../../../services/ssh/login/attempts.ts";

describe("Attempts", () => {
  it("allows as many as the burst, then one in each interval", () => {
    const attempts = new Attempts({ burst: 2, refillMs: 100 });
    const tried: boolean[] = [];
    for (const now of [0, 0, 0, 99, 100, 100, 350, 350, 350]) {
      const isAllowed = attempts.allows("ada", now);
      tried.push(isAllowed);
      if (isAllowed) attempts.charge("ada", now);
    }
    assert.deepEqual(tried, [true, true, false, false, true, false, true, true, false]);
  });

  it("costs nothing to ask, and counts each key by itself", () => {
    const attempts = new Attempts({ burst: 1, refillMs: 100 });
    attempts.charge("ada", 0);
    assert.deepEqual(
      [attempts.allows("ada", 0), attempts.allows("eve", 0), attempts.allows("eve", 0)],
      [false, true, true],
    );
  });

  it("never owes: what is charged while nothing is left is forgiven", () => {
    const attempts = new Attempts({ burst: 1, refillMs: 100 });
    for (let i = 0; i < 50; i++) attempts.charge("ada", 0);
    assert.deepEqual([attempts.allows("ada", 99), attempts.allows("ada", 100)], [false, true]);
  });

  it("never allows more than the burst and what time has brought", () => {
    const steps = fc.array(fc.integer({ min: 0, max: 50 }), { maxLength: 200 });
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 5 }), (waits, burst) => {
        const attempts = new Attempts({ burst, refillMs: 20 });
        let [now, allowed] = [0, 0];
        for (const wait of waits) {
          now += wait;
          if (!attempts.allows("key", now)) continue;
          attempts.charge("key", now);
          allowed++;
        }
        return allowed <= burst + now / 20;
      }),
    );
  });

  it("forgets the oldest of very many keys", () => {
    const attempts = new Attempts({ burst: 1, refillMs: 1e9 });
    for (let i = 0; i <= 10_000; i++) attempts.charge(String(i), 0);
    assert.deepEqual([attempts.allows("0", 0), attempts.allows("1", 0)], [true, false]);
  });
});
