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
    const gpu = { scope: "group", name: "physics", resource: "gpu", quota: 0n, used: 0n, requested: 2n } as const;
    const ofMember = 'member "ada" of group "physics": memory quota 4Gi, used 0, requested 4294967297';
    const ofGroup = 'group "physics": gpu quota 0, used 0, requested 2';
    assert.deepEqual(quotaExceeded([memory, gpu], "physics"), {
      reason: "QuotaExceeded",
      message: `quota exceeded: ${ofMember}; ${ofGroup}`,
      causes: [
        { reason: "MemberQuotaExceeded", message: ofMember, field: "memory" },
        { reason: "GroupQuotaExceeded", message: ofGroup, field: "gpu" },
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
