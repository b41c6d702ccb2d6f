import assert from "node:assert/strict";
import fc from "fast-check";
import { textWithoutManagedFields } from "../../../../services/lib/kube/managed-fields.ts";

const without = (text: string): string => textWithoutManagedFields(Buffer.from(text));

/** Texts that look like what is searched for, and like the end of it. */
const piece = fc.constantFrom("a", "é", "😀", '"', "\\", "[", "]", "{", "}", ",", ':"', ',"managedFields":[', "\n");
const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
const { value } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    text,
    fc.integer(),
    fc.constant(null),
    fc.array(tie("value"), { maxLength: 3 }),
    fc.dictionary(text, tie("value"), { maxKeys: 3 }),
  ),
}));
const key = fc.constantFrom("name", "labels", "managed", "fields");
/** Objects in objects and lists, some with managed fields, which no API server writes first. */
const { object } = fc.letrec<{ object: Record<string, unknown> }>((tie) => ({
  object: fc
    .tuple(
      fc.dictionary(
        key,
        fc.oneof({ maxDepth: 2 }, text, value, tie("object"), fc.array(tie("object"), { maxLength: 2 })),
        { maxKeys: 3 },
      ),
      fc.option(fc.array(value, { maxLength: 3 })),
    )
    .map(([fields, managedFields]) => ({ uid: "1", ...fields, ...(managedFields ? { managedFields } : {}) })),
}));

function dropped(given: unknown): unknown {
  if (Array.isArray(given)) return given.map(dropped);
  if (typeof given !== "object" || given === null) return given;
  const kept = Object.entries(given).filter(([name, of]) => name !== "managedFields" || !Array.isArray(of));
  return Object.fromEntries(kept.map(([name, of]) => [name, dropped(of)]));
}

describe("textWithoutManagedFields", () => {
  it("leaves out those of every object, wherever they stand among its fields", () => {
    const fields = '[{"manager":"a","fieldsV1":{"f:metadata":{"k:{\\"name\\":\\"x]}\\"}":{}}}},{"manager":"b"}]';
    const [first, last] = [`{"metadata":{"name":"a","managedFields":${fields},"uid":"1"}}`, `"labels":{}`];
    assert.equal(
      without(`{"items":[${first},{"metadata":{${last},"managedFields":[]},"spec":{}}]}`),
      '{"items":[{"metadata":{"name":"a","uid":"1"}},{"metadata":{"labels":{}},"spec":{}}]}',
    );
  });

  it("leaves all else as it is, also texts that look like them", () => {
    const same = [
      "",
      "{}",
      '{"a":1,"managedFields":null}',
      '{"managedFields":[1]}',
      '{"a":",\\"managedFields\\":[","b":["]"]}',
      '["€",1]',
    ];
    for (const each of same) assert.equal(without(each), each);
  });

  it("keeps a text that is cut within them as it is, for the parser to refuse", () => {
    const whole = '{"a":1,"managedFields":[{"k:{\\"n\\"}":["x"]}]}';
    for (let end = 0; end < whole.length - 2; end++) assert.equal(without(whole.slice(0, end)), whole.slice(0, end));
    assert.equal(without(whole), '{"a":1}');
  });

  it("answers what a parser drops, for any JSON", () => {
    fc.assert(
      fc.property(object, (given) => {
        assert.deepEqual(JSON.parse(without(JSON.stringify(given))), dropped(given));
      }),
      { numRuns: 300 },
    );
  });
});
