import assert from "node:assert/strict";
import { mock } from "node:test";
import { systemClock } from "../../../services/lib/clock.ts";

describe("systemClock", () => {
  afterEach(() => mock.restoreAll());

  it("reads the wall clock and the monotonic clock", () => {
    mock.method(Date, "now", () => 1_700_000_000_123);
    mock.method(performance, "now", () => 4711.5);
    assert.deepEqual([systemClock.now(), systemClock.monotonicMs()], [1_700_000_000_123, 4711.5]);
  });

  it("sleeps as long as asked", async () => {
    const before = performance.now();
    await systemClock.sleep(30);
    assert.ok(performance.now() - before >= 29);
  });

  it("ends a sleep early and without an error when the signal aborts", async () => {
    const stop = new AbortController();
    const before = performance.now();
    const slept = systemClock.sleep(60_000, stop.signal);
    stop.abort();
    assert.equal(await slept, undefined);
    assert.ok(performance.now() - before < 5_000);
  });

  it("does not sleep at all when the signal has aborted before", async () => {
    assert.equal(await systemClock.sleep(60_000, AbortSignal.abort()), undefined);
  });
});
