import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { oneOf, seeded } from "../services/admission/simulation/time.ts";
import { mutated } from "./mutations.ts";

/** What is fuzzed, with what tells right from wrong. */
export interface Target {
  /** Of the folder of its corpus. */
  readonly name: string;
  readonly isJson: boolean;
  readonly dictionary: readonly string[];
  /** Throws where the subject is wrong; otherwise names the kind of outcome, by which inputs are kept. */
  readonly check: (input: string) => string | Promise<string>;
}

export interface Fuzzed {
  readonly runs: number;
  /** The kinds of outcomes, each with the first input that had it. */
  readonly outcomes: ReadonlyMap<string, string>;
}

const corpora = join(import.meta.dirname, "corpus");

/** The inputs that are kept for a target, by file name. */
export function corpusOf(name: string): ReadonlyMap<string, string> {
  const folder = join(corpora, name);
  const files = readdirSync(folder).sort();
  return new Map(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

function keep(name: string, input: string): void {
  const folder = join(corpora, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, createHash("sha256").update(input).digest("hex").slice(0, 12)), input);
}

async function checked(target: Target, input: string, from: string): Promise<string> {
  try {
    return await target.check(input);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${target.name}, ${from}: ${JSON.stringify(input)}\n${reason}`, { cause: error });
  }
}

/**
 * Checks the corpus and then mutations of it. What has a new kind of outcome is mutated further, and written to the
 * corpus where CARREL_FUZZ_KEEP is 1.
 */
export async function fuzz(target: Target, runs: number, seed: number): Promise<Fuzzed> {
  const random = seeded(seed);
  const outcomes = new Map<string, string>();
  const corpus = corpusOf(target.name);
  for (const [file, input] of corpus) outcomes.set(await checked(target, input, `corpus/${file}`), input);
  const pool = [...corpus.values()];
  for (let i = 0; i < runs; i++) {
    const input = mutated(oneOf(random, pool), random, { ...target, others: pool });
    const outcome = await checked(target, input, `seed ${seed}, run ${i}`);
    if (outcomes.has(outcome)) continue;
    outcomes.set(outcome, input);
    pool.push(input);
    // What no file can hold comes again from its neighbours.
    if (process.env["CARREL_FUZZ_KEEP"] === "1" && input.isWellFormed()) keep(target.name, input);
  }
  return { runs, outcomes };
}
