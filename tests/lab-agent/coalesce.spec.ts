import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import { Coalesced } from "../../lab/agent/coalesce.ts";
import type { Clock } from "../../services/lib/clock.ts";
import { createLogger } from "../../services/lib/log.ts";

/** A clock whose sleeps are written down and end in the next turn. */
function recordingClock(slept: number[]): Clock {
  const sleep = async (ms: number): Promise<void> => {
    slept.push(ms);
    await turn();
  };
  return { now: () => 0, monotonicMs: () => 0, sleep };
}

const turns = async (count = 8): Promise<void> => {
  for (let each = 0; each < count; each++) await turn();
};

describe("Coalesced", () => {
  const start = (task: () => Promise<void>) => {
    const slept: number[] = [];
    const lines: string[] = [];
    const log = createLogger({ now: () => 0, write: (line) => void lines.push(line) });
    const work = new Coalesced(task, { name: "work", log, clock: recordingClock(slept) });
    const stop = new AbortController();
    return { work, slept, lines, stop: () => stop.abort(), done: work.run(stop.signal) };
  };

  it("does nothing until asked, then once for many requests", async () => {
    let runs = 0;
    const { work, slept, stop, done } = start(async () => void runs++);
    await turns();
    assert.equal(runs, 0);
    for (let each = 0; each < 5; each++) work.request();
    await turns();
    assert.deepEqual([runs, slept], [1, [50]]);
    stop();
    await done;
  });

  it("runs again for what was asked while it ran", async () => {
    let runs = 0;
    const { work, stop, done } = start(async () => {
      if (++runs === 1) work.request();
    });
    work.request();
    await turns();
    assert.equal(runs, 2);
    stop();
    await done;
  });

  it("says why it failed and tries again later", async () => {
    let runs = 0;
    const { work, slept, lines, stop, done } = start(async () => {
      if (++runs === 1) throw new Error("refused");
    });
    work.request();
    await turns();
    assert.deepEqual([runs, slept], [2, [50, 1000, 50]]);
    assert.deepEqual(lines, [
      '{"time":"1970-01-01T00:00:00.000Z","level":"warn","event":"work-failed","reason":"refused"}\n',
    ]);
    stop();
    await done;
  });

  it("ends while it waits, and does not start what is still wanted", async () => {
    let runs = 0;
    const { work, stop, done } = start(async () => void runs++);
    await turns();
    work.request();
    stop();
    await done;
    assert.equal(runs, 0);
  });
});
