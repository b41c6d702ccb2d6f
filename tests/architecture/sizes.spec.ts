import assert from "node:assert/strict";
import { MAX_FILE_LINES, MAX_FUNCTION_LINES, oversized } from "./sizes.ts";
import { typescriptSources } from "./source-tree.ts";

const found = (text: string): string[] => oversized(new Map([["a.ts", text]]));
/** As many statements as make a body of that many lines, with the lines of its braces. */
const body = (lines: number): string => `{\n${"  go();\n".repeat(lines - 2)}}`;
const [fits, tooLong] = [body(MAX_FUNCTION_LINES), body(MAX_FUNCTION_LINES + 1)];

describe("sizes", () => {
  it("are such that files and functions can be read in one go", () => {
    const offenders = oversized(typescriptSources());
    assert.equal(
      offenders.length,
      0,
      `at most ${MAX_FILE_LINES} lines a file and ${MAX_FUNCTION_LINES} a function:\n${offenders.join("\n")}`,
    );
  });

  it("are measured for files", () => {
    assert.deepEqual(found("go();\n".repeat(400)), []);
    assert.deepEqual(found("go();\n".repeat(401)), ["a.ts has 401 lines"]);
  });

  const forms: [name: string, text: (body: string) => string][] = [
    ["one", (inner) => `function one() ${inner}\n`],
    ["two", (inner) => `const two = () => ${inner};\n`],
    ["three", (inner) => `const three = function () ${inner};\n`],
    ["four", (inner) => `class A { four() ${inner} }\n`],
    ["#five", (inner) => `class A { #five() ${inner} }\n`],
    ["six", (inner) => `const a = { six() ${inner} };\n`],
    ["seven", (inner) => `class A { get seven() ${inner} }\n`],
    ["eight", (inner) => `const a = { eight: () => ${inner} };\n`],
    ["constructor", (inner) => `class A { constructor() ${inner} }\n`],
    ["a function without a name", (inner) => `it("works", () => ${inner});\n`],
  ];
  for (const [name, text] of forms) {
    it(`are measured for ${name}`, () => {
      assert.deepEqual(found(text(fits)), []);
      assert.deepEqual(found(text(tooLong)), [`a.ts:1 ${name} has 41 lines`]);
    });
  }

  it("leave out suites, but not the tests in them", () => {
    assert.deepEqual(found(`describe("it", () => ${tooLong});\ndescribe.only("it", function () ${tooLong});\n`), []);
    assert.deepEqual(found(`describe("it", () => {\n  it("works", () => ${tooLong});\n});\n`), [
      "a.ts:2 a function without a name has 41 lines",
    ]);
  });

  it("are measured for expressions over many lines", () => {
    const items = "  1,\n".repeat(MAX_FUNCTION_LINES - 1);
    assert.deepEqual(found(`const list = () => [\n${items}];\n`), ["a.ts:1 list has 41 lines"]);
  });
});
