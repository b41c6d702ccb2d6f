import type { Flaw } from "./checks.ts";
import type { Key } from "./key.ts";
import { isMirrorPath, readMirror } from "./mirror.ts";
import { isKeyPath, keyAt, nearestPath, pathsIn, setCommand, topLevelNames, withoutIndex } from "./paths.ts";
import { knownBeside, type ProblemList } from "./problem-list.ts";
import type { KeyPath, ValueAt } from "./schema.ts";

/** The configuration's right values by path; what is absent or wrong is not there. */
export type Given = { readonly [P in KeyPath]?: ValueAt<P> };

type Values = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Values =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The content of a section, or undefined with a problem recorded. */
function sectionContent(name: string, text: string, problems: ProblemList): Values | undefined {
  const value = parsed(text);
  if (isObject(value)) return value;
  const [first] = pathsIn(name);
  const wrong = value === text && /^\s*[{[]/.test(text) ? "must be valid JSON" : "must be an object";
  const generalFix = `set its keys one by one, as with ${first === undefined ? "--path" : setCommand(first)}`;
  problems.addValue(name, value, { wrong, generalFix });
  return undefined;
}

const typeRules = {
  string: { wrong: "must be text", is: (value: unknown) => typeof value === "string" },
  boolean: { wrong: "must be true or false", is: (value: unknown) => typeof value === "boolean" },
  integer: { wrong: "must be a number", is: (value: unknown) => typeof value === "number" },
  "list of strings": { wrong: "must be a list", is: (value: unknown) => Array.isArray(value) },
  "list of rules": { wrong: "must be a list", is: (value: unknown) => Array.isArray(value) },
} as const satisfies Readonly<Record<Key["type"], { wrong: string; is: (value: unknown) => boolean }>>;

/** How to mend a value of the wrong type, where only its notation is wrong. */
function notationFix(type: Key["type"], value: unknown): string | undefined {
  if (type === "string" && (typeof value === "number" || typeof value === "boolean")) return "write it in quotes";
  if (typeof value !== "string") return undefined;
  if (type === "list of strings") return `write it as a list, ${JSON.stringify([value])}`;
  return typeRules[type].is(parsed(value)) ? "write it without quotes" : undefined;
}

function scalarFlaw(key: Key, value: unknown): Flaw | undefined {
  if (!typeRules[key.type].is(value)) {
    // Of a choice, no number and no boolean is right in quotes either.
    const isChoice = key.type === "string" && key.options !== undefined;
    const fix = isChoice ? undefined : notationFix(key.type, value);
    return { wrong: typeRules[key.type].wrong, ...(fix === undefined ? {} : { fix }) };
  }
  if (key.type === "string" && key.options?.includes(String(value)) === false) {
    const meant = key.options.find((option) => option.toLowerCase() === String(value).toLowerCase());
    const wrong = `must be one of ${key.options.join(", ")}`;
    return meant === undefined ? { wrong } : { wrong, fix: `write "${meant}"` };
  }
  if (key.type === "string") return key.check?.(String(value));
  return key.type === "integer" ? key.check?.(Number(value)) : undefined;
}

/** Finds items that have in common with an earlier one what `distinctBy` reads. */
function repeatCheck(
  path: string,
  distinctBy: (item: string) => string,
): (item: string, i: number) => Flaw | undefined {
  const first = new Map<string, number>();
  return (item, i) => {
    const earlier = first.get(distinctBy(item));
    if (earlier !== undefined)
      return { wrong: `must not repeat carrel:${path}[${earlier}]`, fix: "keep one of the two" };
    first.set(distinctBy(item), i);
    return undefined;
  };
}

/** What is wrong with a list as a whole or with each of its items, by path. */
function listFlaws(
  path: string,
  key: Key & { type: "list of strings" },
  items: readonly unknown[],
): [string, unknown, Flaw][] {
  if (key.atLeastOne && items.length === 0) return [[path, items, { wrong: "must have at least one item" }]];
  const repeats = key.distinctBy && repeatCheck(path, key.distinctBy);
  return items.flatMap((item, i) => {
    const flaw = typeof item === "string" ? (key.check?.(item) ?? repeats?.(item, i)) : { wrong: "must be text" };
    return flaw === undefined ? [] : [[`${path}[${i}]`, item, flaw] as [string, unknown, Flaw]];
  });
}

function flawsOf(path: KeyPath, value: unknown): [string, unknown, Flaw][] {
  const key = keyAt(path);
  if (key.type === "list of strings" && Array.isArray(value)) return listFlaws(path, key, value);
  const flaw = scalarFlaw(key, value);
  return flaw === undefined ? [] : [[path, value, flaw]];
}

function reportUnknown(path: string, problems: ProblemList): void {
  const flat = withoutIndex(path);
  if (isKeyPath(flat) && flat.includes(".")) {
    // `pulumi config set` without --path keeps the dot in the name.
    problems.add(
      path,
      "is stored as one flat key with a dot in its name",
      `remove it and set it with ${setCommand(flat)}`,
    );
    return;
  }
  const nearest = nearestPath(path);
  const fix = nearest === undefined ? `known are ${knownBeside(path)}` : `did you mean carrel:${nearest}?`;
  problems.add(path, "is not a known key", fix);
}

/** Every given value by its path; texts at the top level that are empty count as not given, as Pulumi.yaml says. */
function flatten(raw: Readonly<Record<string, string>>, problems: ProblemList): Map<string, unknown> {
  const values = new Map<string, unknown>();
  for (const [name, text] of Object.entries(raw)) {
    if (!topLevelNames.includes(name)) reportUnknown(name, problems);
    else if (text === "") continue;
    else if (isKeyPath(name)) values.set(name, keyAt(name).type === "string" ? text : parsed(text));
    else {
      const content = sectionContent(name, text, problems) ?? {};
      for (const [inner, value] of Object.entries(content)) values.set(`${name}.${inner}`, value);
    }
  }
  return values;
}

/** Checks every value by itself; all problems go to `problems`. */
export function validate(raw: Readonly<Record<string, string>>, problems: ProblemList): Given {
  const values = flatten(raw, problems);
  const right = new Map<string, unknown>();
  for (const [path, value] of values) {
    if (!isKeyPath(path)) {
      reportUnknown(path, problems);
      continue;
    }
    if (isMirrorPath(path)) continue;
    const flaws = flawsOf(path, value);
    for (const [at, wrong, flaw] of flaws) problems.addValue(at, wrong, { ...flaw, generalFix: keyAt(path).fix });
    if (flaws.length === 0) right.set(path, value);
  }
  // Each value was just found to be of the type that the schema gives its path.
  return { ...(Object.fromEntries(right) as Given), ...readMirror(values, problems) };
}
