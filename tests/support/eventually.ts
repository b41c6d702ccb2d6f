import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again until `probe` answers something other than undefined.
 * @throws Error naming what was awaited, with the probe's last error as cause
 */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  for (let isLast = false; ; ) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    if (isLast) throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last });
    await pause(200);
    // A machine that stalls must not take the last look away.
    isLast = performance.now() >= deadline;
  }
}
