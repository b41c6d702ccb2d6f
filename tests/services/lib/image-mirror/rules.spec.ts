import assert from "node:assert/strict";
import fc from "fast-check";
import { parseMirrorSetting, parseRules, problemText } from "../../../../services/lib/image-mirror/rules.ts";

const rule = (from: unknown, to: unknown) => ({ from, to });
const textsOf = (parsed: ReturnType<typeof parseRules> | ReturnType<typeof parseMirrorSetting>): readonly string[] =>
  parsed.ok ? [] : parsed.problems.map(problemText);

describe("parseRules", () => {
  it("reads rules in the form in which they are compared", () => {
    const rules = [
      rule("index.docker.io", "MIRROR.example:5000/hub"),
      rule("quay.example/team", "mirror.example/team"),
    ];
    assert.deepEqual(parseRules(rules), {
      ok: true,
      value: [rule("docker.io", "mirror.example:5000/hub"), rule("quay.example/team", "mirror.example/team")],
    });
    assert.deepEqual(parseRules([]), { ok: true, value: [] });
  });

  it("reports every problem with its path, what was given and how to mend it", () => {
    const rules = ["docker.io", { from: "nginx", to: "https://m.example", tag: 1 }, { from: "a.x" }, null];
    assert.deepEqual(textsOf(parseRules(rules, "setting")), [
      'setting[0] must be an object, got "docker.io": write from: and to:',
      'setting[1] has an unknown key, got "tag": leave it out: the keys are from, to',
      'setting[1].from must begin with a registry, got "nginx": write "docker.io/nginx", or "docker.io/library/nginx" for the image',
      'setting[1].to must be without a scheme, got "https://m.example": leave out "https://"',
      "setting[2].to must be text, got undefined: write a registry, or a registry and a repository",
      "setting[3] must be an object, got null: write from: and to:",
    ]);
    const [problem] = textsOf(parseRules({ from: "a.x" }));
    const shape = '{"from":"a.x"}: write it as a list, one item a line';
    assert.equal(problem, `imageMirror.rules must be a list, got ${shape}`);
  });

  it("refuses two rules for one prefix, however it is written", () => {
    const rules = [rule("docker.io", "m.x/a"), rule("a.x", "m.x/b"), rule("index.docker.io", "m.x/c")];
    assert.deepEqual(textsOf(parseRules(rules, "r")), [
      'r[2].from must not repeat r[0].from, got "docker.io": keep one of the two',
    ]);
  });

  it("refuses rules that lead to themselves or to each other, by their places in the list", () => {
    const text = (...rules: readonly unknown[]): readonly string[] => textsOf(parseRules(rules, "r"));
    assert.deepEqual(text(rule("a.x", "a.x")), [
      'r[0].to must not be the rule\'s own from, got "a.x": to leave images alone, list the prefix under exempt',
    ]);
    assert.deepEqual(text(rule("a.x", "a.x/b")), [
      'r[0].to must not stand above or below the rule\'s own from, got "a.x/b": mirror to a registry of its own',
    ]);
    assert.deepEqual(text(null, rule("a.x", "b.x"), rule("b.x", "c.x")).slice(1), [
      'r[1].to must not be what r[2] reads, got "b.x": write the to of r[2] here, or narrow its from',
    ]);
    assert.deepEqual(text(rule("a.x", "b.x/m"), rule("b.x", "a.x/m")), [
      'r[0].to must not lead back to its own rule (r[0] -> r[1] -> r[0]), got "b.x/m": remove one of these rules',
      'r[1].to must not lead back to its own rule (r[1] -> r[0] -> r[1]), got "a.x/m": remove one of these rules',
    ]);
  });
});

describe("parseMirrorSetting", () => {
  const rules = [rule("docker.io", "m.x/hub")];

  it("keeps images that no rule covers, if nothing else is said", () => {
    assert.deepEqual(parseMirrorSetting({}), { ok: true, value: { rules: [], exempt: [], onMissing: "keep" } });
    assert.deepEqual(parseMirrorSetting({ rules, exempt: ["docker.io/OURS".toLowerCase()], onMissing: "refuse" }), {
      ok: true,
      value: { rules, exempt: ["docker.io/ours"], onMissing: "refuse" },
    });
  });

  it("reports every problem of every part", () => {
    const setting = { rules: [rule("a.x", "")], exempt: ["nginx", 1], onMissing: "drop", rule: [] };
    assert.deepEqual(textsOf(parseMirrorSetting(setting)), [
      'imageMirror has an unknown key, got "rule": leave it out: the keys are rules, exempt, onMissing',
      'imageMirror.rules[0].to must not be empty, got "": write a registry, or a registry and a repository',
      'imageMirror.exempt[0] must begin with a registry, got "nginx": write "docker.io/nginx", or "docker.io/library/nginx" for the image',
      "imageMirror.exempt[1] must be text, got 1: write a registry, or a registry and a repository",
      'imageMirror.onMissing must be keep or refuse, got "drop": keep leaves images that no rule covers, refuse refuses their pods',
    ]);
    assert.deepEqual(textsOf(parseMirrorSetting({ exempt: "a.x", rules: "docker.io" }, "m")), [
      'm.rules must be a list, got "docker.io": write it as a list, one item a line',
      'm.exempt must be a list, got "a.x": write it as a list, one item a line',
    ]);
    assert.deepEqual(textsOf(parseMirrorSetting(["docker.io"])), [
      'imageMirror must be an object, got ["docker.io"]: write rules: below it',
    ]);
  });

  it("refuses a prefix that is exempt and has a rule, and a setting that refuses everything", () => {
    assert.deepEqual(textsOf(parseMirrorSetting({ rules, exempt: ["index.docker.io", "a.x", "a.x"] })), [
      'imageMirror.exempt[0] must not repeat imageMirror.rules[0].from, got "docker.io": keep one of the two',
      'imageMirror.exempt[2] must not repeat imageMirror.exempt[1], got "a.x": keep one of the two',
    ]);
    assert.deepEqual(textsOf(parseMirrorSetting({ onMissing: "refuse" })), [
      "imageMirror.rules must not be empty with onMissing refuse, got []: write rules, or set onMissing to keep",
    ]);
  });

  it("answers for any JSON, and reads its own answer as the same", () => {
    const json = fc.jsonValue();
    const setting = fc.record({ rules: fc.oneof(json, fc.array(fc.record({ from: json, to: json }))), exempt: json });
    fc.assert(
      fc.property(fc.oneof(json, setting, fc.constant({ rules })), (value) => {
        const parsed = parseMirrorSetting(value);
        if (parsed.ok) assert.deepEqual(parseMirrorSetting(parsed.value), parsed);
        else assert.ok(parsed.problems.length > 0 && textsOf(parsed).every((text) => !text.includes("\n")));
      }),
    );
  });
});
