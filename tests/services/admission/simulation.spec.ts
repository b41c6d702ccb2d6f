import assert from "node:assert/strict";
import type { Reservation } from "../../../crds/index.ts";
import type { KubeObject } from "../../../services/lib/kube/types.ts";
import type { Faults } from "./simulation/replica.ts";
import { churn, rush, type Scenario, SLOTS, STAYERS, stretch } from "./simulation/scenario.ts";
import { type Outcome, World } from "./simulation/world.ts";

/** A bad day in a data centre, and nothing that breaks the rules of a Kubernetes API. */
const weather: Faults = { callFails: 0.03, slowWatch: 0.02, slowWatchMs: 5_000, brokenWatch: 0.3 };
const SEEDS = Number(process.env["CARREL_SIMULATION_SEEDS"] ?? 50);
/** 45 s of evidence, a sweep of up to 1.5 s before and one after it, a slow watch, and calls that fail. */
const CLEARED_WITHIN_MS = 60_000;

const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);
const play = (scenario: Scenario, faults = weather): Promise<Outcome> => new World(scenario, faults).run();

interface Ledger extends KubeObject {
  readonly spec: { readonly observedPodVersion: string; readonly reservations: readonly Reservation[] };
}
const changing =
  (change: (spec: Ledger["spec"]) => Partial<Ledger["spec"]>) =>
  (object: KubeObject): KubeObject => {
    const ledger = object as Ledger;
    return { ...ledger, spec: { ...ledger.spec, ...change(ledger.spec) } } as KubeObject;
  };

/** Holds after every run, whatever happened in it. */
function holds(seed: number, outcome: Outcome, clearedWithinMs = CLEARED_WITHIN_MS): void {
  const { violations, openReservations, clearedMs, lastRequestMs, usage, recount, refusals } = outcome;
  assert.deepEqual(violations, []);
  assert.equal(openReservations, 0, `seed ${seed}: reservations are left`);
  assert.ok(clearedMs - lastRequestMs <= clearedWithinMs, `seed ${seed}: ${clearedMs - lastRequestMs} ms to clear`);
  for (const seen of usage) assert.deepEqual(seen, recount, `seed ${seed}`);
  for (const reason of refusals) assert.ok(["QuotaExceeded", "StateUnknown"].includes(reason), reason);
}

describe("admission in a simulated cluster", function () {
  this.timeout(120_000);

  it("never exceeds a quota, admits all that fits in time, and leaves nothing behind", async () => {
    for (const seed of seeds) {
      const outcome = await play(churn(seed));
      holds(seed, outcome);
      assert.equal(outcome.unmet, 0, `seed ${seed}: pods that fit were not admitted`);
      assert.deepEqual(outcome.live, []);
    }
  });

  it("fills a quota exactly when more is wanted at once than fits", async () => {
    for (const seed of seeds) {
      const outcome = await play(rush(seed));
      holds(seed, outcome);
      assert.equal(outcome.live.length, SLOTS, `seed ${seed}`);
    }
  });

  it("holds too while pods grow and shrink in place, also where watches lag far behind", async () => {
    let resized = 0;
    for (const seed of seeds) {
      const slowWatchMs = seed % 2 === 0 ? weather.slowWatchMs : 15_000;
      const outcome = await play(stretch(seed), { ...weather, slowWatch: 0.05, slowWatchMs });
      holds(seed, outcome, CLEARED_WITHIN_MS + slowWatchMs);
      assert.equal(outcome.unmet, 0, `seed ${seed}: pods that fit were not admitted`);
      assert.equal(outcome.live.length, STAYERS, `seed ${seed}`);
      resized += outcome.resized;
    }
    assert.ok(resized > 10 * STAYERS, `${resized} pods changed their size`);
  });

  it("does so too with a single replica whose watches stand still for longer than reservations live", async () => {
    for (const seed of seeds.slice(0, 30)) {
      const scenario = { ...rush(seed), replicas: 1, kills: [], untilMs: 400_000 };
      const outcome = await play(scenario, { ...weather, slowWatch: 0.05, slowWatchMs: 80_000 });
      holds(seed, outcome, CLEARED_WITHIN_MS + 80_000);
      assert.equal(outcome.live.length, SLOTS, `seed ${seed}`);
    }
  });

  it("does so too where ledgers go on in pages, and somebody deletes these", async () => {
    let pagesDeleted = 0;
    for (const seed of seeds.slice(0, 20)) {
      const faults = { ...weather, pageBytes: 200, pagesDeletedWithinMs: 20_000 };
      const outcome = await play(rush(seed), faults);
      // Whoever has not seen a page that is gone refuses for 45 s, and then waits for the next bookmark.
      holds(seed, outcome, CLEARED_WITHIN_MS + 120_000);
      assert.equal(outcome.live.length, SLOTS, `seed ${seed}`);
      pagesDeleted += outcome.pagesDeleted;
    }
    assert.ok(pagesDeleted > 20, `${pagesDeleted} pages were deleted`);
  });

  describe("would show it", () => {
    /** Whether some run exceeds a quota under a fault that the design has to prevent. */
    const exceeds = async (
      faults: Partial<Faults>,
      scenarios: readonly ((seed: number) => Scenario)[],
    ): Promise<boolean> => {
      for (const seed of seeds) {
        for (const scenario of scenarios) {
          const { violations } = await play(scenario(seed), { ...weather, ...faults });
          if (violations.length > 0) return true;
        }
      }
      return false;
    };

    it("if reservations were not kept", async () => {
      assert.ok(await exceeds({ tamper: changing(() => ({ reservations: [] })) }, [churn, rush]));
    });
    it("if ledgers did not say which pods they rely on", async () => {
      assert.ok(await exceeds({ tamper: changing(() => ({ observedPodVersion: "" })) }, [churn, rush]));
    });
    it("if reservations expired before their requests ended", async () => {
      assert.ok(await exceeds({ clockSpeed: 4 }, [churn, rush]));
    });
    it("if growth were not reserved", async () => {
      const tamper = changing(({ reservations }) => ({
        reservations: reservations.filter(({ uid }) => !uid.endsWith("/resize")),
      }));
      assert.ok(await exceeds({ tamper }, [stretch]));
    });
    it("if reservations of growth were dropped whenever the pod is shown, also as it was before", async () => {
      const tamper = changing(({ reservations }) => ({
        reservations: reservations.map(({ podVersion: _, ...reservation }) => reservation),
      }));
      assert.ok(await exceeds({ tamper }, [stretch]));
    });
  });
});
