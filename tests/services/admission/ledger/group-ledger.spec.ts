import assert from "node:assert/strict";
import { nothing } from "../../../../quota/resources.ts";
import { EXPIRY_MS } from "../../../../services/admission/ledger/group-ledger.ts";
import { type Claim, emptyEntries } from "../../../../services/admission/ledger/plan.ts";
import { Bench, claim, live, resize, uids, unknown } from "./bench.ts";

describe("GroupLedger.decide", () => {
  const behind = unknown('group "g": the pod watch is behind the ledger: try again');
  const behindLedger = (bench: Bench): void => {
    bench.write({ observedPodVersion: "50", reservations: [] });
    bench.reached = "49";
  };

  it("reserves before it answers, and remembers what it wrote", async () => {
    const bench = new Bench();
    assert.deepEqual(await bench.decide(claim("1")), [undefined]);
    assert.deepEqual(await bench.decide(claim("2")), [undefined]);
    assert.deepEqual(bench.swaps.map(uids), [["1"], ["1", "2"]]);
    assert.deepEqual([bench.reads, bench.writes], [1, ["written", "written"]]);
  });

  it("gives one write to all that wait for it", async () => {
    const bench = new Bench();
    const small = Array.from({ length: 50 }, (_, i) => claim(String(i), 1n));
    assert.deepEqual(
      await bench.decide(...small),
      small.map(() => undefined),
    );
    // The first did not wait for anybody; all others came while its write was under way.
    assert.deepEqual(
      bench.swaps.map(({ reservations }) => reservations.length),
      [1, 50],
    );
  });

  const dry = (uid: string, cpu?: bigint): Claim => ({ ...claim(uid, cpu), dryRun: true });

  it("answers dry runs beside a write that is under way", async () => {
    const bench = new Bench();
    await bench.decide(claim("1", 100n));
    const { promise: written, resolve: write } = Promise.withResolvers<void>();
    bench.onSwap = () => written;
    const real = bench.decide(claim("2"));
    const [allowed, denied] = await bench.decide(dry("3", 900n), dry("4", 901n));
    assert.equal(allowed, undefined);
    assert.equal((denied as Error).message, 'quota exceeded: group "g": cpu quota 1, used 100m, requested 901m');
    assert.deepEqual(bench.swaps.map(uids), [["1"]]);
    write();
    assert.deepEqual(await real, [undefined]);
    assert.deepEqual(bench.swaps.map(uids), [["1"], ["1", "2"]]);
  });

  it("looks once at what is reserved for all that come before it changes", async () => {
    const bench = new Bench();
    for (const uid of ["1", "2"]) await bench.decide(claim(uid));
    const verdictOf = async (cpu: bigint): Promise<readonly [number, string | undefined]> => {
      bench.looks = 0;
      const [denied] = await bench.decide(dry("3", cpu));
      return [bench.looks, (denied as Error | undefined)?.message];
    };
    const over = (used: string): string => `quota exceeded: group "g": cpu quota 1, used ${used}, requested 300m`;
    assert.deepEqual(await verdictOf(300n), [3, over("800m")]);
    assert.deepEqual(await verdictOf(200n), [1, undefined]);
    bench.seen = { "1": "60" };
    bench.charged = { "1": { ...nothing, cpu: 500n, pods: 1n } };
    assert.deepEqual(await verdictOf(300n), [4, over("900m")]);
    bench.charged = {};
    bench.now += EXPIRY_MS;
    await bench.ledger.settle();
    assert.deepEqual(await verdictOf(300n), [2, undefined]);
  });

  it("reads the ledger for a dry run where it is not known, and lets it wait for a pod watch that is behind", async () => {
    const bench = new Bench();
    assert.deepEqual([await bench.decide(dry("1")), bench.reads, bench.swaps], [[undefined], 1, []]);
    bench.rules = undefined;
    const message = 'unknown group "g": create it first';
    const unknownGroup = { reason: "GroupUnknown", message, causes: [{ reason: "GroupUnknown", message }] };
    assert.deepEqual(await bench.decide(dry("1")), [unknownGroup]);
    bench.rules = new Bench().rules;
    behindLedger(bench);
    await bench.decide(claim("2"));
    bench.onLate = () => {
      bench.reached = "50";
      bench.now -= 1_000;
    };
    assert.deepEqual(await bench.decide(dry("1")), [undefined]);
  });

  it("does not write for refusals", async () => {
    const bench = new Bench();
    const message = 'group "g": cpu quota 1, used 0, requested 1001m';
    assert.deepEqual(await bench.decide(claim("1", 1001n)), [
      {
        reason: "QuotaExceeded",
        message: `quota exceeded: ${message}`,
        causes: [{ reason: "GroupQuotaExceeded", message, field: "cpu" }],
      },
    ]);
    assert.deepEqual(bench.writes, []);
  });

  it("decides anew when somebody else wrote first", async () => {
    const bench = new Bench();
    bench.onSwap = () => {
      bench.onSwap = () => {};
      const amounts = { cpuMilli: "900", memoryBytes: "0", gpuMilli: "0", ephemeralStorageBytes: "0" };
      bench.write({ observedPodVersion: "", reservations: [{ uid: "x", namespace: "work", name: "x", ...amounts }] });
    };
    const [denied] = await bench.decide(claim("1"));
    assert.equal((denied as Error).message, 'quota exceeded: group "g": cpu quota 1, used 900m, requested 400m');
    assert.deepEqual([bench.reads, bench.writes, uids(bench.stored.entries)], [2, ["conflict"], ["x"]]);
  });

  it("refuses when the time is over, however often somebody else writes first", async () => {
    const bench = new Bench();
    bench.onSwap = () => bench.write(emptyEntries);
    assert.deepEqual(await bench.decide(claim("1")), [unknown('group "g": no decision in time: try again')]);
    assert.ok(bench.writes.length > 20 && bench.writes.every((result) => result === "conflict"));
    assert.ok(bench.now - 1_000 < 4_300, `${bench.now}`);
  });

  it("refuses all that wait when the ledger cannot be written, and reads it again the next time", async () => {
    const bench = new Bench();
    bench.onSwap = () => {
      throw new Error("etcd is full");
    };
    const message = "the quota ledger cannot be written: etcd is full: try again";
    assert.deepEqual(await bench.decide(claim("1"), claim("2")), [unknown(message), unknown(message)]);
    bench.onSwap = () => {};
    assert.deepEqual(await bench.decide(claim("3")), [undefined]);
    assert.deepEqual(bench.writes, ["failed", "failed", "written"]);
    assert.equal(bench.reads, 3);
  });

  it("refuses when the pod watch stays behind the ledger", async () => {
    const bench = new Bench();
    behindLedger(bench);
    assert.deepEqual(await bench.decide(claim("1")), [behind]);
    assert.deepEqual(bench.swaps, []);
    assert.deepEqual(bench.waits, [["50", 5_000]]);
  });

  it("refuses only those whose time is over, and decides the others once the pod watch has caught up", async () => {
    const bench = new Bench();
    behindLedger(bench);
    bench.onLate = () => {
      if (bench.waits.length === 2) bench.reached = "50";
    };
    const decide = (uid: string, deadlineMs: number): Promise<unknown> => bench.ledger.decide(claim(uid), deadlineMs);
    const answers = [decide("1", 2_000), decide("2", 3_000), decide("3", 9_000), decide("4", 9_000)];
    // The first was alone; the others share one attempt.
    assert.deepEqual(await Promise.all(answers), [behind, behind, undefined, undefined]);
    assert.deepEqual(
      bench.waits.map(([, deadlineMs]) => deadlineMs),
      [2_000, 3_000, 9_000],
    );
    assert.deepEqual(bench.swaps.map(uids), [["3", "4"]]);
  });

  it("puts back what it promised into a ledger that somebody emptied by hand", async () => {
    const bench = new Bench();
    await bench.decide(claim("1"));
    bench.write(emptyEntries);
    assert.deepEqual(await bench.decide(claim("2", 300n)), [undefined]);
    assert.deepEqual(
      [bench.writes, uids(bench.stored.entries).sort()],
      [
        ["written", "conflict", "written"],
        ["1", "2"],
      ],
    );
  });

  it("puts back what the watch showed of a ledger that somebody deleted", async () => {
    const [writer, idle] = [new Bench(), new Bench()];
    await writer.decide(claim("1"));
    idle.ledger.saw(writer.stored);
    assert.deepEqual(await idle.decide(claim("2")), [undefined]);
    assert.deepEqual(uids(idle.stored.entries), ["2", "1"].sort());
  });

  it("knows of reservations in a ledger that is not watched any more", async () => {
    const bench = new Bench();
    assert.equal(bench.ledger.hasReservations, false);
    await bench.decide(claim("1"));
    bench.stored = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };
    assert.equal(bench.ledger.hasReservations, true);
    bench.seen = { "1": "77" };
    await bench.ledger.settle();
    assert.deepEqual([bench.ledger.hasReservations, bench.writes], [false, ["written", "conflict"]]);
  });

  it("waits for the version of a pod that is to grow", async () => {
    const bench = new Bench();
    bench.seen = { "1": "7" };
    bench.charged = { "1": live };
    assert.deepEqual(await bench.decide(resize(1000n)), [undefined]);
    bench.reached = "7";
    assert.deepEqual(await bench.decide(resize(1000n, "r2", "8")), [behind]);
    assert.deepEqual(
      bench.waits.map(([version]) => version),
      ["7", "8"],
    );
    assert.deepEqual(bench.swaps.map(uids), [["1/resize"]]);
  });

  it("refuses when the group went away meanwhile", async () => {
    const bench = new Bench();
    bench.rules = undefined;
    const message = 'unknown group "g": create it first';
    assert.deepEqual(await bench.decide(claim("1")), [
      { reason: "GroupUnknown", message, causes: [{ reason: "GroupUnknown", message }] },
    ]);
  });

  it("settles seen pods in the write of a reservation", async () => {
    const bench = new Bench();
    await bench.decide(claim("1"));
    bench.seen = { "1": "77" };
    await bench.decide(claim("2"));
    assert.equal(bench.stored.entries.observedPodVersion, "77");
    assert.deepEqual(uids(bench.stored.entries), ["2"]);
  });
});

describe("GroupLedger.settle", () => {
  const withOne = async (): Promise<Bench> => {
    const bench = new Bench();
    await bench.decide(claim("1"));
    await bench.ledger.settle();
    return bench;
  };

  it("drops a reservation whose pod was seen, and keeps its version", async () => {
    const bench = await withOne();
    bench.seen = { "1": "77" };
    await bench.ledger.settle();
    assert.deepEqual(bench.stored.entries, { observedPodVersion: "77", reservations: [] });
    assert.deepEqual(bench.asked, []);
  });

  it("drops a reservation after 45 s of its own clock and a read that shows no pod, not before", async () => {
    const bench = await withOne();
    bench.now += EXPIRY_MS - 1;
    await bench.ledger.settle();
    assert.deepEqual([uids(bench.stored.entries), bench.asked], [["1"], []]);
    bench.existing = { "1": "60" };
    bench.now += 1;
    await bench.ledger.settle();
    assert.deepEqual([uids(bench.stored.entries), bench.asked], [["1"], ["work/pod-1"]]);
    bench.existing = {};
    await bench.ledger.settle();
    assert.deepEqual(bench.stored.entries, emptyEntries);
  });

  it("counts the 45 s from when it saw the reservation itself", async () => {
    const bench = await withOne();
    const other = new Bench();
    other.stored = bench.stored;
    other.now = 1_000_000;
    await other.ledger.settle();
    assert.deepEqual(uids(other.stored.entries), ["1"]);
  });

  it("counts the 45 s also while its own write is shown and not yet answered", async () => {
    const bench = new Bench();
    bench.onWritten = () => {
      bench.watched = bench.stored;
      void bench.ledger.settle();
      bench.now += EXPIRY_MS;
    };
    await bench.decide(claim("1"));
    await bench.ledger.settle();
    assert.deepEqual([uids(bench.stored.entries), bench.asked], [[], ["work/pod-1"]]);
  });

  it("survives a store that fails, and goes on with decisions", async () => {
    const bench = await withOne();
    bench.seen = { "1": "77" };
    bench.onSwap = () => {
      throw new Error("no");
    };
    await bench.ledger.settle();
    bench.onSwap = () => {};
    assert.deepEqual(bench.writes, ["written", "failed"]);
    assert.deepEqual(await bench.decide(claim("2")), [undefined]);
  });

  /** A ledger with many reservations whose pods never came. */
  const withMany = async (count: number): Promise<Bench> => {
    const bench = new Bench();
    const amounts = { cpuMilli: "0", memoryBytes: "0", gpuMilli: "0", ephemeralStorageBytes: "0" };
    const reservations = Array.from({ length: count }, (_, i) => ({
      uid: `old-${i}`,
      namespace: "work",
      name: `old-${i}`,
      ...amounts,
    }));
    bench.write({ observedPodVersion: "", reservations });
    await bench.ledger.settle();
    bench.now += EXPIRY_MS;
    return bench;
  };

  it("asks once about each of many, and writes once", async () => {
    const bench = await withMany(20_000);
    await bench.ledger.settle();
    assert.deepEqual([bench.asked.length, new Set(bench.asked).size], [20_000, 20_000]);
    assert.deepEqual([bench.stored.entries, bench.writes], [emptyEntries, ["written"]]);
  });

  it("lets decisions go before when there is much to ask about, and goes on afterwards", async () => {
    const bench = await withMany(100);
    bench.existing = { "old-3": "60" };
    let askedBefore: number | undefined;
    const settled = bench.ledger.settle();
    const decided = bench.decide(claim("1")).then(() => {
      askedBefore = bench.asked.length;
    });
    await Promise.all([settled, decided]);
    assert.ok(askedBefore !== undefined && askedBefore < 20, `${askedBefore} were asked about before`);
    assert.deepEqual([bench.asked.length, uids(bench.stored.entries)], [100, ["old-3", "1"]]);
  });
});
