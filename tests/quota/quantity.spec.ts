import assert from "node:assert/strict";
import fc from "fast-check";
import { formatBytes, formatMilli, MAX_AMOUNT, parseQuantity, QuantityError, type Unit } from "../../quota/quantity.ts";

/** An exact value as a fraction; the oracle knows nothing of how the subject computes. */
interface Rational {
  readonly over: bigint;
  readonly under: bigint;
}
interface Written {
  readonly text: string;
  readonly value: Rational;
}

const suffixes: Readonly<Record<string, Rational>> = {
  "": { over: 1n, under: 1n },
  n: { over: 1n, under: 1_000_000_000n },
  u: { over: 1n, under: 1_000_000n },
  m: { over: 1n, under: 1_000n },
  k: { over: 1_000n, under: 1n },
  M: { over: 1_000_000n, under: 1n },
  G: { over: 1_000_000_000n, under: 1n },
  T: { over: 1_000_000_000_000n, under: 1n },
  P: { over: 1_000_000_000_000_000n, under: 1n },
  E: { over: 1_000_000_000_000_000_000n, under: 1n },
  Ki: { over: 1n << 10n, under: 1n },
  Mi: { over: 1n << 20n, under: 1n },
  Gi: { over: 1n << 30n, under: 1n },
  Ti: { over: 1n << 40n, under: 1n },
  Pi: { over: 1n << 50n, under: 1n },
  Ei: { over: 1n << 60n, under: 1n },
};

const digits = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom(..."0123456789"), minLength, maxLength, size: "max" });

const power = (exponent: number): Rational =>
  exponent < 0 ? { over: 1n, under: 10n ** BigInt(-exponent) } : { over: 10n ** BigInt(exponent), under: 1n };

const scale: fc.Arbitrary<Written> = fc.oneof(
  fc.constantFrom(...Object.entries(suffixes)).map(([text, value]) => ({ text, value })),
  fc
    .tuple(fc.constantFrom("e", "E"), fc.constantFrom("", "+", "-"), fc.integer({ min: 0, max: 80 }))
    .map(([e, sign, n]) => ({ text: `${e}${sign}${n}`, value: power(sign === "-" ? -n : n) })),
);

const number: fc.Arbitrary<Written> = fc
  .tuple(digits(0, 25), fc.boolean(), digits(0, 60))
  .filter(([whole, , fraction]) => whole !== "" || fraction !== "")
  .map(([whole, point, fraction]) => ({
    text: fraction === "" ? `${whole}${point ? "." : ""}` : `${whole}.${fraction}`,
    value: { over: BigInt(`0${whole}${fraction}`), under: 10n ** BigInt(fraction.length) },
  }));

const written: fc.Arbitrary<Written> = fc
  .tuple(fc.constantFrom("", "+"), number, scale)
  .map(([sign, mantissa, { text, value }]) => ({
    text: `${sign}${mantissa.text}${text}`,
    value: { over: mantissa.value.over * value.over, under: mantissa.value.under * value.under },
  }));

/** The smallest integer that is not below the value. */
function ceiling({ over, under }: Rational, unit: Unit): bigint {
  const scaled = unit === "milli" ? over * 1000n : over;
  const floor = scaled / under;
  return floor * under === scaled ? floor : floor + 1n;
}

const units = fc.constantFrom<Unit>("milli", "whole");
const fails = (message: string) => (error: unknown) => {
  assert.ok(error instanceof QuantityError);
  assert.equal(error.name, "QuantityError");
  assert.equal(error.message, message);
  return true;
};
const tooLarge = (text: string): string => `"${text}" is too large: at most 2^63-1 can be counted`;

describe("parseQuantity", () => {
  const cases: readonly (readonly [string | number, Unit, bigint])[] = [
    ["1", "milli", 1000n],
    ["500m", "milli", 500n],
    ["0.5", "milli", 500n],
    ["1.0001", "milli", 1001n],
    ["1n", "milli", 1n],
    ["1u", "whole", 1n],
    ["+2", "whole", 2n],
    ["1.", "whole", 1n],
    [".5Gi", "whole", 536_870_912n],
    ["1.5Gi", "whole", 1_610_612_736n],
    ["2e3", "whole", 2000n],
    ["2E3", "whole", 2000n],
    ["2E", "whole", 2_000_000_000_000_000_000n],
    ["1e-3", "milli", 1n],
    ["1e-4", "milli", 1n],
    ["-0", "whole", 0n],
    ["0e999999999", "whole", 0n],
    [0.1, "milli", 100n],
    [3, "whole", 3n],
    [1e-7, "milli", 1n],
    ["9223372036854775807", "whole", MAX_AMOUNT],
  ];
  for (const [text, unit, amount] of cases) {
    it(`reads ${JSON.stringify(text)} as ${amount} (${unit})`, () => assert.equal(parseQuantity(text, unit), amount));
  }

  for (const text of ["", " ", ".", "1 ", " 1", "1kk", "1ki", "1K", "1e", "1e1.5", "1,5", "0x10", "--1", "١", "1Gib"]) {
    it(`refuses ${JSON.stringify(text)} as malformed`, () => {
      const message = `"${text}" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3`;
      assert.throws(() => parseQuantity(text, "whole"), fails(message));
    });
  }

  it("refuses what is no number as malformed", () => {
    const message = '"NaN" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3';
    assert.throws(() => parseQuantity(Number.NaN, "milli"), fails(message));
  });

  it("refuses a negative quantity", () => {
    assert.throws(() => parseQuantity("-1m", "milli"), fails('"-1m" is negative: a quantity is 0 or more'));
    assert.throws(() => parseQuantity(-2, "whole"), fails('"-2" is negative: a quantity is 0 or more'));
  });

  it("refuses more than can be counted, however it is written, at once", () => {
    for (const text of ["9223372036854775808", "8Ei", "1e99999999999", "1e38", "1e19"]) {
      assert.throws(() => parseQuantity(text, "whole"), fails(tooLarge(text)));
    }
    assert.equal(parseQuantity(`1e-${"9".repeat(400)}`, "whole"), 1n);
  });

  it("keeps long fractions exact", () => {
    assert.equal(parseQuantity(`1.${"0".repeat(60)}`, "whole"), 1n);
    assert.equal(parseQuantity(`1${"0".repeat(50)}e-50`, "milli"), 1000n);
  });

  it("is the exact value rounded up, or refuses what is beyond 2^63-1", () => {
    fc.assert(
      fc.property(written, units, ({ text, value }, unit) => {
        const expected = ceiling(value, unit);
        if (expected <= MAX_AMOUNT) assert.equal(parseQuantity(text, unit), expected);
        else assert.throws(() => parseQuantity(text, unit), fails(tooLarge(text)));
      }),
      { numRuns: 3000 },
    );
  });

  it("either answers an amount that can be counted or throws a QuantityError, for any text", () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(..."0123456789.eE+-KMGi mnu") }));
    fc.assert(
      fc.property(text, units, (quantity, unit) => {
        try {
          const amount = parseQuantity(quantity, unit);
          assert.ok(amount >= 0n && amount <= MAX_AMOUNT);
        } catch (error) {
          assert.ok(error instanceof QuantityError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe("formatMilli and formatBytes", () => {
  const amounts = fc.bigInt({ min: 0n, max: MAX_AMOUNT });

  it("write what people write", () => {
    assert.deepEqual([0n, 1n, 999n, 1000n, 1500n, 64_000n].map(formatMilli), ["0", "1m", "999m", "1", "1500m", "64"]);
    const bytes = [0n, 1n, 1000n, 1024n, 1536n << 20n, 4n << 30n, 1n << 40n, 1n << 50n, 1n << 60n, (1n << 40n) + 1n];
    const texts = ["0", "1", "1000", "1Ki", "1536Mi", "4Gi", "1Ti", "1Pi", "1Ei", "1099511627777"];
    assert.deepEqual(bytes.map(formatBytes), texts);
  });

  it("write what is read back as the same amount", () => {
    fc.assert(fc.property(amounts, (amount) => parseQuantity(formatMilli(amount), "milli") === amount));
    const shifted = fc
      .tuple(amounts, fc.integer({ min: 0, max: 62 }))
      .map(([amount, n]) => (amount >> 62n) << BigInt(n));
    fc.assert(
      fc.property(fc.oneof(amounts, shifted), (amount) => parseQuantity(formatBytes(amount), "whole") === amount),
    );
  });

  it("use the largest binary unit that is exact", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 1n << 62n }), (amount) => {
        const text = formatBytes(amount);
        const count = BigInt(text.replace(/[A-Z]i$/, ""));
        assert.ok(text.endsWith("Ei") || count % 1024n !== 0n, text);
      }),
    );
  });
});
