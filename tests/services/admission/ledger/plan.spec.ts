import assert from "node:assert/strict";
import fc from "fast-check";
import { MAX_RESERVATIONS, type Reservation } from "../../../../crds/index.ts";
import { type Amounts, nothing, unlimited } from "../../../../quota/resources.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import {
  type Claim,
  type Entries,
  emptyEntries,
  type Plan,
  plan,
  type Seen,
  settle,
  standing,
} from "../../../../services/admission/ledger/plan.ts";

const policy = (cpu: bigint | null, member: bigint | null = null): GroupPolicy => ({
  name: "g",
  quota: { ...unlimited, cpu },
  memberQuota: { ...unlimited, cpu: member },
  memberQuotas: new Map(),
  defaults: unlimited,
});
const claim = (uid: string, cpu: bigint, more: Partial<Claim> = {}): Claim => ({
  uid,
  namespace: "work",
  name: `pod-${uid}`,
  user: "ada",
  amounts: { ...nothing, cpu, pods: 1n },
  dryRun: false,
  ...more,
});
const reserved = (uid: string, cpu: number, user = "ada"): Reservation => ({
  uid,
  namespace: "work",
  name: `pod-${uid}`,
  user,
  cpuMilli: String(cpu),
  memoryBytes: "0",
  gpuMilli: "0",
  ephemeralStorageBytes: "0",
});
const planOf = (rules: GroupPolicy, from: Entries, claims: readonly Claim[], seen: Seen): Plan =>
  plan(rules, standing(from, seen), claims, seen);
const watch = (versions: Readonly<Record<string, string>> = {}, total: Amounts = nothing, own = total): Seen => ({
  revision: 0,
  seen: (uid) => versions[uid],
  charged: () => undefined,
  total: () => total,
  ofMember: () => own,
});
const entries = (...reservations: Reservation[]): Entries => ({ observedPodVersion: "10", reservations });
const never = (): boolean => false;

describe("settle", () => {
  it("answers the same entries when nothing is to be dropped", () => {
    const same = entries(reserved("1", 1));
    assert.equal(settle(same, watch(), never), same);
    assert.equal(settle(emptyEntries, watch(), never), emptyEntries);
  });

  it("drops seen pods and keeps the highest version that this relies on", () => {
    const before = entries(reserved("1", 1), reserved("2", 1), reserved("3", 1));
    assert.deepEqual(settle(before, watch({ "1": "99", "3": "100", other: "500" }), never), {
      observedPodVersion: "100",
      reservations: [reserved("2", 1)],
    });
  });

  it("never lowers the version", () => {
    assert.deepEqual(settle(entries(reserved("1", 1)), watch({ "1": "9" }), never), entries());
  });

  it("drops expired ones without touching the version", () => {
    const before = entries(reserved("1", 1), reserved("2", 1));
    assert.deepEqual(
      settle(before, watch(), ({ uid }) => uid === "1"),
      entries(reserved("2", 1)),
    );
  });
});

describe("plan", () => {
  it("reserves what fits, in the order in which it came", () => {
    const claims = [claim("1", 600n), claim("2", 600n), claim("3", 400n)];
    const { entries: after, reserves, verdicts } = planOf(policy(1000n), entries(), claims, watch());
    assert.deepEqual(after, entries(reserved("1", 600), reserved("3", 400)));
    assert.equal(reserves, true);
    assert.deepEqual(
      verdicts.map((denied) => denied?.message),
      [undefined, 'quota exceeded: group "g": cpu quota 1, used 600m, requested 600m', undefined],
    );
  });

  it("counts live pods and reservations of the group, and of the member his own", () => {
    const open = entries(reserved("1", 100), reserved("2", 200, "grace"));
    const seen = watch({}, { ...nothing, cpu: 1000n }, { ...nothing, cpu: 500n });
    const { verdicts } = planOf(policy(1000n, 600n), open, [claim("3", 1n)], seen);
    assert.equal(
      verdicts[0]?.message,
      'quota exceeded: member "ada" of group "g": cpu quota 600m, used 600m, requested 1m; ' +
        'group "g": cpu quota 1, used 1300m, requested 1m',
    );
  });

  it("does not ask a member's quota of a pod of the whole group", () => {
    const { entries: after, verdicts } = planOf(
      policy(10n, 0n),
      entries(),
      [claim("1", 1n, { user: undefined })],
      watch(),
    );
    assert.deepEqual(verdicts, [undefined]);
    const { user: _, ...ofGroup } = reserved("1", 1);
    assert.deepEqual(after.reservations, [ofGroup]);
  });

  it("says yes again to a uid that has its reservation or its pod, and reserves nothing more", () => {
    const open = entries(reserved("1", 1000));
    const again = planOf(policy(1000n), open, [claim("1", 1000n), claim("2", 1000n)], watch({ "2": "5" }));
    assert.deepEqual(again.verdicts, [undefined, undefined]);
    assert.equal(again.entries, open);
    assert.equal(again.reserves, false);
    const twice = planOf(policy(1000n), entries(), [claim("1", 700n), claim("1", 700n)], watch());
    assert.deepEqual(twice.entries.reservations, [reserved("1", 700)]);
  });

  it("leaves what it was decided on as it was, for those who are decided on it too", () => {
    const from = standing(entries(reserved("1", 400)), watch());
    const first = plan(policy(1000n), from, [claim("2", 600n)], watch());
    assert.deepEqual(first.verdicts, [undefined]);
    assert.deepEqual(plan(policy(1000n), from, [claim("3", 600n)], watch()).verdicts, [undefined]);
    assert.deepEqual(
      [from.settled, from.open.total.cpu, from.open.ofMember("ada").cpu],
      [entries(reserved("1", 400)), 400n, 400n],
    );
  });

  it("decides dry runs and does not reserve for them", () => {
    const claims = [claim("1", 1000n, { dryRun: true }), claim("2", 1001n, { dryRun: true }), claim("3", 1000n)];
    const { entries: after, verdicts } = planOf(policy(1000n), entries(), claims, watch());
    assert.deepEqual(after, entries(reserved("3", 1000)));
    assert.deepEqual(
      verdicts.map((denied) => denied?.reason),
      [undefined, "QuotaExceeded", undefined],
    );
  });

  it("refuses more reservations than a ledger holds", () => {
    const full = entries(...Array.from({ length: MAX_RESERVATIONS }, (_, i) => reserved(`r${i}`, 0)));
    const { verdicts, reserves } = planOf(policy(null), full, [claim("1", 1n)], watch());
    const message = `group "g" has ${MAX_RESERVATIONS} pods under way: try again`;
    assert.deepEqual(verdicts[0], {
      reason: "StateUnknown",
      message,
      causes: [{ reason: "StateUnknown", message }],
    });
    assert.equal(reserves, false);
  });

  it("counts every reservation as one pod, and all five resources", () => {
    const quota = { cpu: 9n, memory: 9n, gpu: 9n, "ephemeral-storage": 9n, pods: 2n };
    const first = claim("1", 1n, { amounts: { cpu: 9n, memory: 9n, gpu: 9n, "ephemeral-storage": 9n, pods: 1n } });
    const second = claim("2", 1n, { amounts: { cpu: 1n, memory: 2n, gpu: 3n, "ephemeral-storage": 4n, pods: 2n } });
    const { verdicts, entries: after } = planOf({ ...policy(null), quota }, entries(), [first, second], watch());
    const amounts = { cpuMilli: "9", memoryBytes: "9", gpuMilli: "9", ephemeralStorageBytes: "9" };
    assert.deepEqual(after.reservations, [{ ...reserved("1", 0), ...amounts }]);
    assert.equal(
      verdicts[1]?.message,
      'quota exceeded: group "g": cpu quota 9m, used 9m, requested 1m; ' +
        'group "g": memory quota 9, used 9, requested 2; group "g": gpu quota 9m, used 9m, requested 3m; ' +
        'group "g": ephemeral-storage quota 9, used 9, requested 4; group "g": pods quota 2, used 1, requested 2',
    );
  });

  it("never reserves beyond the quota, keeps what was open, and refuses only what does not fit", () => {
    const amounts = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 8 });
    fc.assert(
      fc.property(amounts, amounts, fc.integer({ min: 0, max: 30 }), fc.nat(9), (open, asked, quota, live) => {
        const before = entries(...open.map((cpu, i) => reserved(`o${i}`, cpu)));
        const claims = asked.map((cpu, i) => claim(`c${i}`, BigInt(cpu)));
        const { entries: after, verdicts } = planOf(
          policy(BigInt(quota)),
          before,
          claims,
          watch({}, { ...nothing, cpu: BigInt(live) }),
        );
        let used = live + open.reduce((sum, cpu) => sum + cpu, 0);
        asked.forEach((cpu, i) => {
          const fits = cpu === 0 || used + cpu <= quota;
          if (fits) used += cpu;
          assert.equal(verdicts[i] === undefined, fits);
        });
        assert.deepEqual(after.reservations.slice(0, open.length), before.reservations);
        assert.equal(live + after.reservations.reduce((sum, { cpuMilli }) => sum + Number(cpuMilli), 0), used);
      }),
    );
  });
});
