/** A quantity as Kubernetes writes it: `1`, `500m`, `1.5Gi`, `2e3`; JSON numbers are taken as their decimal text. */
export type Quantity = string | number;

/** Thousandths, for CPU; whole units, for bytes and devices. */
export type Unit = "milli" | "whole";

/** A text that is not a quantity, or one beyond what Kubernetes can count. */
export class QuantityError extends Error {
  override readonly name = "QuantityError";
}

const GRAMMAR = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };
/** Kubernetes caps at 2^63 - 1 of the unit; beyond it sums would no longer be exact there. */
export const MAX_AMOUNT: bigint = 2n ** 63n - 1n;
const MAX_EXPONENT = 40;

function ceilDivide(numerator: bigint, denominator: bigint): bigint {
  return (numerator + denominator - 1n) / denominator;
}

/**
 * The exact amount in `unit`, rounded up as the API server rounds (apimachinery `pkg/api/resource/quantity.go`).
 * @throws QuantityError for what is malformed, negative, or more than 2^63 - 1
 */
export function parseQuantity(quantity: Quantity, unit: Unit): bigint {
  const text = String(quantity);
  const match = GRAMMAR.exec(text);
  if (!match) throw new QuantityError(`"${text}" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3`);
  const [, sign, digits = "", suffix = "", exponent = "0"] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const coefficient = BigInt(whole + fraction);
  if (coefficient === 0n) return 0n;
  if (sign === "-") throw new QuantityError(`"${text}" is negative: a quantity is 0 or more`);
  const power = (decimal[suffix] ?? Number(exponent)) - fraction.length + (unit === "milli" ? 3 : 0);
  if (power > MAX_EXPONENT) throw new QuantityError(`"${text}" is too large: at most 2^63-1 can be counted`);
  const scaled = coefficient * 2n ** BigInt(binary[suffix] ?? 0);
  // A divisor with more digits than what is divided changes nothing: the amount is 1 then.
  const shift = Math.min(-power, String(scaled).length);
  const amount = power >= 0 ? scaled * 10n ** BigInt(power) : ceilDivide(scaled, 10n ** BigInt(shift));
  if (amount > MAX_AMOUNT) throw new QuantityError(`"${text}" is too large: at most 2^63-1 can be counted`);
  return amount;
}

/** Thousandths as people write CPU: `2`, `1500m`. */
export function formatMilli(milli: bigint): string {
  return milli % 1000n === 0n ? String(milli / 1000n) : `${milli}m`;
}

/** Bytes in the largest binary unit that holds them exactly: `4Gi`, `1536Mi`, `1000`. */
export function formatBytes(bytes: bigint): string {
  const units = Object.entries(binary).reverse();
  const fitting = units.find(([, shift]) => bytes !== 0n && bytes % 2n ** BigInt(shift) === 0n);
  return fitting ? `${bytes / 2n ** BigInt(fitting[1])}${fitting[0]}` : String(bytes);
}
