import assert from "node:assert/strict";
import { EXPIRY_MS } from "../../../../services/admission/ledger/group-ledger.ts";
import { Bench, claim, live, resize, uids } from "./bench.ts";

describe("GroupLedger.settle: growth", () => {
  const growing = async (): Promise<Bench> => {
    const bench = new Bench();
    bench.seen = { "1": "7" };
    bench.charged = { "1": live };
    bench.existing = { "1": "7" };
    await bench.decide(resize(1000n));
    await bench.ledger.settle();
    return bench;
  };

  it("drops the reservation with the pod's next version, and keeps that", async () => {
    const bench = await growing();
    bench.seen = { "1": "9" };
    await bench.ledger.settle();
    assert.deepEqual(bench.stored.entries, { observedPodVersion: "9", reservations: [] });
    assert.deepEqual(bench.asked, []);
  });

  it("drops it after 45 s only when the watch has reached what a consistent read shows, within 2 s", async () => {
    const bench = await growing();
    bench.now += EXPIRY_MS;
    bench.existing = { "1": "12" };
    bench.reached = "11";
    bench.waits.length = 0;
    const began = bench.now;
    await bench.ledger.settle();
    assert.deepEqual([uids(bench.stored.entries), bench.asked], [["1/resize"], ["work/pod-1"]]);
    assert.deepEqual(bench.waits, [["12", began + 2_000]]);
    bench.reached = "12";
    await bench.ledger.settle();
    assert.deepEqual(bench.stored.entries, { observedPodVersion: "7", reservations: [] });
  });

  it("drops it after 45 s when there is no such pod any more", async () => {
    const bench = await growing();
    bench.now += EXPIRY_MS;
    bench.existing = {};
    bench.reached = "0";
    await bench.ledger.settle();
    assert.deepEqual(uids(bench.stored.entries), []);
  });

  it("counts the 45 s anew for every request that relies on it", async () => {
    const bench = await growing();
    bench.now += EXPIRY_MS - 1;
    await bench.decide(resize(900n, "r2"));
    await bench.ledger.settle();
    bench.now += EXPIRY_MS - 1;
    await bench.ledger.settle();
    assert.deepEqual(uids(bench.stored.entries), ["1/resize"]);
    bench.now += 1;
    await bench.ledger.settle();
    assert.deepEqual(uids(bench.stored.entries), []);
  });

  it("does not take a new reservation for the one that has expired before it", async () => {
    const bench = await growing();
    bench.now += EXPIRY_MS;
    bench.onSwap = () => {
      throw new Error("no");
    };
    await bench.ledger.settle();
    bench.onSwap = () => {};
    await bench.decide(resize(900n, "r2"));
    await bench.decide(claim("2", 10n));
    assert.deepEqual(uids(bench.stored.entries), ["1/resize", "2"]);
  });
});
