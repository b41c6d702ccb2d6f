const GRAMMAR = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d{1,3}))?$/;
const decimal: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };
const binary: Readonly<Record<string, number>> = { Ki: 10, Mi: 20, Gi: 30, Ti: 40, Pi: 50, Ei: 60 };

interface Value {
  readonly coefficient: bigint;
  readonly power: number;
}

function parse(quantity: unknown): Value | undefined {
  const match = GRAMMAR.exec(String(quantity));
  if (!match) return undefined;
  const [, sign, digits = "", suffix = "", exponent = "0"] = match;
  const [whole = "", fraction = ""] = digits.split(".");
  const coefficient = BigInt(`0${whole}${fraction}`) * 2n ** BigInt(binary[suffix] ?? 0);
  return {
    coefficient: sign === "-" ? -coefficient : coefficient,
    power: (decimal[suffix] ?? Number(exponent)) - fraction.length,
  };
}

/** Whether two quantities are one amount, however they are written; the API server rewrites `1000m` as `1`. */
export function sameQuantity(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  const [left, right] = [parse(a), parse(b)];
  if (!left || !right) return false;
  const power = Math.min(left.power, right.power);
  const scaled = (value: Value): bigint => value.coefficient * 10n ** BigInt(value.power - power);
  return scaled(left) === scaled(right);
}
