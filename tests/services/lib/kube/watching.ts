import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../../services/lib/clock.ts";
import { KubeClient } from "../../../../services/lib/kube/client.ts";
import { ListWatch, type ListWatchOptions } from "../../../../services/lib/kube/list-watch.ts";
import type { KubeObject, ResourceRef } from "../../../../services/lib/kube/types.ts";
import { createLogger } from "../../../../services/lib/log.ts";

export const pods: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };

/** Time that moves only when a test says so; sleeps end at once and are written down. */
export class TestClock implements Clock {
  ms = 5_000;
  readonly slept: number[] = [];
  now = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  sleep = async (ms: number): Promise<void> => {
    this.slept.push(ms);
    await turn();
  };
}

/** Lets the event loop go round until it is so. */
export async function until(what: string, done: () => boolean, timeoutMs = 5_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > deadline) assert.fail(`${what}: not within ${timeoutMs} ms`);
    await turn();
  }
}

export interface Watching {
  readonly watch: ListWatch<KubeObject>;
  readonly clock: TestClock;
  /** Why it was interrupted, one after the other. */
  readonly reasons: string[];
  stop(): Promise<void>;
}

/** Starts a watch of all pods of a server. */
export function startWatch(url: string, options: Partial<ListWatchOptions<KubeObject>> = {}): Watching {
  const client = new KubeClient({ server: url }, { timeoutMs: 2_000 });
  const clock = new TestClock();
  const reasons: string[] = [];
  const log = createLogger({
    now: () => 0,
    write: (line) => {
      const { time, level, event, kind, reason } = JSON.parse(line) as Record<string, string>;
      assert.deepEqual([time, level, event, kind], ["1970-01-01T00:00:00.000Z", "warn", "watch-interrupted", "Pod"]);
      reasons.push(reason ?? "");
    },
  });
  const watch = new ListWatch<KubeObject>({ client, ref: pods, log, clock, random: () => 0.5, ...options });
  const aborter = new AbortController();
  const done = watch.run(aborter.signal);
  const stop = async (): Promise<void> => {
    aborter.abort();
    await done;
    client.close();
  };
  return { watch, clock, reasons, stop };
}
