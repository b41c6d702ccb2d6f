import assert from "node:assert/strict";
import { explore, play, report } from "./ledger-model/explore.ts";
import { scriptOf } from "./ledger-model/script.ts";
import { exploreOnThreads } from "./ledger-model/threads.ts";
import { type Broken, broken, sound } from "./ledger-model/variants.ts";

const SCHEDULES = Number(process.env["CARREL_LEDGER_SCHEDULES"] ?? 1_000_000);
/** What `bench/admission/ledger-schedules.ts` has found beyond the first million. */
const ONCE_FAILED: readonly number[] = [2_911_916, 3_484_179, 3_601_992, 3_998_621, 7_185_295];
const numbersOf = (text = ""): number[] => text.split(",").filter(Boolean).map(Number);

/** What a million schedules contain, at least so often in a thousand; an explorer that comes nowhere finds nothing. */
const everyThousand: Readonly<Record<string, number>> = {
  create: 3_000,
  resize: 500,
  allowed: 1_000,
  "not allowed": 1_000,
  pod: 800,
  resized: 50,
  "asked twice": 500,
  written: 2_000,
  conflict: 300,
  swap: 800,
  kill: 200,
  pause: 150,
  stall: 400,
  "lower quota": 60,
  "delete ledger": 60,
  "wall clock": 60,
};

describe("the ledger in many small schedules", function () {
  this.timeout(900_000);

  const { CARREL_LEDGER_SEED: seed, CARREL_LEDGER_DROP: drop, CARREL_LEDGER_BROKEN: variant } = process.env;
  if (seed !== undefined) {
    it(`replays schedule ${seed}`, async () => {
      const script = scriptOf(Number(seed));
      const dropped = new Set(numbersOf(drop));
      const steps = script.steps.filter((_, i) => !dropped.has(i));
      const rules = variant ? broken[variant as Broken] : sound;
      assert.deepEqual(await play({ ...script, steps }, rules, console.log), []);
    });
    return;
  }

  it("never promises too much, and keeps nothing beyond 50 s", async () => {
    const { schedules, found, counts } = await exploreOnThreads({ from: 0, to: SCHEDULES, most: 1 });
    const [first] = found;
    if (first) assert.fail(await report(first.seed, sound));
    assert.equal(schedules, SCHEDULES);
    const rare = Object.entries(everyThousand).filter(
      ([what, count]) => (counts[what] ?? 0) * 1000 < count * schedules,
    );
    assert.deepEqual(rare, []);
  });

  it("has nothing against schedules that failed once", async () => {
    for (const seed of ONCE_FAILED) assert.deepEqual(await play(scriptOf(seed), sound), [], `schedule ${seed}`);
  });

  it("is decided by the seed alone", async () => {
    const both = [0, 0].map(() => explore({ from: 7, to: 107, variant: sound, most: 1 }));
    const [one, other] = await Promise.all(both);
    assert.deepEqual(one, other);
  });

  /** How many schedules it takes at most until somebody notices. */
  const caughtWithin: Readonly<Record<Broken, readonly [schedules: number, violation: RegExp]>> = {
    "reservations are not written": [1_000, /slots are taken of/],
    "reservations expire after 1 s": [10_000, /slots are taken of/],
    "reservations expire after 30 s": [100_000, /slots are taken of/],
    "ledgers do not say which pods they rely on": [10_000, /slots are taken of/],
    "pod watches may be behind the ledger": [10_000, /slots are taken of/],
    "writes do not compare": [10_000, /slots are taken of/],
    "uids are ignored": [10_000, /is reserved twice/],
    "growth is not reserved": [10_000, /slots are taken of/],
  };
  for (const [variant, [schedules, violation]] of Object.entries(caughtWithin)) {
    it(`shows it where ${variant}`, async () => {
      const { found } = await explore({ from: 0, to: schedules, variant: broken[variant as Broken], most: 1 });
      assert.match(found[0]?.violations.join("; ") ?? "nothing found", violation);
    });
  }

  it("names the steps without which a failing schedule does not fail, and how to see it again", async () => {
    const variant = broken["reservations are not written"];
    const { found } = await explore({ from: 0, to: 100, variant, most: 1 });
    const text = await report(found[0]?.seed ?? -1, variant);
    assert.match(text, /^schedule \d+: 2 slots are taken of 1/);
    assert.match(text, /\n {2}\d+ ms: create \{/);
    assert.match(text, /\nagain: CARREL_LEDGER_SEED=\d+ CARREL_LEDGER_DROP=[\d,]+ mocha tests\//);
  });
});
