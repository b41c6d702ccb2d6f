import assert from "node:assert/strict";
import { slug } from "../../../quota/owner.ts";
import { unlimited } from "../../../quota/resources.ts";
import { groupPolicy, memberLimits, watchedGroup } from "../../../services/admission/group-policies.ts";
import type { KubeObject } from "../../../services/lib/kube/types.ts";

const none = unlimited;
const group = (spec: object): KubeObject => ({ metadata: { name: "physics" }, spec }) as KubeObject;

describe("groupPolicy", () => {
  it("has no limits where none are declared", () => {
    assert.deepEqual(groupPolicy({ metadata: { name: "physics" }, spec: {} }), {
      name: "physics",
      quota: none,
      memberQuota: none,
      memberQuotas: new Map(),
      defaults: none,
    });
  });

  it("reads every amount", () => {
    const spec = {
      quota: { cpu: 8, memory: "16Gi", gpu: 0, "ephemeral-storage": "1Ki", pods: 20 },
      memberQuota: { cpu: "1500m", gpu: null },
      memberQuotas: { ada: { gpu: "1.5" } },
      defaults: { cpu: "100m", memory: "1Mi" },
    };
    const policy = groupPolicy({ metadata: { name: "physics" }, spec });
    assert.deepEqual(policy, {
      name: "physics",
      quota: { cpu: 8000n, memory: 17_179_869_184n, gpu: 0n, "ephemeral-storage": 1024n, pods: 20n },
      memberQuota: { ...none, cpu: 1500n },
      memberQuotas: new Map([["ada", { ...none, gpu: 1500n }]]),
      defaults: { ...none, cpu: 100n, memory: 1_048_576n },
    });
    assert.deepEqual(memberLimits(policy, "ada"), { ...none, gpu: 1500n });
    assert.deepEqual(memberLimits(policy, "grace"), { ...none, cpu: 1500n });
    assert.deepEqual(memberLimits(policy, "__proto__"), { ...none, cpu: 1500n });
  });
});

describe("memberLimits", () => {
  const memberQuota = { cpu: 2, memory: "4Gi" };
  const limitsOf = (user: string, memberQuotas: Record<string, object>): object =>
    memberLimits(groupPolicy({ metadata: { name: "physics" }, spec: { memberQuota, memberQuotas } }), user);

  it("are the override as a whole: 0 refuses any use, null and what is left out are unlimited", () => {
    assert.deepEqual(limitsOf("ada", { ada: { cpu: 0 } }), { ...none, cpu: 0n });
    assert.deepEqual(limitsOf("ada", { ada: { cpu: null, memory: "1Ki" } }), { ...none, memory: 1024n });
    assert.deepEqual(limitsOf("ada", { ada: {} }), none);
  });

  it("are found by the name that people write and by the one that pods carry", () => {
    const long = "ada".repeat(40);
    for (const name of ["Ada@example.com", long, "日本"]) {
      assert.deepEqual(limitsOf(slug(name), { [name]: { cpu: 1 } }), { ...none, cpu: 1000n });
      assert.deepEqual(limitsOf(slug(name), { [slug(name)]: { cpu: 1 } }), { ...none, cpu: 1000n });
    }
  });

  it("are nobody else's whose name begins alike", () => {
    const of = { ...none, cpu: 2000n, memory: 4_294_967_296n };
    for (const user of ["ad", "ada-2", "ada.l"]) assert.deepEqual(limitsOf(user, { ada: { cpu: 0 } }), of);
  });
});

describe("watchedGroup", () => {
  it("keeps the policy and what tells versions apart", () => {
    const { metadata, policy, problem } = watchedGroup({
      ...group({}),
      metadata: { name: "physics", uid: "1", resourceVersion: "7", labels: { a: "b" } },
    });
    assert.deepEqual(metadata, { name: "physics", uid: "1", resourceVersion: "7" });
    assert.equal(policy?.name, "physics");
    assert.equal(problem, undefined);
  });

  it("keeps why a group cannot be read, with the field", () => {
    assert.deepEqual(watchedGroup(group({ memberQuotas: { ada: { cpu: "lots" } } })), {
      metadata: { name: "physics" },
      policy: undefined,
      problem: 'spec.memberQuotas["ada"].cpu: "lots" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3',
    });
  });

  it("keeps why a group without a spec cannot be read", () => {
    const { policy, problem } = watchedGroup({ metadata: { name: "physics" } });
    assert.equal(policy, undefined);
    assert.match(problem ?? "", /memberQuotas/);
  });
});
