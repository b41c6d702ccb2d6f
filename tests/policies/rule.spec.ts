import assert from "node:assert/strict";
import { fieldProblem, listFrom, schemaOf } from "../../policies/rule.ts";

const option = { name: "exceptions", description: "names" };

describe("listFrom", () => {
  it("reads the list, and none where nothing is configured", () => {
    assert.deepEqual(listFrom({ exceptions: ["a", "b"] }, "rule", option), ["a", "b"]);
    assert.deepEqual(listFrom({}, "rule", option), []);
    assert.deepEqual(listFrom({ exceptions: ["a"] }, "rule", undefined), []);
  });

  // A string has `includes` too: "a-b" would except "a" without a word.
  for (const exceptions of ["a-b", [1], { a: true }]) {
    it(`refuses ${JSON.stringify(exceptions)}`, () =>
      assert.throws(() => listFrom({ exceptions }, "rule", option), {
        message: `policy rule: exceptions is ${JSON.stringify(exceptions)}: write a list of strings in the pack's configuration`,
      }));
  }
});

describe("fieldProblem", () => {
  it("says where, what, what was given and the remedy", () => {
    assert.equal(fieldProblem('Pod "a"', "x", ["b"], "write c"), 'Pod "a": x is ["b"]: write c');
    assert.equal(fieldProblem('Pod "a"', "x", null, "write c"), 'Pod "a": x is not stated: write c');
  });
});

describe("schemaOf", () => {
  it("describes the list for engines that check configuration", () => {
    assert.deepEqual(schemaOf(option), {
      properties: { exceptions: { type: "array", items: { type: "string" }, default: [], description: "names" } },
    });
  });
});
