import assert from "node:assert/strict";
import fc from "fast-check";
import { matches, parseSelector, type Selector, unmet } from "../../../../services/lib/pod-defaults/selector.ts";

type Labels = Record<string, string>;

function parsed(given: unknown): Selector {
  const reasons: string[] = [];
  const selector = parseSelector(given, "spec.selector", reasons);
  assert.deepEqual(reasons, []);
  return selector;
}

function reasonsOf(given: unknown): readonly string[] {
  const reasons: string[] = [];
  parseSelector(given, "spec.selector", reasons);
  return reasons;
}

const key = fc.constantFrom("app", "team", "constructor", "carrel.dev/group");
const value = fc.constantFrom<string>("", "a", "b", "true");
const labels: fc.Arbitrary<Labels> = fc.dictionary(key, value);
const values = fc.uniqueArray(value, { minLength: 1, maxLength: 3 });
const expression = fc.oneof(
  fc.record({ key, operator: fc.constantFrom("In", "NotIn"), values }),
  fc.record({ key, operator: fc.constantFrom("Exists", "DoesNotExist") }),
);
const selectors = fc.record(
  { matchLabels: labels, matchExpressions: fc.array(expression, { maxLength: 4 }) },
  { requiredKeys: [] },
);

/** Kubernetes' table of operators, read off its documentation. */
const table: Readonly<Record<string, (has: boolean, isOneOf: boolean) => boolean>> = {
  In: (has, isOneOf) => has && isOneOf,
  NotIn: (has, isOneOf) => !has || !isOneOf,
  Exists: (has) => has,
  DoesNotExist: (has) => !has,
};

describe("label selectors", () => {
  it("match as an oracle of Kubernetes' semantics does, and say what is unmet when they do not", () => {
    fc.assert(
      fc.property(selectors, labels, (selector, given) => {
        const has = (name: string): boolean => Object.keys(given).includes(name);
        const expected =
          Object.entries(selector.matchLabels ?? {}).every(([name, wanted]) => has(name) && given[name] === wanted) &&
          (selector.matchExpressions ?? []).every((item) =>
            table[item.operator]!(has(item.key), "values" in item && item.values.includes(given[item.key] ?? "-")),
          );
        assert.equal(matches(parsed(selector), given), expected);
        assert.equal(unmet(parsed(selector), given) === undefined, expected);
      }),
      { numRuns: 3000 },
    );
  });

  for (const empty of [undefined, null, {}, { matchLabels: null, matchExpressions: null }, { matchExpressions: [] }]) {
    it(`match every pod when they are ${JSON.stringify(empty)}`, () => {
      assert.equal(matches(parsed(empty), undefined), true);
      assert.equal(matches(parsed(empty), { a: "b" }), true);
    });
  }

  it("name the first requirement that is not met as kubectl writes it", () => {
    const text = (given: unknown): string | undefined => unmet(parsed(given), { app: "c", team: "x" });
    const expressions = (operator: string, name: string, values?: string[]) => ({
      matchExpressions: [{ key: name, operator, ...(values ? { values } : {}) }],
    });
    assert.equal(text({ matchLabels: { team: "x", app: "a" } }), "app=a");
    assert.equal(text(expressions("In", "app", ["a", "b"])), "app in (a, b)");
    assert.equal(text(expressions("NotIn", "app", ["c"])), "app notin (c)");
    assert.equal(text(expressions("Exists", "gpu")), "gpu");
    assert.equal(text(expressions("DoesNotExist", "app")), "!app");
  });

  const malformed: readonly (readonly [unknown, string])[] = [
    ["a=b", 'spec.selector must be an object, got "a=b"'],
    [{ matchLabels: [] }, "spec.selector.matchLabels must be an object, got []"],
    [{ matchLabels: { "a b": "c" } }, 'spec.selector.matchLabels has the key "a b", which is no label key'],
    [{ matchLabels: { a: true } }, 'spec.selector.matchLabels["a"] must be a label value, got true'],
    [{ matchLabels: { a: "b c" } }, 'spec.selector.matchLabels["a"] must be a label value, got "b c"'],
    [{ matchExpressions: {} }, "spec.selector.matchExpressions must be a list, got {}"],
    [{ matchExpressions: ["a"] }, 'spec.selector.matchExpressions[0] must be an object, got "a"'],
    [
      { matchExpressions: [{ operator: "In" }] },
      "spec.selector.matchExpressions[0].key must be a label key, got nothing",
    ],
    [
      { matchExpressions: [{ key: "a", operator: "Equals" }] },
      'spec.selector.matchExpressions[0].operator must be one of In, NotIn, Exists, DoesNotExist, got "Equals"',
    ],
    [
      { matchExpressions: [{ key: "a", operator: "In" }] },
      "spec.selector.matchExpressions[0].values must have a value with In, got nothing",
    ],
    [
      { matchExpressions: [{ key: "a", operator: "Exists", values: ["b"] }] },
      'spec.selector.matchExpressions[0].values must be empty with Exists, got ["b"]',
    ],
    [
      { matchExpressions: [{ key: "a", operator: "In", values: ["b c"] }] },
      'spec.selector.matchExpressions[0].values must be a list of label values, got ["b c"]',
    ],
  ];
  for (const [given, reason] of malformed) {
    it(`are refused: ${reason}`, () => assert.deepEqual(reasonsOf(given), [reason]));
  }

  it("either parse or give a reason, for anything", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (matchLabels, matchExpressions) => {
        const reasons: string[] = [];
        const selector = parseSelector({ matchLabels, matchExpressions }, "s", reasons);
        matches(selector, { a: "b" });
      }),
    );
  });
});
