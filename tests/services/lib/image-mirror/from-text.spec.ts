import assert from "node:assert/strict";
import { mirrorFromText, noMirror } from "../../../../services/lib/image-mirror/from-text.ts";

const read = (text: string | undefined) => {
  const problems: string[] = [];
  return [mirrorFromText(text, "MIRROR", problems), problems];
};

describe("mirrorFromText", () => {
  it("reads a setting, or none where there is no text", () => {
    const setting = { rules: [{ from: "docker.io", to: "mirror.test/hub" }], exempt: ["quay.io"], onMissing: "refuse" };
    assert.deepEqual(read(JSON.stringify(setting)), [setting, []]);
    for (const none of [undefined, ""]) assert.deepEqual(read(none), [noMirror, []]);
  });

  it("says what is wrong under the variable's name, and rewrites nothing then", () => {
    const [setting, problems] = read('{"rules":1}') as [unknown, string[]];
    assert.equal(setting, noMirror);
    assert.equal(problems.length, 1);
    assert.match(problems[0] ?? "", /^MIRROR\.rules/);
    const [, [problem = ""]] = read("{") as [unknown, string[]];
    assert.match(problem, /^MIRROR must be JSON: /);
  });
});
