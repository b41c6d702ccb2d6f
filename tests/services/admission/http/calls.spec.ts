import assert from "node:assert/strict";
import fc from "fast-check";
import { CallsUnderWay } from "../../../../services/admission/http/calls.ts";

/** A clock on which each sleep takes as long as the next number says, and that stops when there is none. */
function ticking(lengths: readonly number[]) {
  const stop = new AbortController();
  let now = 0;
  let i = 0;
  const clock = {
    now: () => now,
    monotonicMs: () => now,
    sleep: async (ms: number) => {
      now += lengths[i++] ?? ms;
      if (i >= lengths.length) stop.abort();
    },
  };
  return { clock, signal: stop.signal };
}
const watch = (calls: CallsUnderWay, ...lengths: number[]): Promise<void> => {
  const { clock, signal } = ticking(lengths);
  return calls.watch(clock, signal);
};

describe("CallsUnderWay", () => {
  it("works on as many calls as it may, and again when one has left", () => {
    const calls = new CallsUnderWay({ calls: 2 });
    const [first, second, third] = [calls.enter(0, 10), calls.enter(0, 10), calls.enter(0, 10)];
    assert.deepEqual([first.shed, second.shed, third.shed, calls.count], [undefined, undefined, "calls", 3]);
    calls.leave(third);
    assert.equal(calls.enter(0, 10).shed, "calls");
    calls.leave(first);
    calls.leave(first);
    assert.equal(calls.enter(0, 10).shed, undefined);
    assert.equal(calls.enter(0, 10).shed, "calls");
  });

  it("works on 512 calls, and on 32 MiB of bodies, where it is told nothing else", () => {
    const calls = new CallsUnderWay();
    const all = Array.from({ length: 513 }, () => calls.enter(0, 10));
    assert.deepEqual(all.map(({ shed }) => shed).slice(511), [undefined, "calls"]);
    assert.equal(calls.take(all[0]!, 32 * 1024 * 1024), true);
    assert.equal(calls.take(all[1]!, 1), false);
  });

  it("sheds the call whose body is too much for all, and takes others when its bytes are gone", () => {
    const calls = new CallsUnderWay({ bodyBytes: 10 });
    const [small, large] = [calls.enter(0, 10), calls.enter(0, 10)];
    assert.deepEqual([calls.take(small, 4), calls.take(large, 6), large.shed], [true, true, undefined]);
    assert.deepEqual([calls.take(large, 1), large.shed, small.shed], [false, "bytes", undefined]);
    calls.leave(large);
    assert.equal(calls.take(calls.enter(0, 10), 6), true);
  });

  it("ends each call once at its deadline, and no call that has left", async () => {
    const calls = new CallsUnderWay();
    const ended: string[] = [];
    for (const [name, patience] of [
      ["soon", 150],
      ["later", 350],
      ["left", 150],
      ["never", 1_000],
    ] as const) {
      const call = calls.enter(0, patience);
      call.onExpired = () => ended.push(name);
      if (name === "left") calls.leave(call);
    }
    await watch(calls, 100);
    assert.deepEqual(ended, []);
    await watch(calls, 100, 100);
    assert.deepEqual(ended, ["soon"]);
    await watch(calls, 100, 100, 100, 100, 100);
    assert.deepEqual(ended, ["soon", "later"]);
  });

  it("takes off a call's time what the event loop is late, because it may have waited for as long", async () => {
    const calls = new CallsUnderWay();
    await watch(calls, 700);
    const [call, hopeless] = [calls.enter(1_000, 2_000), calls.enter(1_000, 600)];
    assert.deepEqual([call.deadlineMs, call.shed], [2_400, undefined]);
    assert.deepEqual([hopeless.deadlineMs, hopeless.shed], [1_000, "deadline"]);
    await watch(calls, 100);
    assert.equal(calls.enter(2_000, 2_000).deadlineMs, 4_000);
  });

  it("sheds while the event loop is later than it may be, and no longer", async () => {
    const calls = new CallsUnderWay({ delayMs: 500 });
    await watch(calls, 600);
    assert.equal(calls.enter(0, 10_000).shed, undefined);
    await watch(calls, 601);
    assert.equal(calls.enter(0, 10_000).shed, "delay");
    await watch(calls, 601, 100);
    assert.equal(calls.enter(0, 10_000).shed, undefined);
  });

  it("sheds a call whose body is complete after its deadline", () => {
    const calls = new CallsUnderWay({ calls: 1 });
    const call = calls.enter(0, 10);
    calls.checkTime(call, 9);
    assert.equal(call.shed, undefined);
    calls.checkTime(call, 10);
    assert.equal(call.shed, "deadline");
    // It is not worked on any more, so another one is.
    assert.equal(calls.enter(0, 10).shed, undefined);
  });

  it("is empty again when all have left, whatever happened to them", () => {
    const step = fc.record({ bytes: fc.nat(8), late: fc.boolean(), patience: fc.nat(3) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const calls = new CallsUnderWay({ calls: 3, bodyBytes: 20 });
        const entered = steps.map(({ bytes, late, patience }) => {
          const call = calls.enter(0, patience);
          calls.take(call, bytes);
          if (late) calls.checkTime(call, 5);
          return call;
        });
        for (const call of entered) calls.leave(call);
        assert.equal(calls.count, 0);
        const again = [1, 2, 3, 4].map(() => calls.enter(0, 10));
        assert.deepEqual(
          again.map(({ shed }) => shed),
          [undefined, undefined, undefined, "calls"],
        );
        assert.equal(calls.take(again[0]!, 20), true);
        assert.equal(calls.take(again[0]!, 1), false);
      }),
    );
  });
});
