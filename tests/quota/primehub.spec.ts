import assert from "node:assert/strict";
import fc from "fast-check";
import {
  fromPrimehub,
  fromPrimehubSize,
  primehubQuota,
  primehubResources,
  primehubSize,
  primehubText,
} from "../../quota/primehub.ts";
import { MAX_AMOUNT } from "../../quota/quantity.ts";
import { parseAmount, parseDeclared, unlimited } from "../../quota/resources.ts";

const amounts = fc.bigInt({ min: 0n, max: MAX_AMOUNT });

describe("PrimeHub's quota attributes", () => {
  it("are written for what is stated, and for nothing else", () => {
    const limits = parseDeclared({ cpu: "1500m", gpu: 0, memory: "1536Mi", pods: 3 }, "quota");
    assert.deepEqual(primehubQuota(limits), { "quota-cpu": ["1.5"], "quota-gpu": ["0"], "quota-memory": ["1.5G"] });
    assert.deepEqual(primehubQuota(parseDeclared({ cpu: 40, memory: "160Gi" }, "quota"), "project-"), {
      "project-quota-cpu": ["40"],
      "project-quota-memory": ["160G"],
    });
    assert.deepEqual(primehubQuota(unlimited), {});
  });

  for (const [name, text, quantity] of [
    ["cpu", "0.5", "500m"],
    ["cpu", "40", "40"],
    ["gpu", "4", "4"],
    ["memory", "1.5G", "1536Mi"],
    ["memory", "0.1G", "107374183"],
    ["memory", "160Gi", "160Gi"],
    ["memory", "0G", "0"],
  ] as const) {
    it(`read ${name} ${text} as ${quantity}`, () => {
      assert.deepEqual(fromPrimehub(name, text), { quantity });
    });
  }

  it("say where PrimeHub's own programs disagreed", () => {
    assert.deepEqual(fromPrimehub("memory", "512m"), {
      quantity: "512Mi",
      remark: `PrimeHub's console read "512m" as 512 GiB, its admission as 512Mi`,
    });
  });

  for (const [name, text, message] of [
    ["cpu", "two", `"two" is not a number as PrimeHub writes it, such as 1.5`],
    ["gpu", "-1", `"-1" is not a number as PrimeHub writes it, such as 1.5`],
    ["memory", "64", `"64" is not memory as PrimeHub writes it, such as 1.5G`],
    ["memory", "", `"" is not memory as PrimeHub writes it, such as 1.5G`],
    ["memory", "99999999999G", `"99999999999Gi" is too large: at most 2^63-1 can be counted`],
  ] as const) {
    it(`refuse ${name} ${JSON.stringify(text)}`, () => {
      assert.throws(() => fromPrimehub(name, text), { name: "QuantityError", message });
    });
  }

  it("keep every amount exactly, there and back", () => {
    fc.assert(
      fc.property(fc.constantFrom(...primehubResources), amounts, (name, amount) => {
        const { quantity } = fromPrimehub(name, primehubText(name, amount));
        assert.equal(parseAmount(name, quantity, name), amount);
      }),
    );
  });

  it("have sizes of volumes in whole GiB that hold what is asked for", () => {
    assert.deepEqual([primehubSize(0n), primehubSize(1n), primehubSize(200n << 30n)], ["0G", "1G", "200G"]);
    assert.deepEqual(["200G", "5Gi", "G", "", "x", "99999999999G"].map(fromPrimehubSize), [
      "200Gi",
      "5Gi",
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: (1n << 62n) - 1n }), (bytes) => {
        const held = parseAmount("memory", fromPrimehubSize(primehubSize(bytes)) ?? "0", "size");
        assert.ok(held >= bytes && held - bytes < 1n << 30n);
      }),
    );
  });
});
