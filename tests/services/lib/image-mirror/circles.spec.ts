import assert from "node:assert/strict";
import fc from "fast-check";
import { findCircles } from "../../../../services/lib/image-mirror/circles.ts";
import { overlap } from "../../../../services/lib/image-mirror/prefix.ts";
import { sharedName } from "./arbitraries.ts";

const rulesOf = (...sides: readonly (readonly [string, string])[]) => sides.map(([from, to]) => ({ from, to }));
const found = (...sides: readonly (readonly [string, string])[]) => Object.fromEntries(findCircles(rulesOf(...sides)));

describe("findCircles", () => {
  it("finds none where nothing that is written is read", () => {
    assert.deepEqual(found(["a.x", "m.x/a"], ["b.x", "m.x/b"], ["b.x/c", "m.x/b/c"], ["m.x/ab", "n.x"]), {});
  });

  it("finds a rule that maps onto itself", () => {
    assert.deepEqual(found(["a.x/b", "a.x/b"]), { 0: { kind: "itself" } });
  });

  it("finds a rule that maps into itself, in either direction", () => {
    assert.deepEqual(found(["a.x", "a.x/b"]), { 0: { kind: "into-itself" } });
    assert.deepEqual(found(["a.x/b", "a.x"]), { 0: { kind: "into-itself" } });
  });

  it("finds a rule that reads what another writes", () => {
    assert.deepEqual(found(["a.x", "b.x/y"], ["b.x", "c.x"]), { 0: { kind: "chain", rule: 1 } });
    assert.deepEqual(found(["b.x/y/z", "c.x"], ["a.x", "b.x/y"]), { 1: { kind: "chain", rule: 0 } });
  });

  it("finds loops, from every rule of it, by the shortest way", () => {
    assert.deepEqual(found(["a.x", "b.x"], ["b.x", "c.x"], ["c.x", "a.x"], ["d.x", "a.x"]), {
      0: { kind: "loop", rules: [0, 1, 2, 0] },
      1: { kind: "loop", rules: [1, 2, 0, 1] },
      2: { kind: "loop", rules: [2, 0, 1, 2] },
      3: { kind: "chain", rule: 0 },
    });
    assert.deepEqual(found(["a.x", "b.x"], ["b.x/1", "b.y"], ["b.x/2", "a.x"])[0], { kind: "loop", rules: [0, 2, 0] });
  });

  it("finds something exactly where a to and a from overlap", () => {
    const rule = fc.tuple(sharedName, sharedName);
    fc.assert(
      fc.property(fc.array(rule, { maxLength: 6 }), (sides) => {
        const rules = rulesOf(...sides);
        const expected = rules.flatMap(({ to }, i) => (rules.some(({ from }) => overlap(to, from)) ? [i] : []));
        assert.deepEqual([...findCircles(rules).keys()], expected);
      }),
    );
  });

  it("ends for many rules that all lead to each other", () => {
    const many = rulesOf(...Array.from({ length: 200 }, (_, i): [string, string] => [`a.x/${i}`, "a.x"]));
    const since = performance.now();
    assert.equal(findCircles(many).size, 200);
    assert.ok(performance.now() - since < 2000);
  });
});
