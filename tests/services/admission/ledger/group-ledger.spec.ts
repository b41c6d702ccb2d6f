import assert from "node:assert/strict";
import { nothing, unlimited } from "../../../../quota/resources.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import { EXPIRY_MS, GroupLedger } from "../../../../services/admission/ledger/group-ledger.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { type Claim, type Entries, emptyEntries } from "../../../../services/admission/ledger/plan.ts";

const policy: GroupPolicy = {
  name: "g",
  quota: { ...unlimited, cpu: 1000n },
  memberQuota: unlimited,
  memberQuotas: new Map(),
  defaults: unlimited,
  limitsMembers: false,
};
const claim = (uid: string, cpu = 400n): Claim => ({
  uid,
  namespace: "work",
  name: `pod-${uid}`,
  user: "ada",
  amounts: { ...nothing, cpu },
  dryRun: false,
});
const uids = ({ reservations }: Entries): string[] => reservations.map(({ uid }) => uid);
const unknown = (message: string): object => ({
  reason: "StateUnknown",
  message,
  causes: [{ reason: "StateUnknown", message }],
});

/** A ledger over a store in memory, with everything that it is told under control. */
class Bench {
  now = 1_000;
  reads = 0;
  stored: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };
  rules: GroupPolicy | undefined = policy;
  existing = new Set<string>();
  asked: string[] = [];
  seen: Record<string, string> = {};
  reaches = true;
  readonly writes: string[] = [];
  readonly swaps: Entries[] = [];
  /** Before each swap; may write first, throw, or wait. */
  onSwap: () => void | Promise<void> = () => {};
  readonly ledger = new GroupLedger({
    group: "g",
    store: {
      read: async () => {
        this.reads++;
        return this.stored;
      },
      swap: (_group, base, entries) => this.#swap(base, entries),
    },
    policy: () => this.rules,
    pods: {
      seen: (uid) => this.seen[uid],
      total: () => nothing,
      ofMember: () => nothing,
      reaches: async () => this.reaches,
    },
    watched: () => undefined,
    podExists: async (namespace, name, uid) => {
      this.asked.push(`${namespace}/${name}`);
      return this.existing.has(uid);
    },
    clock: {
      now: () => this.now,
      monotonicMs: () => this.now,
      sleep: async (ms) => {
        this.now += ms;
      },
    },
    random: () => 0.5,
    onWrite: (result) => this.writes.push(result),
  });

  decide(...claims: Claim[]): Promise<unknown[]> {
    return Promise.all(claims.map((item) => this.ledger.decide(item, this.now + 4_000)));
  }

  /** Somebody else's write. */
  write(entries: Entries): void {
    this.stored = { resourceVersion: String(Number(this.stored.resourceVersion ?? 0) + 1), uid: "u", entries };
  }

  async #swap(base: StoredLedger, entries: Entries): Promise<StoredLedger | undefined> {
    await this.onSwap();
    if (base.resourceVersion !== this.stored.resourceVersion) return undefined;
    this.swaps.push(entries);
    this.write(entries);
    return this.stored;
  }
}

describe("GroupLedger.decide", () => {
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
      const amounts = { cpuMilli: "900", memoryBytes: "0", gpu: "0" };
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

  it("refuses while the pod watch is behind the ledger", async () => {
    const bench = new Bench();
    bench.reaches = false;
    const denied = unknown('group "g": the pod watch is behind the ledger: try again');
    assert.deepEqual(await bench.decide(claim("1")), [denied]);
    assert.deepEqual(bench.swaps, []);
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
    bench.existing = new Set(["1"]);
    bench.now += 1;
    await bench.ledger.settle();
    assert.deepEqual([uids(bench.stored.entries), bench.asked], [["1"], ["work/pod-1"]]);
    bench.existing = new Set();
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
});
