import assert from "node:assert/strict";
import { MAX_AMOUNT, parseQuantity, QuantityError, type Unit } from "../../../quota/quantity.ts";
import type { Target } from "../fuzzer.ts";

/** A number as a fraction; without one where it is beyond any that is counted. */
interface Written {
  readonly isNegative: boolean;
  readonly digits: bigint;
  /** Of the suffix and the digits behind the point: the number is digits * 2^binary * 10^decimal. */
  readonly binary: number;
  readonly decimal: bigint;
}

const suffixes: readonly (readonly [suffix: string, binary: number, decimal: bigint])[] = [
  ["", 0, 0n],
  ...["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((suffix, i) => [suffix, 10 * (i + 1), 0n] as const),
  ...["n", "u", "m"].map((suffix, i) => [suffix, 0, BigInt(3 * i - 9)] as const),
  ...["k", "M", "G", "T", "P", "E"].map((suffix, i) => [suffix, 0, BigInt(3 * i + 3)] as const),
];

const isDigit = (char: string | undefined): boolean => char !== undefined && char >= "0" && char <= "9";

/** Reads by the grammar of apimachinery's `quantity.go`, character by character; nothing for what is none. */
function read(text: string): Written | undefined {
  let at = 0;
  const digits = (): string => {
    const from = at;
    while (isDigit(text[at])) at++;
    return text.slice(from, at);
  };
  const sign = (): string => (text[at] === "+" || text[at] === "-" ? (text[at++] ?? "") : "");
  const isNegative = sign() === "-";
  const whole = digits();
  const hasPoint = text[at] === ".";
  if (hasPoint) at++;
  const fraction = hasPoint ? digits() : "";
  if (whole === "" && fraction === "") return undefined;
  const known = suffixes.find(([suffix]) => suffix === text.slice(at));
  const number = { isNegative, digits: BigInt(whole + fraction) };
  const behind = BigInt(fraction.length);
  if (known) return { ...number, binary: known[1], decimal: known[2] - behind };
  if (text[at] !== "e" && text[at] !== "E") return undefined;
  at++;
  const isSmall = sign() === "-";
  const exponent = digits();
  if (exponent === "" || at !== text.length) return undefined;
  return { ...number, binary: 0, decimal: (isSmall ? -1n : 1n) * BigInt(exponent) - behind };
}

type Expected = bigint | "malformed" | "negative" | "too large";
const FAR = 5_000n;

function expected(text: string, unit: Unit): Expected {
  const written = read(text);
  if (!written) return "malformed";
  if (written.digits === 0n) return 0n;
  if (written.isNegative) return "negative";
  const power = written.decimal + (unit === "milli" ? 3n : 0n);
  // Inputs are shorter than that, so no digits make up for it.
  if (power > FAR) return "too large";
  if (power < -FAR) return 1n;
  const over = written.digits * (1n << BigInt(written.binary)) * (power > 0n ? 10n ** power : 1n);
  const under = power < 0n ? 10n ** -power : 1n;
  const amount = over / under + (over % under === 0n ? 0n : 1n);
  return amount > MAX_AMOUNT ? "too large" : amount;
}

const messages: readonly (readonly [Expected, string])[] = [
  ["malformed", " is not a quantity: "],
  ["negative", " is negative: "],
  ["too large", " is too large: "],
];

function outcome(text: string, unit: Unit): Expected {
  try {
    return parseQuantity(text, unit);
  } catch (error) {
    assert.ok(error instanceof QuantityError, `${error}`);
    const { message } = error;
    const kind = messages.find(([, part]) => message.startsWith(`"${text}"${part}`))?.[0];
    assert.ok(kind !== undefined, `another message: ${message}`);
    return kind;
  }
}

/** How a number is written, without its digits, and whether it is nothing, the least or more. */
function kindOf(text: string, amount: Expected): string {
  if (amount === "malformed") return `malformed ${/^[\d.+\-eEKMGTPimnuk]*$/.test(text)}`;
  const size = amount === 0n || amount === 1n ? String(amount) : typeof amount === "bigint" ? "more" : amount;
  const form = text.replaceAll(/\d+/g, "9").replace(/(?<=[\d.])[KMGTPE]i$/, "Ki");
  return `${size} ${form.replace(/(?<=[\d.])[numkMGTPE]$/, (suffix) => ("num".includes(suffix) ? "m" : "k"))}`;
}

export const quantity: Target = {
  name: "quantity",
  isJson: false,
  dictionary: [
    ...suffixes.map(([suffix]) => suffix),
    "e",
    "E+",
    "e-",
    "9223372036854775807",
    "0.",
    ".0",
    "000",
    "+",
    "-",
  ],
  check: (text) => {
    const [milli = "malformed"] = (["milli", "whole"] as const).map((unit) => {
      const got = outcome(text, unit);
      assert.equal(got, expected(text, unit), unit);
      return got;
    });
    return kindOf(text, milli);
  },
};
