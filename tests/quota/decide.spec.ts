import assert from "node:assert/strict";
import fc from "fast-check";
import { type Scope, shortages } from "../../quota/decide.ts";
import {
  type Amounts,
  add,
  type Limits,
  mapResources,
  nothing,
  resourceNames,
  unlimited,
} from "../../quota/resources.ts";

// Small numbers, so that limits, uses and requests meet often.
const amount = fc.bigInt({ min: 0n, max: 6n });
const amounts: fc.Arbitrary<Amounts> = fc.record(mapResources(() => amount));
const limit = fc.oneof(fc.constant(null), amount);
const limits: fc.Arbitrary<Limits> = fc.record(mapResources(() => limit));
const scope: fc.Arbitrary<Scope> = fc.record({
  kind: fc.constantFrom<Scope["kind"]>("member", "group"),
  name: fc.constantFrom("ada", "physics"),
  quota: limits,
  used: amounts,
});
const scopes = fc.array(scope, { maxLength: 3 });

const group = (quota: Partial<Limits>, used: Partial<Amounts> = {}): Scope => ({
  kind: "group",
  name: "physics",
  quota: { ...unlimited, ...quota },
  used: { ...nothing, ...used },
});

describe("shortages", () => {
  it("is empty where no limit is stated, whatever is used", () => {
    const used = mapResources(() => 10n ** 30n);
    assert.deepEqual(shortages([group({}, used)], used), []);
    assert.deepEqual(shortages([], used), []);
  });

  it("allows equality and refuses one more", () => {
    const scopes = [group({ cpu: 2000n }, { cpu: 500n })];
    assert.deepEqual(shortages(scopes, { ...nothing, cpu: 1500n }), []);
    assert.deepEqual(shortages(scopes, { ...nothing, cpu: 1501n }), [
      { scope: "group", name: "physics", resource: "cpu", quota: 2000n, used: 500n, requested: 1501n },
    ]);
  });

  it("refuses any use of a limit of 0", () => {
    assert.deepEqual(shortages([group({ gpu: 0n })], { ...nothing, gpu: 1n }), [
      { scope: "group", name: "physics", resource: "gpu", quota: 0n, used: 0n, requested: 1n },
    ]);
    assert.deepEqual(shortages([group({ gpu: 0n })], nothing), []);
  });

  it("does not refuse what is not asked for, also where a quota was lowered below the use", () => {
    assert.deepEqual(shortages([group({ gpu: 1n }, { gpu: 4n })], { ...nothing, cpu: 1n }), []);
  });

  it("names every broken limit, scope by scope, in the order of the resources", () => {
    const member: Scope = { ...group({ pods: 0n, memory: 1n, cpu: 0n }), kind: "member", name: "ada" };
    const request = { cpu: 1n, memory: 2n, gpu: 3n, "ephemeral-storage": 4n, pods: 1n };
    const found = shortages([member, group({ "ephemeral-storage": 3n, gpu: 0n, cpu: 0n })], request);
    assert.deepEqual(found, [
      { scope: "member", name: "ada", resource: "cpu", quota: 0n, used: 0n, requested: 1n },
      { scope: "member", name: "ada", resource: "memory", quota: 1n, used: 0n, requested: 2n },
      { scope: "member", name: "ada", resource: "pods", quota: 0n, used: 0n, requested: 1n },
      { scope: "group", name: "physics", resource: "cpu", quota: 0n, used: 0n, requested: 1n },
      { scope: "group", name: "physics", resource: "gpu", quota: 0n, used: 0n, requested: 3n },
      { scope: "group", name: "physics", resource: "ephemeral-storage", quota: 3n, used: 0n, requested: 4n },
    ]);
  });

  it("breaks a limit exactly when something is asked for and the sum is above it", () => {
    fc.assert(
      fc.property(scopes, amounts, (all, request) => {
        const expected = all.flatMap(({ kind, name, quota, used }) =>
          resourceNames
            .filter((key) => request[key] > 0n && used[key] + request[key] > (quota[key] ?? 1_000_000n))
            .map((key) => ({
              scope: kind,
              name,
              resource: key,
              quota: quota[key],
              used: used[key],
              requested: request[key],
            })),
        );
        assert.deepEqual(shortages(all, request), expected);
      }),
    );
  });

  it("never gets fewer with more use, a larger request of what is asked for, or another scope", () => {
    const fits = (all: readonly Scope[], request: Amounts): boolean => shortages(all, request).length === 0;
    fc.assert(
      fc.property(scopes, scope, amounts, amounts, (all, another, request, more) => {
        const busier = all.map((item) => ({ ...item, used: add(item.used, more) }));
        if (!fits(all, request)) {
          assert.ok(!fits(busier, request));
          assert.ok(!fits([...all, another], request));
          assert.ok(!fits(all, add(request, more)));
        }
      }),
    );
  });
});
