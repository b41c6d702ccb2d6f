import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { sameAfterDefaulting } from "../../../../services/lib/pod-defaults/equality.ts";

const json = fc.jsonValue({ maxDepth: 3 });

/** Without what the API server drops. */
function stored(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(stored);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(
    ([, member]) => member !== null && member !== "" && !(Array.isArray(member) && member.length === 0),
  );
  return Object.fromEntries(kept.map(([key, member]) => [key, stored(member)]));
}

const reversed = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, member]) => [key, reversed(member)]),
  );
};

describe("equality after API defaulting", () => {
  it("is that of what is stored, whatever the order of keys", () => {
    fc.assert(
      fc.property(json, json, fc.boolean(), (a, b, isSame) => {
        // JSON has one zero.
        const [left, right] = JSON.parse(JSON.stringify([a, isSame ? reversed(a) : b])) as unknown[];
        assert.equal(sameAfterDefaulting(left, right), isDeepStrictEqual(stored(left), stored(right)));
      }),
      { numRuns: 2000 },
    );
  });

  it("tells lists from objects and each from nothing", () => {
    assert.equal(sameAfterDefaulting([], {}), false);
    assert.equal(sameAfterDefaulting({}, []), false);
    assert.equal(sameAfterDefaulting({}, undefined), false);
    assert.equal(sameAfterDefaulting([1], [1, 2]), false);
    assert.equal(sameAfterDefaulting([1, 2], [2, 1]), false);
  });

  it("uses the type's default for an absent field, and that of elements for each of a list", () => {
    const shape = { fields: { list: { defaults: { a: 1 } } } };
    assert.equal(sameAfterDefaulting({ list: [{ a: 1 }, {}] }, { list: [{}, { a: 1 }] }, shape), true);
    assert.equal(sameAfterDefaulting({ list: [{ a: 2 }] }, { list: [{}] }, shape), false);
  });
});
