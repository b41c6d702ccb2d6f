import assert from "node:assert/strict";
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
