import * as fc from "fast-check";

/** `fc.assert` for a property without promises: `claim` throws where it does not hold. */
export function always<T extends unknown[]>(
  arbitraries: { [K in keyof T]: fc.Arbitrary<T[K]> },
  claim: (...values: T) => void,
): void {
  const outcome = fc.check(fc.property(fc.tuple<T>(...arbitraries), (values) => claim(...values)));
  if (outcome.failed) throw new Error(fc.defaultReportMessage(outcome), { cause: outcome.errorInstance });
}
