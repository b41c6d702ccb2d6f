import assert from "node:assert/strict";
import fc from "fast-check";
import { checkAccelerator, resourceOf } from "../../config/accelerators.ts";
import { Accelerators } from "../../quota/accelerators.ts";

/** How much of a GPU one unit is to the webhook, which reads what the configuration lets pass. */
function milliOf(rule: string): bigint | undefined {
  const resource = resourceOf(rule);
  const accelerators = new Accelerators([{ resource, weight: rule.slice(resource.length + 1) }]);
  return accelerators.weightMilli(resource.replace("*", "any"));
}

const isAccepted = (rule: string): boolean => checkAccelerator(rule) === undefined;

/** Whether the webhook takes a name, whatever its weight. */
function isResource(resource: string): boolean {
  try {
    return new Accelerators([{ resource, weight: "1" }]) instanceof Accelerators;
  } catch {
    return false;
  }
}

describe("checkAccelerator", () => {
  const weights: Readonly<Record<string, bigint>> = {
    "vendor.example/gpu-slice=0.5": 500n,
    "vendor.example/gpu=1": 1000n,
    "nvidia.com/mig-1g.*=143m": 143n,
    "vendor.example/*=0.001": 1n,
    "vendor.example/third=0.3333": 334n,
    "vendor/GPU_a=1000": 1_000_000n,
    "vendor/half=0.5m": 1n,
    "vendor/many=1000000m": 1_000_000n,
  };
  for (const [rule, milli] of Object.entries(weights)) {
    it(`accepts ${rule}, which the webhook counts as ${milli}m`, () => {
      assert.equal(checkAccelerator(rule), undefined);
      assert.equal(milliOf(rule), milli);
    });
  }

  it("refuses weights that are no decimal, nothing, or more than a device can be", () => {
    const refused = [
      "",
      "0",
      "0m",
      "-1",
      "+1",
      "1k",
      "1e3",
      ".5",
      "1.",
      "50%",
      "1000.1",
      "1000001m",
      "1=1",
      "9".repeat(30),
    ];
    assert.deepEqual(
      refused.filter((weight) => isAccepted(`vendor.example/gpu=${weight}`)),
      [],
    );
  });

  it("takes exactly the names that the webhook takes", () => {
    const part = fc.string({ unit: fc.constantFrom(..."aZ0-._*/ ".split("")), maxLength: 6 });
    const name = fc.oneof(
      part,
      fc.tuple(part, part).map((parts) => parts.join("/")),
    );
    fc.assert(
      fc.property(name, (resource) => assert.equal(isAccepted(`${resource}=1`), isResource(resource))),
      { numRuns: 2000 },
    );
  });

  it("lets nothing pass that the webhook refuses or that separates its rules", () => {
    const weight = fc.string({ unit: fc.constantFrom(..."0159.m,-eEk ".split("")), maxLength: 6 });
    fc.assert(
      fc.property(weight, (text) => {
        const rule = `vendor.example/gpu=${text}`;
        if (!isAccepted(rule)) return;
        assert.ok((milliOf(rule) ?? 0n) > 0n);
        assert.ok(!rule.includes(","));
      }),
      { numRuns: 2000 },
    );
  });
});
