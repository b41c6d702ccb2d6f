import assert from "node:assert/strict";
import type { Reservation } from "../../../../crds/index.ts";
import { type Amounts, nothing, unlimited } from "../../../../quota/resources.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import {
  type Claim,
  type Entries,
  plan,
  type Seen,
  settle,
  standing,
} from "../../../../services/admission/ledger/plan.ts";

const policy: GroupPolicy = {
  name: "g",
  quota: { ...unlimited, cpu: 1000n, pods: 1n },
  memberQuota: unlimited,
  memberQuotas: new Map([["ada", { ...unlimited, memory: 10n }]]),
  defaults: unlimited,
};
const size = (cpu: bigint, memory = 0n): Amounts => ({ ...nothing, cpu, memory, pods: 1n });
/** A pod that is to have another size, asked about at version 7. */
const resize = (amounts: Amounts, more: Partial<Claim> = {}): Claim => ({
  uid: "1",
  namespace: "work",
  name: "pod",
  user: "ada",
  amounts,
  dryRun: false,
  resize: { podVersion: "7", request: "r1" },
  ...more,
});
const reserved = (cpu: number, memory = 0, request = "r1", podVersion = "7"): Reservation => ({
  uid: "1/resize",
  podVersion,
  request,
  namespace: "work",
  name: "pod",
  user: "ada",
  cpuMilli: String(cpu),
  memoryBytes: String(memory),
  gpuMilli: "0",
  ephemeralStorageBytes: "0",
});
/** The watch shows one pod of ada, or that it ended, or nothing. */
const watch = (charged: Amounts | undefined, version: string | undefined = "7"): Seen => ({
  revision: 0,
  seen: () => version,
  charged: () => charged,
  total: () => charged ?? nothing,
  ofMember: () => charged ?? nothing,
});
const entries = (...reservations: Reservation[]): Entries => ({ observedPodVersion: "5", reservations });
const never = (): boolean => false;
const decide = (seen: Seen, open: Entries, ...claims: Claim[]): unknown[] => {
  const { entries: after, reserves, verdicts } = plan(policy, standing(open, seen), claims, seen);
  assert.equal(reserves, after !== open);
  return [verdicts.map((denied) => denied?.message), after.reservations];
};

describe("plan: pods that change their size", () => {
  it("charges what a pod grows by, and reserves the size that it is to have", () => {
    const expected = [[undefined], [reserved(1000, 10)]];
    assert.deepEqual(decide(watch(size(600n, 4n)), entries(), resize(size(1000n, 10n))), expected);
  });

  it("refuses growth that does not fit, of the member and of the group, by what it grows by", () => {
    const text =
      'quota exceeded: member "ada" of group "g": memory quota 10, used 4, requested 7; ' +
      'group "g": cpu quota 1, used 600m, requested 401m';
    assert.deepEqual(decide(watch(size(600n, 4n)), entries(), resize(size(1001n, 11n))), [[text], []]);
  });

  it("reserves nothing for what grows in nothing, also where the quota was lowered below it", () => {
    for (const amounts of [size(5000n, 50n), size(1n, 50n), size(1n, 1n)]) {
      assert.deepEqual(decide(watch(size(5000n, 50n)), entries(), resize(amounts)), [[undefined], []]);
    }
  });

  it("asks only for what grows where something else shrinks", () => {
    const expected = [[undefined], [reserved(900, 1)]];
    assert.deepEqual(decide(watch(size(600n, 50n)), entries(), resize(size(900n, 1n))), expected);
  });

  it("counts what is reserved for growth against all who come after, and only what is beyond the shown size", () => {
    const other = resize(size(200n), { uid: "2", resize: { podVersion: "8", request: "r2" }, dryRun: true });
    const seen = { ...watch(size(600n)), charged: (uid: string) => (uid === "1" ? size(600n) : size(100n)) };
    const text = 'quota exceeded: group "g": cpu quota 1, used 1, requested 100m';
    assert.deepEqual(decide(seen, entries(), resize(size(1000n)), other), [[undefined, text], [reserved(1000)]]);
    assert.deepEqual(decide(seen, entries(reserved(900)), other), [[undefined], [reserved(900)]]);
  });

  it("reserves anew for each request what an earlier one has, so that it lives as long as the last may", () => {
    const again = resize(size(800n), { resize: { podVersion: "7", request: "r2" } });
    const seen = watch(size(600n));
    const open = entries(reserved(900));
    assert.deepEqual(decide(seen, open, again), [[undefined], [reserved(900, 0, "r2")]]);
    const more = { ...again, amounts: size(1000n, 5n) };
    assert.deepEqual(decide(seen, open, more), [[undefined], [reserved(1000, 5, "r2")]]);
    const late = resize(size(800n), { resize: { podVersion: "6", request: "r2" } });
    assert.deepEqual(decide(seen, open, late), [[undefined], [reserved(900, 0, "r2")]]);
    const tooMuch = { ...again, amounts: size(1001n) };
    const text = 'quota exceeded: group "g": cpu quota 1, used 900m, requested 101m';
    assert.deepEqual(decide(seen, open, tooMuch), [[text], [reserved(900)]]);
  });

  it("decides dry runs and does not reserve for them", () => {
    const dry = (cpu: bigint): Claim => resize(size(cpu), { dryRun: true });
    const text = 'quota exceeded: group "g": cpu quota 1, used 600m, requested 401m';
    assert.deepEqual(decide(watch(size(600n)), entries(), dry(1000n), dry(1001n)), [[undefined, text], []]);
  });

  it("asks nothing of a pod that has ended, or that the watch has come past without seeing it", () => {
    for (const version of ["9", undefined]) {
      const gone: Seen = { ...watch(undefined), seen: () => version };
      assert.deepEqual(decide(gone, entries(), resize(size(5000n))), [[undefined], []]);
    }
  });

  it("charges the group alone where there is no member", () => {
    const claim = resize(size(700n, 99n), { user: undefined });
    const { user: _, ...ofGroup } = reserved(700, 99);
    assert.deepEqual(decide(watch(size(600n)), entries(), claim), [[undefined], [ofGroup]]);
  });
});

describe("settle: reservations of growth", () => {
  it("keeps them while the pod is as it was when they were asked for, or is shown as it was before", () => {
    const open = entries(reserved(900));
    for (const version of ["7", "6", undefined]) {
      // As large as that it may have been before, and have shrunk since.
      assert.equal(settle(open, { ...watch(size(900n)), seen: () => version }, never), open);
    }
  });

  it("drops them with any later version of the pod, whatever its size, or with its end", () => {
    const done = { observedPodVersion: "10", reservations: [] };
    for (const charged of [size(900n), size(600n), undefined]) {
      assert.deepEqual(settle(entries(reserved(900)), watch(charged, "10"), never), done);
    }
  });

  it("drops expired ones, and has later readers see the pod as it is then", () => {
    const expected = { observedPodVersion: "7", reservations: [] };
    assert.deepEqual(
      settle(entries(reserved(900)), watch(size(600n)), () => true),
      expected,
    );
  });

  it("never takes a pod's reservation for the one of its growth", () => {
    const created: Reservation = { ...reserved(600), uid: "1" };
    const after = settle(entries(created, reserved(900)), watch(size(600n)), never);
    assert.deepEqual(after, { observedPodVersion: "7", reservations: [reserved(900)] });
  });
});
