const millisecondsOf: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  // Go takes both the micro sign and the Greek letter.
  "\u00b5s": 1e-3,
  "\u03bcs": 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

const TERM = "(?:\\d+(?:\\.\\d*)?|\\.\\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h)";
const WHOLE = new RegExp(`^(?<sign>[+-]?)(?:0|(?<terms>(?:${TERM})+))$`);
const EACH = /(?<amount>[\d.]+)(?<unit>[^\d.]+)/g;

/** Milliseconds of a duration as Go's `time.ParseDuration` reads it: `5s`, `1500ms`, `1m30s`, `-1.5h`; else undefined. */
export function goDurationMs(text: string): number | undefined {
  const { sign, terms = "" } = WHOLE.exec(text)?.groups ?? {};
  if (sign === undefined) return undefined;
  let sum = 0;
  for (const { groups: { amount, unit = "" } = {} } of terms.matchAll(EACH)) {
    sum += Number(amount) * (millisecondsOf[unit] ?? Number.NaN);
  }
  return sign === "-" ? -sum : sum;
}
