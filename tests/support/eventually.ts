import { setTimeout as pause } from "node:timers/promises";

/**
 * Asks again until `probe` answers something other than undefined.
 * @throws Error naming what was awaited, with the probe's last error as cause
 */
export async function eventually<T>(what: string, probe: () => Promise<T | undefined>, timeoutMs = 60_000): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  let last: unknown;
  while (performance.now() < deadline) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch (error) {
      last = error;
    }
    await pause(200);
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause: last });
}
