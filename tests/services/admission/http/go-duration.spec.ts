import assert from "node:assert/strict";
import fc from "fast-check";
import { goDurationMs } from "../../../../services/admission/http/go-duration.ts";

describe("goDurationMs", () => {
  const read = {
    "5s": 5_000,
    "1500ms": 1_500,
    "2m": 120_000,
    "1h": 3_600_000,
    "1m30s": 90_000,
    "1h15m30.918s": 4_530_918,
    "1.5h": 5_400_000,
    ".5s": 500,
    "5.s": 5_000,
    "100us": 0.1,
    "100\u00b5s": 0.1,
    "100\u03bcs": 0.1,
    "1000000ns": 1,
    "-1.5h": -5_400_000,
    "+5s": 5_000,
    "0": 0,
    "-0": -0,
    "0s": 0,
    "1s1s": 2_000,
  };
  for (const [text, ms] of Object.entries(read)) {
    it(`reads ${text}`, () => assert.equal(goDurationMs(text), ms));
  }

  // Go's time.ParseDuration refuses every one of them.
  const malformed = [
    "",
    "5",
    "s",
    ".",
    ".s",
    "-",
    "+",
    "5S",
    "5 s",
    " 5s",
    "5s ",
    "1e3s",
    "5d",
    "1..5s",
    "1,5s",
    "--5s",
    "5s-3s",
    "0x5s",
    "Infinity",
    "5s\n",
  ];
  for (const text of malformed) {
    it(`does not read ${JSON.stringify(text)}`, () => assert.equal(goDurationMs(text), undefined));
  }

  it("reads whatever whole terms are written one after another as their sum", () => {
    const units = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 } as const;
    const term = fc.record({ amount: fc.nat(10_000), unit: fc.constantFrom("h", "m", "s", "ms") });
    fc.assert(
      fc.property(fc.array(term, { minLength: 1, maxLength: 6 }), (terms) => {
        const text = terms.map(({ amount, unit }) => `${amount}${unit}`).join("");
        assert.equal(
          goDurationMs(text),
          terms.reduce((sum, { amount, unit }) => sum + amount * units[unit], 0),
        );
      }),
    );
  });

  it("takes no longer for what is very long", () => {
    // As long as a request line can be: with a pattern that backtracks this would take seconds.
    for (const text of ["1".repeat(100_000), "1.".repeat(50_000), `${"1s".repeat(50_000)}x`]) {
      assert.equal(goDurationMs(text), undefined);
    }
  }).timeout(500);

  it("never fails", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const ms = goDurationMs(text);
        assert.ok(ms === undefined || Number.isFinite(ms));
      }),
    );
  });
});
