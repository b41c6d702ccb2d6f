import assert from "node:assert/strict";
import { patienceMs } from "../../../../services/admission/http/patience.ts";

describe("patienceMs", () => {
  const cases = [
    ["timeout=10s", 8_000],
    ["timeout=5s", 4_000],
    ["a=b&timeout=1.5s", 1_200],
    ["timeout=1500ms&a=b", 1_200],
    ["timeout=0.01s", 8],
    ["timeout=30s", 24_000],
    ["timeout=100%C2%B5s", 0.08],
    ["timeout=1s&timeout=2s", 800],
  ] as const;
  for (const [query, ms] of cases) {
    it(`leaves ${ms} ms of "${query}"`, () => assert.ok(Math.abs(patienceMs(query) - ms) < 1e-9));
  }

  it("is never more than 80 % of what a webhook can have", () => {
    for (const timeout of ["31s", "2m", "1h", "1h30m", "999999h"])
      assert.equal(patienceMs(`timeout=${timeout}`), 24_000);
  });

  it("is 80 % of a webhook's own timeout where the API server gives none, or none that can be read", () => {
    const queries = ["", "timeout=", "timeout", "timeout=0", "timeout=0s", "timeout=-5s", "timeout=5", "timeout=abc"];
    for (const query of [...queries, "notimeout=9s", "timeout=%", "timeout=%FF", "Timeout=9s"]) {
      assert.deepEqual([query, patienceMs(query)], [query, 4_000]);
    }
  });
});
