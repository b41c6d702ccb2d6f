import assert from "node:assert/strict";
import fc from "fast-check";
import { QuantityError } from "../../quota/quantity.ts";
import {
  type Amounts,
  add,
  formatAmount,
  largest,
  mapResources,
  nothing,
  parseAmount,
  parseDeclared,
  resourceNames,
  subtract,
  unlimited,
} from "../../quota/resources.ts";

const amount = fc.bigInt({ min: 0n, max: 1n << 62n });
const amounts: fc.Arbitrary<Amounts> = fc.record(mapResources(() => amount));

const none = { cpu: null, memory: null, gpu: null, "ephemeral-storage": null, pods: null };

const failure = (message: string) => (error: unknown) => {
  assert.ok(error instanceof QuantityError);
  assert.equal(error.message, message);
  return true;
};

describe("amounts", () => {
  it("name every resource once", () => {
    assert.deepEqual(resourceNames, ["cpu", "memory", "gpu", "ephemeral-storage", "pods"]);
    assert.deepEqual(
      Object.entries(mapResources((name) => name)),
      resourceNames.map((name) => [name, name]),
    );
    assert.deepEqual(nothing, { cpu: 0n, memory: 0n, gpu: 0n, "ephemeral-storage": 0n, pods: 0n });
    assert.deepEqual(unlimited, none);
  });

  it("add is commutative and associative, nothing is neutral, subtract undoes it", () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, c) => {
        assert.deepEqual(add(a, b), add(b, a));
        assert.deepEqual(add(add(a, b), c), add(a, add(b, c)));
        assert.deepEqual(add(a, nothing), { ...a });
        assert.deepEqual(subtract(add(a, b), b), { ...a });
      }),
    );
  });

  it("largest is commutative, associative and idempotent, and the least upper bound", () => {
    fc.assert(
      fc.property(amounts, amounts, amounts, (a, b, c) => {
        assert.deepEqual(largest(a, b), largest(b, a));
        assert.deepEqual(largest(largest(a, b), c), largest(a, largest(b, c)));
        assert.deepEqual(largest(a, a), { ...a });
        assert.deepEqual(add(largest(a, b), c), largest(add(a, c), add(b, c)));
        for (const name of resourceNames) assert.ok([a[name], b[name]].includes(largest(a, b)[name]));
      }),
    );
  });
});

describe("parseAmount and parseDeclared", () => {
  it("read CPU and GPUs in thousandths, memory and storage in bytes and pods by number", () => {
    assert.deepEqual(
      resourceNames.map((name) => parseAmount(name, "1.5", "here")),
      [1500n, 2n, 1500n, 2n, 2n],
    );
    const declared = { cpu: 2, memory: "4Gi", gpu: "0", "ephemeral-storage": "1Ki", pods: 7 };
    assert.deepEqual(parseDeclared(declared, "spec.quota"), {
      cpu: 2000n,
      memory: 4_294_967_296n,
      gpu: 0n,
      "ephemeral-storage": 1024n,
      pods: 7n,
    });
  });

  it("leave what is absent or null without a limit", () => {
    for (const declared of [undefined, null, {}, { cpu: null }]) {
      assert.deepEqual(parseDeclared(declared, "spec.quota"), none);
    }
  });

  it("name the field of what cannot be read", () => {
    assert.throws(
      () => parseDeclared({ memory: "4GB" }, "spec.quota"),
      failure('spec.quota.memory: "4GB" is not a quantity: write for example 500m, 2, 1.5Gi or 2e3'),
    );
    assert.throws(
      () => parseAmount("cpu", "-1", "spec.containers[0]"),
      failure('spec.containers[0]: "-1" is negative: a quantity is 0 or more'),
    );
  });

  it("name the field also when what is thrown is no error", () => {
    const odd = {
      toString(): string {
        throw "odd";
      },
    } as unknown as string;
    assert.throws(() => parseAmount("gpu", odd, "there"), failure("there: odd"));
  });
});

describe("formatAmount", () => {
  it("writes each resource in its own unit", () => {
    assert.deepEqual(
      resourceNames.map((name) => formatAmount(name, 2048n)),
      ["2048m", "2Ki", "2048m", "2Ki", "2048"],
    );
  });

  it("is read back as the same amount", () => {
    fc.assert(
      fc.property(fc.constantFrom(...resourceNames), amount, (name, value) => {
        assert.equal(parseAmount(name, formatAmount(name, value), "x"), value);
      }),
    );
  });
});
