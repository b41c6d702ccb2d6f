import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { eventually } from "./eventually.ts";

/**
 * Asks again until `probe` answers what is expected.
 * @throws AssertionError with what differs in the last answer, or the probe's error where it has never answered
 */
export async function eventuallyEqual<T>(
  what: string,
  probe: () => Promise<T>,
  expected: T,
  timeoutMs?: number,
): Promise<void> {
  const answers: T[] = [];
  const isEqual = async (): Promise<true | undefined> => {
    answers[0] = await probe();
    return isDeepStrictEqual(answers[0], expected) || undefined;
  };
  await eventually(what, isEqual, timeoutMs).catch((late: unknown) => {
    if (answers.length === 0) throw late;
  });
  assert.deepEqual(answers[0], expected);
}
