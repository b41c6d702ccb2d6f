import assert from "node:assert/strict";
import { selects } from "../../lab/agent/selectors.ts";

describe("selects", () => {
  const labels = { tier: "web", team: "one" };

  it("takes everything when the selector is empty, even what has no labels", () => {
    assert.deepEqual([selects({}, labels), selects({ matchLabels: {} }), selects({})], [true, true, true]);
  });

  it("wants every label", () => {
    assert.equal(selects({ matchLabels: { tier: "web", team: "one" } }, labels), true);
    assert.equal(selects({ matchLabels: { tier: "web", team: "two" } }, labels), false);
    assert.equal(selects({ matchLabels: { absent: "x" } }, labels), false);
  });

  const cases = [
    ["In", ["web", "db"], [true, false, false]],
    ["NotIn", ["web", "db"], [false, true, true]],
    ["Exists", undefined, [true, true, false]],
    ["DoesNotExist", undefined, [false, false, true]],
  ] as const;
  for (const [operator, values, expected] of cases) {
    it(`knows ${operator}, for a listed value, another value and no label`, () => {
      const selector = { matchExpressions: [{ key: "tier", operator, ...(values ? { values } : {}) }] };
      const candidates: Record<string, string>[] = [{ tier: "web" }, { tier: "dns" }, {}];
      const answers = candidates.map((candidate) => selects(selector, candidate));
      assert.deepEqual(answers, expected);
    });
  }

  it("wants labels and expressions together", () => {
    const matchExpressions = [{ key: "team", operator: "In", values: ["two"] }] as const;
    assert.equal(selects({ matchLabels: { tier: "web" }, matchExpressions }, labels), false);
  });

  it("is not fooled by names that every object has", () => {
    assert.equal(selects({ matchExpressions: [{ key: "constructor", operator: "Exists" }] }, labels), false);
  });
});
