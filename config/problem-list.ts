import type { Flaw } from "./checks.ts";
import { isKeyPath, isSection, keyAt, keyPaths, pathsIn, topLevelNames, topLevelOf, withoutIndex } from "./paths.ts";

const MAX_SHOWN = 80;

function shownValue(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}...` : text;
}

/** Where a path stands in the schema; what is unknown comes after what is known of the same object. */
function positionOf(path: string): number {
  const key = withoutIndex(path);
  if (isKeyPath(key)) return keyPaths.indexOf(key);
  const section = pathsIn(topLevelOf(key));
  const edge = section.at(isSection(key) ? 0 : -1);
  return edge === undefined ? keyPaths.length : keyPaths.indexOf(edge) + (isSection(key) ? 0 : 0.5);
}

/** Collects everything that is wrong with a configuration. */
export class ProblemList {
  readonly #secretKeys: ReadonlySet<string>;
  readonly #problems: { readonly path: string; readonly text: string }[] = [];

  /** @param secretKeys top-level keys that the stack stores encrypted */
  constructor(secretKeys: readonly string[] = []) {
    this.#secretKeys = new Set(secretKeys);
  }

  /** Records a wrong value, masked where it can be a secret. */
  addValue(path: string, value: unknown, flaw: Flaw & { readonly generalFix: string }): void {
    const isSecret = this.#isSecret(withoutIndex(path));
    const got = isSecret ? "[secret]" : shownValue(value);
    this.add(path, `${flaw.wrong}, got ${got}`, isSecret ? flaw.generalFix : (flaw.fix ?? flaw.generalFix));
  }

  /** Records a problem that shows no value. */
  add(path: string, wrong: string, fix: string): void {
    this.#problems.push({ path, text: `carrel:${path}: ${wrong}; ${fix}` });
  }

  /** Whether something is already said about the key, about the object it stands in, or about an item of it. */
  blames(path: string): boolean {
    return this.#problems.some((problem) => withoutIndex(problem.path) === path || problem.path === topLevelOf(path));
  }

  /** All problems, in the order of the schema. */
  texts(): readonly string[] {
    return this.#problems.toSorted((a, b) => positionOf(a.path) - positionOf(b.path)).map(({ text }) => text);
  }

  #isSecret(path: string): boolean {
    if (this.#secretKeys.has(topLevelOf(path))) return true;
    if (isKeyPath(path)) return keyAt(path).secret === true;
    // Of an object that cannot be read nobody knows which part is the secret one.
    return pathsIn(path).some((inner) => keyAt(inner).secret === true);
  }
}

/** The names that are known beside an unknown one. */
export function knownBeside(path: string): string {
  const inside = path.includes(".") ? pathsIn(topLevelOf(path)) : topLevelNames;
  return inside.map((name) => `carrel:${name}`).join(", ");
}
