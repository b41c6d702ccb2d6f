import assert from "node:assert/strict";
import { matches, parseSelector, unmet } from "../../../services/lib/pod-defaults/selector.ts";
import type { Target } from "../fuzzer.ts";

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isNone = (value: unknown): boolean => value === undefined || value === null;

const within = (text: string, extra: string, upper: boolean): boolean =>
  [...text].every(
    (c) => (c >= "a" && c <= "z") || (c >= "0" && c <= "9") || (upper && c >= "A" && c <= "Z") || extra.includes(c),
  );
/** Whether a text is made of some characters, with letters or digits at both ends. */
const isRounded = (text: string, extra: string, upper: boolean): boolean =>
  text !== "" &&
  within(text, extra, upper) &&
  within(text[0] ?? "-", "", upper) &&
  within(text.at(-1) ?? "-", "", upper);
const isName = (text: string): boolean => text.length <= 63 && isRounded(text, "-_.", true);
const isDomain = (text: string): boolean =>
  text.length <= 253 && text.split(".").every((label) => isRounded(label, "-", false));

/** The rules of apimachinery's `IsQualifiedName` and `IsValidLabelValue`, without an expression. */
function isKey(key: string): boolean {
  const parts = key.split("/");
  if (parts.length === 1) return isName(key);
  const [prefix = "", name = ""] = parts;
  return parts.length === 2 && isDomain(prefix) && isName(name);
}
const isValue = (value: unknown): value is string => typeof value === "string" && (value === "" || isName(value));

type Labels = ReadonlyMap<string, string>;
type Verdict = boolean | "invalid";

/** Of each operator: whether it needs values, and what it says of a label that has one of them, another, or is absent. */
const operators: ReadonlyMap<unknown, readonly [needs: boolean, has: boolean, other: boolean, absent: boolean]> =
  new Map([
    ["In", [true, true, false, false]],
    ["NotIn", [true, false, true, true]],
    ["Exists", [false, true, true, false]],
    ["DoesNotExist", [false, false, false, true]],
  ]);

function ofExpression(expression: unknown, labels: Labels): Verdict {
  if (!isFields(expression)) return "invalid";
  const { key, operator, values } = expression;
  const rule = operators.get(operator);
  const list: unknown = isNone(values) ? [] : values;
  if (typeof key !== "string" || !isKey(key) || !rule || !Array.isArray(list) || !list.every(isValue)) return "invalid";
  const [needs, has, other, absent] = rule;
  if (needs !== list.length > 0) return "invalid";
  const value = labels.get(key);
  if (value === undefined) return absent;
  return list.includes(value) ? has : other;
}

/** What `LabelSelectorAsSelector` and `Matches` answer, as the documentation of labels says it. */
function verdictOf(selector: unknown, labels: Labels): Verdict {
  if (isNone(selector)) return true;
  if (!isFields(selector)) return "invalid";
  const { matchLabels, matchExpressions } = selector;
  if (!isNone(matchLabels) && !isFields(matchLabels)) return "invalid";
  if (!isNone(matchExpressions) && !Array.isArray(matchExpressions)) return "invalid";
  const wanted = Object.entries((matchLabels ?? {}) as Fields);
  const verdicts = [
    ...wanted.map(([key, value]): Verdict => (isKey(key) && isValue(value) ? labels.get(key) === value : "invalid")),
    ...((matchExpressions ?? []) as unknown[]).map((expression) => ofExpression(expression, labels)),
  ];
  return verdicts.includes("invalid") ? "invalid" : !verdicts.includes(false);
}

/** The place and kind of a reason, without what was given. */
const kindOf = (reason: string): string =>
  reason
    .replaceAll(/\[[^\]]*\]/g, "[]")
    .replace(/ the key .*(?=, which)/s, " a key")
    .replace(/, got .*$/s, "");

export const labelSelector: Target = {
  name: "label-selector",
  isJson: true,
  dictionary: [
    ...[
      "matchLabels",
      "matchExpressions",
      "key",
      "operator",
      "values",
      "In",
      "NotIn",
      "Exists",
      "DoesNotExist",
      "Equals",
    ],
    ...[
      "app",
      "a",
      "b",
      "carrel.dev/group",
      "physics",
      "a/b/c",
      "/a",
      "a/",
      "-a",
      "a.",
      "x".repeat(63),
      "x".repeat(64),
    ],
    ...["in", "constructor", "__proto__", `${"x".repeat(250)}.x/a`, "A.b/c", "a b"],
  ],
  check: (text) => {
    let given: unknown;
    try {
      given = JSON.parse(text);
    } catch {
      return "no JSON";
    }
    const { selector, labels } = isFields(given) ? given : { selector: given, labels: {} };
    const own = Object.entries(isFields(labels) ? labels : {}).filter(([, value]) => typeof value === "string");
    const reasons: string[] = [];
    const read = parseSelector(selector, "s", reasons);
    const wanted = verdictOf(selector, new Map(own as [string, string][]));
    assert.equal(reasons.length > 0, wanted === "invalid", `reasons: ${reasons.join("; ")}`);
    if (wanted === "invalid") return kindOf(reasons[0] ?? "");
    const pod = Object.fromEntries(own) as Record<string, string>;
    assert.equal(matches(read, pod), wanted);
    assert.equal(unmet(read, pod) === undefined, wanted);
    const asked = new Set(read.map(({ operator }) => operator));
    return `${wanted} of ${[...asked].sort()}`;
  },
};
