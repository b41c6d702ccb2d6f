import assert from "node:assert/strict";
import * as fc from "fast-check";
import { masking } from "../../lab/engine/deployer.ts";
import {
  diffValues,
  formatPath,
  hasSecret,
  hasUnknown,
  isBelow,
  mapValue,
  masked,
  type PropertyDiff,
  type Props,
  parsePath,
  revealed,
  Secret,
  UNKNOWN,
  valueAt,
  withPathOf,
  withSecretKeys,
  withSecretsOf,
} from "../../lab/engine/values.ts";
import { always } from "./support/property.ts";

const part = fc.oneof(fc.string(), fc.nat(99), fc.constantFrom("a", 'q"uo\\te', "*", "0", "dot.ted", ""));
const key = fc.oneof(fc.string(), fc.constantFrom("constructor", "valueOf")).filter((name) => name !== "__proto__");
const { tree } = fc.letrec((tie) => ({
  tree: fc.oneof(
    { depthSize: "small", maxDepth: 4 },
    fc.oneof(fc.string(), fc.integer(), fc.boolean(), fc.constant(null)),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(key, tie("tree"), { maxKeys: 4, noNullPrototype: true }),
  ),
}));
const props = fc.dictionary(key, tree, { maxKeys: 5, noNullPrototype: true }) as fc.Arbitrary<Props>;

/** Puts single differences into a copy, as whoever reads them would. */
function patched(old: Props, changes: readonly PropertyDiff[]): unknown {
  const copy = structuredClone(old) as Props;
  // From the end, so that what a list loses does not move its other items.
  for (const { path, kind, new: value } of [...changes].reverse()) {
    const parts = parsePath(path);
    const last = parts.at(-1) ?? "";
    const at = parts.slice(0, -1).reduce<unknown>((from, name) => (from as Props)[name], copy) as Props;
    if (kind !== "delete") at[last] = value;
    else if (Array.isArray(at)) at.splice(Number(last), 1);
    else delete at[last];
  }
  for (const { path, kind, new: value } of changes) {
    if (kind !== "add") continue;
    const parts = parsePath(path);
    const at = parts.slice(0, -1).reduce<unknown>((from, name) => (from as Props)[name], copy) as Props;
    at[parts.at(-1) ?? ""] = value;
  }
  return copy;
}

describe("property values", () => {
  it("are mapped leaf by leaf into a copy", () => {
    const value = { a: [1, { b: 2 }], c: "x" };
    const doubled = mapValue(value, (leaf) => (typeof leaf === "number" ? leaf * 2 : leaf));
    assert.deepEqual(doubled, { a: [2, { b: 4 }], c: "x" });
    assert.deepEqual(value, { a: [1, { b: 2 }], c: "x" });
    always([tree], (any) =>
      assert.deepEqual(
        mapValue(any, (leaf) => leaf),
        any,
      ),
    );
  });

  it("are revealed and masked however deep the secrets are", () => {
    const value = { a: new Secret({ b: [new Secret("deep")] }), c: [UNKNOWN, "plain"] };
    assert.deepEqual(revealed(value), { a: { b: ["deep"] }, c: [UNKNOWN, "plain"] });
    assert.deepEqual(masked(value), { a: "[secret]", c: ["[unknown]", "plain"] });
    assert.deepEqual([hasSecret(value), hasSecret(revealed(value)), hasSecret([[new Secret(1)]])], [true, false, true]);
    assert.deepEqual(
      [hasUnknown(value), hasUnknown(new Secret([UNKNOWN])), hasUnknown({ a: [1] })],
      [true, true, false],
    );
    assert.equal(String(UNKNOWN), "[unknown]");
  });

  it("take over the secrets of another value at the same places", () => {
    assert.deepEqual(
      withSecretsOf({ a: 1, list: ["x", "y"], gone: undefined }, { a: new Secret(0), list: ["z", new Secret("")] }),
      { a: new Secret(1), list: ["x", new Secret("y")], gone: undefined },
    );
    assert.equal(withSecretsOf(undefined, new Secret(1)), undefined);
    const already = new Secret(1);
    assert.equal(withSecretsOf(already, new Secret(2)), already);
    assert.deepEqual(withSecretKeys({ a: 1, b: already, c: undefined, d: 2 }, ["a", "b", "c"]), {
      a: new Secret(1),
      b: already,
      c: undefined,
      d: 2,
    });
  });
});

describe("property paths", () => {
  it("are written as Pulumi writes them", () => {
    assert.equal(formatPath(["a", "b-c", 0, "d.e", 'f"g', "h"]), 'a.b-c[0]["d.e"]["f\\"g"].h');
    assert.deepEqual(parsePath('root.items[*]["a.b"][2].name'), ["root", "items", "*", "a.b", 2, "name"]);
    assert.deepEqual(parsePath(""), []);
  });

  it("are read back as they were written", () => {
    always([fc.array(part)], (parts) => assert.deepEqual(parsePath(formatPath(parts)), parts));
  });

  it("lie below a pattern with the same beginning", () => {
    for (const [path, pattern, below] of [
      ["a.b", "a", true],
      ["a", "a", true],
      ["ab", "a", false],
      ["a", "a.b", false],
      ["list[3].x", "list[*].x", true],
      ["list[3].y", "list[*].x", false],
      ['a["b"]', "a.b", true],
      ["anything.below", "*", true],
    ] as const) {
      assert.equal(isBelow(path, pattern), below, `${path} below ${pattern}`);
    }
  });

  it("take a value, or its absence, from another object", () => {
    const target = { a: { b: 1, c: 2 }, list: [{ x: 1 }, { x: 2 }] };
    assert.deepEqual(withPathOf(target, { a: { b: 9 } }, "a.b"), { ...target, a: { b: 9, c: 2 } });
    assert.deepEqual(withPathOf(target, {}, "a.b"), { ...target, a: { c: 2 } });
    assert.deepEqual(withPathOf(target, { new: 1 }, "new"), { ...target, new: 1 });
    assert.deepEqual(withPathOf(target, { list: [{ x: 8 }, { x: 9 }, { x: 10 }] }, "list[*].x"), {
      ...target,
      list: [{ x: 8 }, { x: 9 }],
    });
    assert.deepEqual(withPathOf(target, { a: { d: 4 } }, "a.*"), { ...target, a: { d: 4 } });
    assert.deepEqual(withPathOf(target, { none: { b: 1 } }, "none.b"), target);
    assert.deepEqual(target, { a: { b: 1, c: 2 }, list: [{ x: 1 }, { x: 2 }] });
  });

  it("reach into secrets, which stay secret and untouched", () => {
    const target = { data: new Secret({ user: "new", password: "new" }) };
    const source = { data: new Secret({ user: "old", password: "old" }) };
    assert.deepEqual(withPathOf(target, source, "data.password"), {
      data: new Secret({ user: "new", password: "old" }),
    });
    assert.deepEqual(target.data, new Secret({ user: "new", password: "new" }));
    assert.equal(valueAt(target, "data.password"), target.data);
    assert.equal(valueAt({ a: [{ b: 1 }] }, "a[0].b"), 1);
    assert.equal(valueAt({ a: 1 }, "a.b.c"), undefined);
  });

  it("of a whole object lead to the source's value", () => {
    always([props, props], (target, source) => {
      for (const name of new Set([...Object.keys(target), ...Object.keys(source)])) {
        const taken = withPathOf(target, source, formatPath([name]));
        assert.equal(Object.hasOwn(taken, name), Object.hasOwn(source, name));
        if (Object.hasOwn(source, name)) assert.deepEqual(taken[name], source[name]);
      }
    });
  });
});

describe("differences", () => {
  it("name each leaf once, by kind", () => {
    assert.deepEqual(diffValues({ a: 1, b: [1, 2], c: { d: 1 } }, { a: 2, b: [1], c: { d: 1, e: null }, f: [] }), [
      { path: "a", kind: "update", old: 1, new: 2 },
      { path: "b[1]", kind: "delete", old: 2 },
      { path: "c.e", kind: "add", new: null },
      { path: "f", kind: "add", new: [] },
    ]);
  });

  it("applied to the old value make the new one, and there are none of a value with itself", () => {
    always([props, props], (old, next) => assert.deepEqual(patched(old, diffValues(old, next)), next));
    always([props], (value) => assert.deepEqual(diffValues(value, structuredClone(value)), []));
  });

  it("show nothing that is secret on either side, above or below the difference", () => {
    const changes: PropertyDiff[] = [
      { path: "whole", kind: "add", new: { a: "hush", b: "open" } },
      { path: "nested.key", kind: "update", old: "hush1", new: "hush2" },
      { path: "was", kind: "update", old: "hush3", new: "open" },
      { path: "plain", kind: "delete", old: [UNKNOWN, "open"] },
    ];
    const sources = [
      { whole: { a: new Secret("hush"), b: "open" }, nested: new Secret({ key: "hush2" }), was: "open" },
      undefined,
      { was: new Secret("hush3") },
    ];
    assert.deepEqual(masking(changes, sources), [
      { path: "whole", kind: "add", new: { a: "[secret]", b: "open" } },
      { path: "nested.key", kind: "update", old: "[secret]", new: "[secret]" },
      { path: "was", kind: "update", old: "[secret]", new: "[secret]" },
      { path: "plain", kind: "delete", old: ["[unknown]", "open"] },
    ]);
  });
});
