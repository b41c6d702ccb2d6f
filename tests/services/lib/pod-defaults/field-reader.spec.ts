import assert from "node:assert/strict";
import { FieldReader } from "../../../../services/lib/pod-defaults/field-reader.ts";

const reader = (fields: unknown): FieldReader => new FieldReader(fields, "spec");

describe("FieldReader", () => {
  it("takes null and absent for nothing", () => {
    for (const fields of [undefined, null, {}, { a: null }]) {
      const read = reader(fields);
      assert.deepEqual(
        [read.raw("a"), read.string("a"), read.boolean("a"), read.integer("a"), read.object("a"), read.strings("a")],
        Array(6).fill(undefined),
      );
      assert.deepEqual([read.stringMap("a"), read.objects("a"), read.keyed("a", ["name"])], [{}, [], []]);
      assert.deepEqual(read.reasons, []);
    }
  });

  it("reads what is as it should be", () => {
    const read = reader({ s: "x", b: false, i: 3, o: {}, l: [], m: { a: "b" }, k: [{ name: "n" }] });
    assert.deepEqual(
      [
        read.string("s"),
        read.boolean("b"),
        read.integer("i"),
        read.object("o"),
        read.strings("l"),
        read.stringMap("m"),
      ],
      ["x", false, 3, {}, [], { a: "b" }],
    );
    assert.deepEqual(read.keyed("k", ["name"]), [{ name: "n" }]);
    assert.deepEqual(read.reasons, []);
  });

  it("says of everything else what it should be and what it is", () => {
    const read = reader({
      s: 1,
      b: "x",
      i: 1.5,
      o: [],
      l: [1],
      m: { a: 1 },
      k: [{ name: "" }, "x", { name: "n" }],
      n: {},
    });
    read.string("s");
    read.boolean("b");
    read.integer("i");
    read.object("o");
    read.strings("l");
    read.stringMap("m");
    assert.deepEqual(read.keyed("k", ["name"]), [{ name: "n" }]);
    read.objects("n");
    assert.deepEqual(read.reasons, [
      "spec.s must be a text, got 1",
      'spec.b must be true or false, got "x"',
      "spec.i must be an integer, got 1.5",
      "spec.o must be an object, got []",
      "spec.l must be a list of texts, got [1]",
      'spec.m must be a map of texts, got {"a":1}',
      'spec.k[1] must be an object, got "x"',
      'spec.k[0].name must be a text, got ""',
      "spec.n must be a list, got {}",
    ]);
    assert.deepEqual(reader("x").reasons, ['spec must be an object, got "x"']);
  });
});
