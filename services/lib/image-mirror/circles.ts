import { overlap } from "./prefix.ts";

/** The two sides of a rule, as `parsePrefix` reads them. */
export interface RuleSides {
  readonly from: string;
  readonly to: string;
}

/** The shortest way from a rule back to itself, as positions; undefined where there is none. */
function circleOf(start: number, next: readonly (readonly number[])[]): readonly number[] | undefined {
  const seen = new Set<number>();
  const ways: (readonly number[])[] = [[start]];
  for (const way of ways) {
    for (const rule of next[way.at(-1) ?? start] ?? []) {
      if (rule === start) return [...way, start];
      if (!seen.has(rule)) ways.push([...way, rule]);
      seen.add(rule);
    }
  }
  return undefined;
}

/** What is wrong with where a rule leads. */
export type Circle =
  | { readonly kind: "itself" }
  | { readonly kind: "into-itself" }
  | { readonly kind: "loop"; readonly rules: readonly number[] }
  | { readonly kind: "chain"; readonly rule: number };

/**
 * Rules whose mirrored images would be read by a rule again, by position. Without them no image that was written is
 * ever rewritten, which is what makes rewriting idempotent.
 */
export function findCircles(rules: readonly RuleSides[]): ReadonlyMap<number, Circle> {
  const next = rules.map(({ to }, i) => rules.flatMap(({ from }, j) => (i !== j && overlap(to, from) ? [j] : [])));
  const found = new Map<number, Circle>();
  for (const [i, { from, to }] of rules.entries()) {
    const loop = circleOf(i, next);
    const [first] = next[i] ?? [];
    if (from === to) found.set(i, { kind: "itself" });
    else if (overlap(from, to)) found.set(i, { kind: "into-itself" });
    else if (loop) found.set(i, { kind: "loop", rules: loop });
    else if (first !== undefined) found.set(i, { kind: "chain", rule: first });
  }
  return found;
}
