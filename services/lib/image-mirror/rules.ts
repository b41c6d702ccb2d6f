import { type Circle, findCircles } from "./circles.ts";
import { shown } from "./grammar.ts";
import { type PrefixFlaw, parsePrefix } from "./prefix.ts";

/** Images below `from` come from below `to`; both are registries, or registries with a repository. */
export interface MirrorRule {
  readonly from: string;
  readonly to: string;
}

/** What to do with an image that no rule covers. */
export const OnMissing = { keep: "keep", refuse: "refuse" } as const;
export type OnMissing = (typeof OnMissing)[keyof typeof OnMissing];

/** The one setting that the webhook, the program and the image build read. */
export interface MirrorSetting {
  readonly rules: readonly MirrorRule[];
  /** Prefixes whose images are left alone, also with `refuse`, and inside a rule's `from`. */
  readonly exempt: readonly string[];
  readonly onMissing: OnMissing;
}

/** One thing that is wrong in a setting. */
export interface MirrorProblem extends PrefixFlaw {
  /** Where, as `imageMirror.rules[2].to`. */
  readonly path: string;
  readonly given: unknown;
}

/** A right value, or everything that is wrong with it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly problems: readonly MirrorProblem[] };

/** A problem as one line for people. */
export function problemText({ path, given, wrong, fix }: MirrorProblem): string {
  return `${path} ${wrong}, got ${shown(given)}: ${fix}`;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const listFlaw: PrefixFlaw = { wrong: "must be a list", fix: "write it as a list, one item a line" };

function unknownKeys(value: object, known: readonly string[], path: string): MirrorProblem[] {
  const fix = `leave it out: the keys are ${known.join(", ")}`;
  const names = Object.keys(value).filter((name) => !known.includes(name));
  return names.map((name) => ({ path, given: name, wrong: "has an unknown key", fix }));
}

function parseSide(value: unknown, path: string, problems: MirrorProblem[]): string | undefined {
  const side = parsePrefix(value);
  if (typeof side === "string") return side;
  problems.push({ path, given: value, ...side });
  return undefined;
}

function parseRule(value: unknown, path: string, problems: MirrorProblem[]): MirrorRule | undefined {
  if (!isObject(value)) {
    problems.push({ path, given: value, wrong: "must be an object", fix: "write from: and to:" });
    return undefined;
  }
  problems.push(...unknownKeys(value, ["from", "to"], path));
  const from = parseSide(value["from"], `${path}.from`, problems);
  const to = parseSide(value["to"], `${path}.to`, problems);
  return from === undefined || to === undefined ? undefined : { from, to };
}

function circleFlaw(circle: Circle, pathOf: (rule: number) => string): PrefixFlaw {
  if (circle.kind === "itself") {
    return { wrong: "must not be the rule's own from", fix: "to leave images alone, list the prefix under exempt" };
  }
  if (circle.kind === "into-itself") {
    return { wrong: "must not stand above or below the rule's own from", fix: "mirror to a registry of its own" };
  }
  if (circle.kind === "loop") {
    const way = circle.rules.map(pathOf).join(" -> ");
    return { wrong: `must not lead back to its own rule (${way})`, fix: "remove one of these rules" };
  }
  const next = pathOf(circle.rule);
  return { wrong: `must not be what ${next} reads`, fix: `write the to of ${next} here, or narrow its from` };
}

/** The places at which a prefix stands already, later ones first found. */
function repeated(prefixes: readonly { readonly prefix: string; readonly path: string }[]): MirrorProblem[] {
  const first = new Map<string, string>();
  return prefixes.flatMap(({ prefix, path }) => {
    const earlier = first.get(prefix);
    if (earlier === undefined) first.set(prefix, path);
    return earlier === undefined
      ? []
      : [{ path, given: prefix, wrong: `must not repeat ${earlier}`, fix: "keep one of the two" }];
  });
}

/** Reads a list of rules. @param path of the list, for problems */
export function parseRules(value: unknown, path: string = "imageMirror.rules"): Parsed<readonly MirrorRule[]> {
  if (!Array.isArray(value)) return { ok: false, problems: [{ path, given: value, ...listFlaw }] };
  const problems: MirrorProblem[] = [];
  const rules = value.flatMap((item: unknown, i) => {
    const rule = parseRule(item, `${path}[${i}]`, problems);
    return rule === undefined ? [] : [{ ...rule, path: `${path}[${i}]` }];
  });
  problems.push(...repeated(rules.map((rule) => ({ prefix: rule.from, path: `${rule.path}.from` }))));
  const pathOf = (i: number): string => rules[i]?.path ?? path;
  for (const [i, circle] of findCircles(rules)) {
    problems.push({ path: `${pathOf(i)}.to`, given: rules[i]?.to, ...circleFlaw(circle, pathOf) });
  }
  if (problems.length > 0) return { ok: false, problems };
  return { ok: true, value: rules.map(({ from, to }) => ({ from, to })) };
}

/** Reads the whole setting: `rules`, and optionally `exempt` and `onMissing`, which is `keep`. @param path for problems */
export function parseMirrorSetting(value: unknown, path: string = "imageMirror"): Parsed<MirrorSetting> {
  if (!isObject(value)) {
    return { ok: false, problems: [{ path, given: value, wrong: "must be an object", fix: "write rules: below it" }] };
  }
  const { rules = [], exempt = [], onMissing = OnMissing.keep } = value;
  const parsed = parseRules(rules, `${path}.rules`);
  const problems = [
    ...unknownKeys(value, ["rules", "exempt", "onMissing"], path),
    ...(parsed.ok ? [] : parsed.problems),
  ];
  const at = (i: number): string => `${path}.exempt[${i}]`;
  if (!Array.isArray(exempt)) problems.push({ path: `${path}.exempt`, given: exempt, ...listFlaw });
  const items: unknown[] = Array.isArray(exempt) ? exempt : [];
  const kept = items.flatMap((item, i) => parseSide(item, at(i), problems) ?? []);
  if (onMissing !== OnMissing.keep && onMissing !== OnMissing.refuse) {
    const fix = "keep leaves images that no rule covers, refuse refuses their pods";
    problems.push({ path: `${path}.onMissing`, given: onMissing, wrong: "must be keep or refuse", fix });
    return { ok: false, problems };
  }
  if (!parsed.ok || problems.length > 0) return { ok: false, problems };
  const froms = parsed.value.map(({ from }, i) => ({ prefix: from, path: `${path}.rules[${i}].from` }));
  problems.push(...repeated([...froms, ...kept.map((prefix, i) => ({ prefix, path: at(i) }))]));
  if (onMissing === OnMissing.refuse && froms.length + kept.length === 0) {
    const fix = "write rules, or set onMissing to keep";
    problems.push({ path: `${path}.rules`, given: rules, wrong: "must not be empty with onMissing refuse", fix });
  }
  return problems.length > 0
    ? { ok: false, problems }
    : { ok: true, value: { rules: parsed.value, exempt: kept, onMissing } };
}
