import assert from "node:assert/strict";
import fc from "fast-check";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { shortages } from "../../../quota/decide.ts";
import { podRequest } from "../../../quota/pod-request.ts";
import { type Amounts, mapResources, nothing, resourceNames } from "../../../quota/resources.ts";
import { groupPolicy as admissionPolicy, memberLimits } from "../../../services/admission/group-policies.ts";
import { remainingOf } from "../../../services/api/amounts.ts";
import { fitOf, limitsOf, scopesOf } from "../../../services/api/fit.ts";
import { groupPolicy } from "../../../services/api/group-policy.ts";

const usage = (total: Amounts, member: Amounts) => ({ total: () => total, ofMember: () => member });
const type = (cpu: string, memory: string, gpu = 0) => ({
  spec: { cpu, memory, resources: { "nvidia.com/gpu": gpu } },
});
const group = (spec: object) => ({ metadata: { name: "physics", uid: "1" }, spec });

const quantity = fc.option(
  fc.nat(8).map((n) => `${n * 500}m`),
  { nil: null },
);
const bytes = fc.option(
  fc.nat(8).map((n) => `${n}Gi`),
  { nil: null },
);
const whole = fc.option(fc.nat(3), { nil: null });
const declared = fc.record({ cpu: quantity, memory: bytes, gpu: whole, "ephemeral-storage": bytes, pods: whole });
const used = fc.record({
  cpu: fc.nat(8),
  memory: fc.nat(8),
  gpu: fc.nat(3),
  "ephemeral-storage": fc.nat(4),
  pods: fc.nat(3),
});
const unit: Amounts = { cpu: 500n, memory: 2n ** 30n, gpu: 1000n, "ephemeral-storage": 2n ** 30n, pods: 1n };
const amountsOf = (some: Record<string, number>): Amounts =>
  mapResources((name) => BigInt(some[name] ?? 0) * unit[name]);

describe("fitOf", () => {
  it("says yes exactly where admission would find nothing short, for any quota and use", () => {
    fc.assert(
      fc.property(
        fc.record({ quota: declared, memberQuota: declared, defaults: fc.option(declared, { nil: undefined }) }),
        fc.option(declared, { nil: undefined }),
        ...[used, used],
        fc.tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 8 }), fc.nat(2)),
        (spec, own, total, mine, [cpu, memory, gpu]) => {
          const object = group({ ...spec, ...(own === undefined ? {} : { memberQuotas: { Ada: own } }) });
          const size = type(`${cpu * 500}m`, `${memory}Gi`, gpu);
          const policy = groupPolicy(object);
          const scopes = scopesOf(policy, "Ada", usage(amountsOf(total), amountsOf(mine)));

          // As services/admission/quota-webhook.ts decides, from its own reading of the group.
          const theirs = admissionPolicy(object as unknown as Parameters<typeof admissionPolicy>[0]);
          const user = scopes[0].name;
          const limits = [theirs.quota, memberLimits(theirs, user)];
          const mustState = resourceNames.filter(
            (name) => name === "ephemeral-storage" && limits.some((limit) => limit[name] !== null),
          );
          const containers = [{ name: "main", resources: { limits: limitsOf(size) } }];
          const request = podRequest({ containers }, { defaults: theirs.defaults, mustState });
          const admitted =
            "amounts" in request &&
            shortages(
              [
                { kind: "member", name: user, quota: memberLimits(theirs, user), used: amountsOf(mine) },
                { kind: "group", name: theirs.name, quota: theirs.quota, used: amountsOf(total) },
              ],
              request.amounts,
            ).length === 0;

          const fit = fitOf(size, policy, scopes, standardAccelerators);
          assert.equal(fit.fits, admitted);
          assert.equal(fit.reason === null, admitted);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it("gives its reason in admission's words, with human numbers", () => {
    const policy = groupPolicy(group({ quota: { memory: "8Gi" }, memberQuota: { cpu: 2 } }));
    const scopes = scopesOf(policy, "ada", usage({ ...nothing, memory: 7n * 2n ** 30n }, { ...nothing, cpu: 1500n }));
    assert.deepEqual(fitOf(type("1", "1536Mi"), policy, scopes, standardAccelerators), {
      fits: false,
      reason:
        'quota exceeded: member "ada" of group "physics": cpu quota 2, used 1500m, requested 1; group "physics": memory quota 8Gi, used 7Gi, requested 1536Mi',
    });
    assert.deepEqual(fitOf(type("500m", "1Gi"), policy, scopes, standardAccelerators), { fits: true, reason: null });
  });

  it("refuses where the group, or the type, cannot be read, or a limit is not stated", () => {
    const none = usage(nothing, nothing);
    const reasonIn = (spec: object, size = type("1", "1Gi")): string | null => {
      const policy = groupPolicy(group(spec));
      return fitOf(size, policy, scopesOf(policy, "ada", none), standardAccelerators).reason;
    };
    assert.equal(
      reasonIn({ quota: { cpu: "lots" } }),
      'group "physics" cannot be read: spec.quota.cpu: "lots" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3',
    );
    assert.equal(
      reasonIn({}, type("much", "1Gi")),
      'the instance type cannot be read: spec.containers[0].resources.limits["cpu"]: "much" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3',
    );
    assert.equal(
      reasonIn({ quota: { "ephemeral-storage": "1Gi" } }),
      'container "notebook" states no ephemeral-storage limit, and group "physics" has no default for it: set resources.limits',
    );
  });
});

describe("remainingOf", () => {
  it("is the less of what the scopes have left, never negative, and null where none limits", () => {
    fc.assert(
      fc.property(declared, declared, used, used, (quota, memberQuota, total, mine) => {
        const policy = groupPolicy(group({ quota, memberQuota }));
        const scopes = scopesOf(policy, "ada", usage(amountsOf(total), amountsOf(mine)));
        const remaining = remainingOf(scopes);
        for (const name of resourceNames) {
          const left = scopes.flatMap(({ quota: limit, used: taken }) => {
            const most = limit[name];
            return most === null ? [] : [most - taken[name]];
          });
          const least = left.length === 0 ? null : left.reduce((a, b) => (a < b ? a : b));
          assert.equal(remaining[name], least === null || least >= 0n ? least : 0n);
        }
      }),
    );
  });
});
