import assert from "node:assert/strict";
import { setImmediate as turn } from "node:timers/promises";
import type { Clock } from "../../../../services/lib/clock.ts";
import {
  type Failure,
  type Outcome,
  WorkQueue,
  type WorkQueueOptions,
} from "../../../../services/lib/controller/work-queue.ts";

/** Time that a test moves; a sleep lasts until then, or until it is ended. */
class ManualClock implements Clock {
  ms = 0;
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  now = (): number => this.ms;
  monotonicMs = (): number => this.ms;
  sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const sleeper = { untilMs: this.ms + ms, wake: resolve };
      this.#sleepers.add(sleeper);
      signal?.addEventListener("abort", () => resolve());
    });
  async advance(ms: number): Promise<void> {
    this.ms += ms;
    for (const sleeper of this.#sleepers) {
      if (sleeper.untilMs > this.ms) continue;
      this.#sleepers.delete(sleeper);
      sleeper.wake();
    }
    await settle();
  }
}

async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await turn();
}

describe("WorkQueue", () => {
  let clock: ManualClock;
  let worked: string[];
  let failures: Failure[];
  let work: (key: string) => Promise<Outcome | undefined>;
  let queue: WorkQueue;
  let stop: AbortController;
  let running: Promise<void>;
  const start = async (options: Partial<WorkQueueOptions> = {}): Promise<void> => {
    queue = new WorkQueue({
      clock,
      work: (key) => {
        worked.push(`${key}@${clock.ms}`);
        return work(key);
      },
      onFailure: (failure) => void failures.push(failure),
      backoff: { random: () => 0.5 },
      ...options,
    });
    running = queue.run(stop.signal);
    await settle();
  };
  beforeEach(() => {
    clock = new ManualClock();
    worked = [];
    failures = [];
    work = async () => undefined;
    stop = new AbortController();
  });
  afterEach(async () => {
    stop.abort();
    await running;
  });

  it("works on each key once, however often it is added", async () => {
    await start();
    for (const key of ["a", "b", "a", "a"]) queue.add(key);
    await settle();
    assert.deepEqual([worked, queue.size], [["a@0", "b@0"], 0]);
  });

  it("takes the earliest of two wishes", async () => {
    await start();
    queue.add("a", 1_000);
    queue.add("a", 500);
    queue.add("a", 2_000);
    await clock.advance(499);
    assert.deepEqual(worked, []);
    await clock.advance(1);
    await clock.advance(5_000);
    assert.deepEqual(worked, ["a@500"]);
  });

  it("never works on a key twice at once, and again on one that was added meanwhile", async () => {
    const ends: (() => void)[] = [];
    work = () => new Promise((resolve) => ends.push(() => resolve(undefined)));
    await start({ workers: 2 });
    queue.add("a");
    await settle();
    queue.add("a");
    queue.add("b");
    queue.add("c");
    await settle();
    assert.deepEqual(worked, ["a@0", "b@0"]);
    ends[0]?.();
    await settle();
    assert.deepEqual(worked, ["a@0", "b@0", "a@0"]);
    for (const end of ends) end();
    await settle();
    ends.at(-1)?.();
    await settle();
    assert.deepEqual(worked, ["a@0", "b@0", "a@0", "c@0"]);
  });

  it("comes back when the work says so", async () => {
    work = async () => (worked.length < 3 ? { againInMs: 100 } : undefined);
    await start();
    queue.add("a");
    await settle();
    for (let i = 0; i < 5; i++) await clock.advance(100);
    assert.deepEqual(worked, ["a@0", "a@100", "a@200"]);
  });

  it("tries again later and later after failures, and forgets them after a success", async () => {
    work = async () => {
      if (worked.length < 4) throw new Error(`no ${worked.length}`);
      return undefined;
    };
    await start();
    queue.add("a");
    await settle();
    assert.equal(queue.failing, 1);
    for (const ms of [500, 1_000, 2_000]) await clock.advance(ms);
    assert.deepEqual(worked, ["a@0", "a@500", "a@1500", "a@3500"]);
    assert.deepEqual(
      failures.map(({ key, error, failures: count, delayMs }) => [key, String(error), count, delayMs]),
      [
        ["a", "Error: no 1", 1, 500],
        ["a", "Error: no 2", 2, 1_000],
        ["a", "Error: no 3", 3, 2_000],
      ],
    );
    assert.equal(queue.failing, 0);
  });

  it("waits as long as it is asked to", async () => {
    work = () => Promise.reject(Object.assign(new Error("busy"), { retryAfterMs: 9_000 }));
    await start();
    queue.add("a");
    await settle();
    assert.equal(failures[0]?.delayMs, 9_000);
  });

  it("survives work that throws before it begins", async () => {
    work = () => {
      throw new Error("at once");
    };
    await start();
    queue.add("a");
    await settle();
    await clock.advance(500);
    assert.deepEqual(worked, ["a@0", "a@500"]);
  });

  it("ends when it is told to, after what was begun", async () => {
    let end = (): void => {};
    work = () =>
      new Promise((resolve) => {
        end = () => resolve(undefined);
      });
    await start();
    queue.add("a");
    await settle();
    stop.abort();
    let isOver = false;
    void running.then(() => {
      isOver = true;
    });
    await settle();
    assert.equal(isOver, false);
    end();
    await running;
  });
});
