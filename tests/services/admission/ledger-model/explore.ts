import { type Script, scriptOf, stepText } from "./script.ts";
import type { Variant } from "./variants.ts";
import { type Counts, World } from "./world.ts";

/** So many schedules go on side by side: what they have promised happens for all at once. */
const ABREAST = 16;

export interface Found {
  readonly seed: number;
  readonly violations: readonly string[];
}

export interface Explored {
  readonly schedules: number;
  /** In the order in which they were found. */
  readonly found: readonly Found[];
  readonly counts: Readonly<Record<string, number>>;
}

export interface Search {
  readonly from: number;
  readonly to: number;
  readonly variant: Variant;
  /** Stops after so many schedules that fail. */
  readonly most: number;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Plays the schedules of seeds `from` until before `to`. */
export async function explore({ from, to, variant, most }: Search): Promise<Explored> {
  const counts: Counts = new Map();
  const found: Found[] = [];
  let next = from;
  let open: (readonly [number, World])[] = [];
  while (open.length > 0 || (next < to && found.length < most)) {
    while (open.length < ABREAST && next < to && found.length < most) {
      open.push([next, new World(scriptOf(next), variant, counts)]);
      next++;
    }
    const stays: typeof open = [];
    for (const [seed, world] of open) {
      if (world.step()) stays.push([seed, world]);
      else if (world.audit.violations.length > 0) found.push({ seed, violations: world.audit.violations });
    }
    open = stays;
    await settled();
  }
  return { schedules: next - from, found, counts: Object.fromEntries(counts) };
}

/** What one schedule violates. */
export async function play(script: Script, variant: Variant, write?: (line: string) => void): Promise<string[]> {
  const world = new World(script, variant, new Map(), write);
  do await settled();
  while (world.step());
  return world.audit.violations;
}

/** A schedule without the steps that it fails without. */
export async function shrink(script: Script, variant: Variant): Promise<Script> {
  let smallest = script;
  for (let i = 0; i < smallest.steps.length; ) {
    const fewer = { ...smallest, steps: smallest.steps.toSpliced(i, 1) };
    if ((await play(fewer, variant)).length > 0) {
      smallest = fewer;
      i = 0;
    } else i++;
  }
  return smallest;
}

/** A schedule that fails, as short as it can be, with all that happens in it and how to see it again. */
export async function report(seed: number, variant: Variant): Promise<string> {
  const script = scriptOf(seed);
  const smallest = await shrink(script, variant);
  const dropped = script.steps.flatMap((step, i) => (smallest.steps.includes(step) ? [] : [i]));
  const lines: string[] = [];
  const violations = await play(smallest, variant, (line) => lines.push(line));
  const { speeds, quota, memberQuota } = script;
  return [
    `schedule ${seed}: ${violations.join("; ")}`,
    `clocks ${speeds.join(", ")}; quota ${quota}, of a member ${memberQuota ?? "any"}`,
    ...smallest.steps.map((step) => `  ${stepText(step)}`),
    ...lines,
    `again: CARREL_LEDGER_SEED=${seed} CARREL_LEDGER_DROP=${dropped.join(",")} mocha tests/services/admission/ledger-model.spec.ts`,
  ].join("\n");
}
