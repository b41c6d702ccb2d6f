import assert from "node:assert/strict";
import fc from "fast-check";
import { type AcceleratorRule, Accelerators, standardAccelerators } from "../../quota/accelerators.ts";
import { QuantityError } from "../../quota/quantity.ts";

const weights = (rules: readonly AcceleratorRule[], ...names: string[]): readonly (bigint | undefined)[] => {
  const accelerators = new Accelerators(rules);
  return names.map((name) => accelerators.weightMilli(name));
};

describe("standardAccelerators", () => {
  it("count a unit of every family as one GPU", () => {
    const names = [
      "nvidia.com/gpu",
      "nvidia.com/gpu.shared",
      "nvidia.com/mig-1g.5gb",
      "nvidia.com/mig-3g.20gb.me",
      "amd.com/gpu",
      "gpu.intel.com/i915",
      "gpu.intel.com/xe_monitoring",
    ];
    for (const name of names) assert.equal(standardAccelerators.weightMilli(name), 1000n, name);
  });

  it("know nothing else", () => {
    const others = [
      "",
      "gpu",
      "cpu",
      "memory",
      "ephemeral-storage",
      "hugepages-2Mi",
      "nvidia.com/gpux",
      "nvidia.com/mig",
    ];
    for (const name of [...others, "xnvidia.com/gpu", "amd.com/gpu.shared", "gpu.intel.com", "__proto__"]) {
      assert.equal(standardAccelerators.weightMilli(name), undefined, name);
    }
  });
});

describe("a site's own accelerators", () => {
  it("are counted beside the usual families, each unit with its weight", () => {
    const rules = [
      { resource: "example.com/npu", weight: 2 },
      { resource: "nvidia.com/mig-1g.5gb", weight: "143m" },
      { resource: "amd.com/gpu", weight: "0.5" },
      { resource: "gpu.intel.com/xe_monitoring", weight: "0" },
    ];
    assert.deepEqual(
      weights(rules, ...rules.map(({ resource }) => resource), "nvidia.com/mig-2g.10gb", "nvidia.com/gpu"),
      [2000n, 143n, 500n, 0n, 1000n, 1000n],
    );
  });

  it("take exact names before prefixes, longer prefixes before shorter ones, in any order", () => {
    const rules = [
      { resource: "nvidia.com/*", weight: "1m" },
      { resource: "nvidia.com/mig-1g*", weight: "2m" },
      { resource: "nvidia.com/mig-1g.5gb", weight: "3m" },
      { resource: "nvidia.com/mig-1g.5gb.me*", weight: "4m" },
    ];
    const names = ["mig-1g.5gb", "mig-1g.5gb.me", "mig-1g.10gb", "mig-7g.80gb", "gpu", "new"].map(
      (n) => `nvidia.com/${n}`,
    );
    const expected = [3n, 4n, 2n, 1000n, 1000n, 1n];
    assert.deepEqual(weights(rules, ...names), expected);
    assert.deepEqual(weights(rules.toReversed(), ...names), expected);
  });

  it("go before a family of the same name, and the first of two before the second", () => {
    const rules = [
      { resource: "nvidia.com/mig-*", weight: "100m" },
      { resource: "amd.com/gpu", weight: "200m" },
      { resource: "amd.com/gpu", weight: "300m" },
    ];
    assert.deepEqual(weights(rules, "nvidia.com/mig-1g.5gb", "amd.com/gpu"), [100n, 200n]);
  });

  it("match by the longest rule, whatever the rules are", () => {
    const tail = fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 4 });
    const rule = fc.record({ tail, isPrefix: fc.boolean() }).filter((item) => item.isPrefix || item.tail !== "");
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), tail, (rules, name) => {
        const own = rules.map((item, i) => ({
          resource: `x/${item.tail}${item.isPrefix ? "*" : ""}`,
          weight: i + 1,
        }));
        const matches = rules
          .map((item, i) => ({ ...item, weight: BigInt(i + 1) * 1000n }))
          .filter((item) => (item.isPrefix ? name.startsWith(item.tail) : name === item.tail));
        const longest = Math.max(...matches.map((item) => (item.isPrefix ? item.tail.length : 99)));
        const best = matches.find((item) => (item.isPrefix ? item.tail.length : 99) === longest);
        assert.deepEqual(weights(own, `x/${name}`), [best?.weight]);
      }),
    );
  });

  const noName = "is no extended resource: write vendor.example/name, or vendor.example/prefix-*";
  for (const resource of [
    "",
    "gpu",
    "cpu",
    "/gpu",
    "a/",
    "a/**",
    "a/*b",
    "A.com/gpu",
    "a/b/c",
    "a /b",
    "a/-b",
    "-a/b",
    "a/b\n",
  ]) {
    it(`name ${JSON.stringify(resource)}, which is no extended resource`, () => {
      assert.throws(
        () => new Accelerators([{ resource, weight: 1 }]),
        (error) => error instanceof QuantityError && error.message === `"${resource}" ${noName}`,
      );
    });
  }

  it("name the rule whose weight cannot be read", () => {
    const message = (weight: string): string => {
      try {
        new Accelerators([{ resource: "example.com/npu", weight }]);
      } catch (error) {
        return (error as QuantityError).message;
      }
      return "";
    };
    const where = "weight of example.com/npu";
    assert.deepEqual(["half", "", "-1"].map(message), [
      `${where}: "half" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3`,
      `${where}: "" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3`,
      `${where}: "-1" is negative: a quantity is 0 or more`,
    ]);
  });
});
