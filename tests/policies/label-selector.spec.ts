import assert from "node:assert/strict";
import { type LabelSelector, leavesOutByName, matches, namespaceLabels } from "../../policies/label-selector.ts";

const NAME = "kubernetes.io/metadata.name";
const labels = namespaceLabels("work", { team: "a", empty: "", [NAME]: "forged" });
const expression = (key: string, operator: string, values?: readonly string[]): LabelSelector => ({
  matchExpressions: [values ? { key, operator, values } : { key, operator }],
});

describe("a label selector", () => {
  const selecting: [string, LabelSelector | null | undefined][] = [
    ["nothing stated", undefined],
    ["null", null],
    ["no requirement", {}],
    ["empty requirements", { matchLabels: {}, matchExpressions: [] }],
    ["a label", { matchLabels: { team: "a" } }],
    ["an empty label", { matchLabels: { empty: "" } }],
    ["In", expression("team", "In", ["b", "a"])],
    ["NotIn others", expression("team", "NotIn", ["b"])],
    ["NotIn of a label that is not there", expression("zone", "NotIn", ["a"])],
    ["Exists", expression("empty", "Exists")],
    ["DoesNotExist", expression("zone", "DoesNotExist")],
    ["the name, though another is declared", { matchLabels: { [NAME]: "work" } }],
    ["that there is a name", expression(NAME, "Exists")],
    ["a label and an expression", { matchLabels: { team: "a" }, ...expression(NAME, "NotIn", ["kube-system"]) }],
  ];
  for (const [title, selector] of selecting) {
    it(`selects by ${title}`, () => assert.equal(matches(selector, labels), true));
  }

  const passing: [string, LabelSelector][] = [
    ["another value", { matchLabels: { team: "b" } }],
    ["a label that is not there", { matchLabels: { zone: "a" } }],
    ["an empty label that is not there", { matchLabels: { zone: "" } }],
    ["one label of two", { matchLabels: { team: "a", zone: "a" } }],
    ["In others", expression("team", "In", ["b"])],
    ["In of a label that is not there", expression("zone", "In", ["", "a"])],
    ["NotIn", expression("team", "NotIn", ["b", "a"])],
    ["Exists", expression("zone", "Exists")],
    ["DoesNotExist", expression("empty", "DoesNotExist")],
    ["DoesNotExist of the name", expression(NAME, "DoesNotExist")],
    ["the declared name", { matchLabels: { [NAME]: "forged" } }],
    ["a label, but not the expression", { matchLabels: { team: "a" }, ...expression(NAME, "NotIn", ["work"]) }],
    ["what every JavaScript object has", expression("constructor", "Exists")],
    ["an operator that the API server refuses", expression("team", "Equals", ["a"])],
  ];
  for (const [title, selector] of passing) {
    it(`does not select by ${title}`, () => assert.equal(matches(selector, labels), false));
  }

  it("reads no label that it does not ask for, as it may be unknown", () => {
    const declared = Object.defineProperty({ team: "a" }, "unknown", { enumerable: true, get: () => assert.fail() });
    assert.equal(matches({ matchLabels: { team: "a" } }, namespaceLabels("work", declared)), true);
  });
});

describe("a selector that leaves a namespace out by name", () => {
  const named = (operator: string, ...values: string[]): LabelSelector => expression(NAME, operator, values);
  const cases: [string, LabelSelector | null | undefined, boolean][] = [
    ["NotIn it", named("NotIn", "a", "work"), true],
    ["In others", named("In", "a"), true],
    ["the name of another", { matchLabels: { [NAME]: "a" } }, true],
    ["no name at all", expression(NAME, "DoesNotExist"), true],
    ["NotIn others", named("NotIn", "a"), false],
    ["In it", named("In", "work"), false],
    ["a label of its own", { matchLabels: { team: "a" } }, false],
    ["nothing stated", undefined, false],
    ["null", null, false],
  ];
  for (const [title, selector, expected] of cases) {
    it(`is ${expected} of ${title}`, () => assert.equal(leavesOutByName(selector, "work"), expected));
  }
});
