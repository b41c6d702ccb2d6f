import assert from "node:assert/strict";
import { denial, limitMissing, quotaExceeded } from "../../quota/denial.ts";

describe("denial", () => {
  it("is its own only cause", () => {
    assert.deepEqual(denial("StateUnknown", "why"), {
      reason: "StateUnknown",
      message: "why",
      causes: [{ reason: "StateUnknown", message: "why" }],
    });
  });

  it("names the field where there is one", () => {
    assert.deepEqual(denial("GroupMissing", "why", "metadata.labels").causes, [
      { reason: "GroupMissing", message: "why", field: "metadata.labels" },
    ]);
  });
});

describe("quotaExceeded", () => {
  it("says of which group, in the units that people use", () => {
    const cpu = {
      scope: "group",
      name: "physics",
      resource: "cpu",
      quota: 2000n,
      used: 1500n,
      requested: 1000n,
    } as const;
    assert.deepEqual(quotaExceeded([cpu], "physics"), {
      reason: "QuotaExceeded",
      message: 'quota exceeded: group "physics": cpu quota 2, used 1500m, requested 1',
      causes: [
        {
          reason: "GroupQuotaExceeded",
          message: 'group "physics": cpu quota 2, used 1500m, requested 1',
          field: "cpu",
        },
      ],
    });
  });

  it("says of which member in which group, and names every limit", () => {
    const memory = {
      scope: "member",
      name: "ada",
      resource: "memory",
      quota: 4n << 30n,
      used: 0n,
      requested: 4_294_967_297n,
    } as const;
    const gpu = { scope: "group", name: "physics", resource: "gpu", quota: 500n, used: 0n, requested: 2000n } as const;
    const storage = { ...memory, resource: "ephemeral-storage" } as const;
    const pods = { ...gpu, resource: "pods", quota: 4n, used: 4n, requested: 1n } as const;
    const ofMember = 'member "ada" of group "physics": memory quota 4Gi, used 0, requested 4294967297';
    const ofGroup = 'group "physics": gpu quota 500m, used 0, requested 2';
    const stored = 'member "ada" of group "physics": ephemeral-storage quota 4Gi, used 0, requested 4294967297';
    const counted = 'group "physics": pods quota 4, used 4, requested 1';
    assert.deepEqual(quotaExceeded([memory, storage, gpu, pods], "physics"), {
      reason: "QuotaExceeded",
      message: `quota exceeded: ${ofMember}; ${stored}; ${ofGroup}; ${counted}`,
      causes: [
        { reason: "MemberQuotaExceeded", message: ofMember, field: "memory" },
        { reason: "MemberQuotaExceeded", message: stored, field: "ephemeral-storage" },
        { reason: "GroupQuotaExceeded", message: ofGroup, field: "gpu" },
        { reason: "GroupQuotaExceeded", message: counted, field: "pods" },
      ],
    });
  });
});

describe("limitMissing", () => {
  it("names every container and resource, and what to do", () => {
    const first = 'container "main" states no cpu limit, and group "physics" has no default for it';
    const second = 'container "side" states no memory limit, and group "physics" has no default for it';
    const unstated = [
      { container: "main", resource: "cpu" },
      { container: "side", resource: "memory" },
    ] as const;
    assert.deepEqual(limitMissing("physics", unstated), {
      reason: "LimitMissing",
      message: `${first}; ${second}: set resources.limits`,
      causes: [
        { reason: "LimitMissing", message: first, field: "spec.containers{main}.resources.limits.cpu" },
        { reason: "LimitMissing", message: second, field: "spec.containers{side}.resources.limits.memory" },
      ],
    });
  });
});
