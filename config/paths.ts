import type { Key } from "./key.ts";
import { type KeyPath, keys, type Section, sections } from "./schema.ts";

/** Every key's path, in the order of the schema. */
export const keyPaths = Object.keys(keys) as readonly KeyPath[];

/** The names of all sections, in the order of the schema. */
export const sectionNames = Object.keys(sections) as readonly Section[];

/** The names that stand at the top level of the stack's configuration, in the order of the schema. */
export const topLevelNames: readonly string[] = [...new Set(keyPaths.map((path) => topLevelOf(path)))];

/** `images` of `images.registry`, and `host` of `host`. */
export function topLevelOf(path: string): string {
  return path.split(/[.[]/, 1)[0] ?? path;
}

/** `registry` of `images.registry`, and `host` of `host`. */
export function leafOf(path: string): string {
  return path.slice(path.lastIndexOf(".") + 1);
}

/** `quota.accelerators` of `quota.accelerators[0]`, and `imageMirror.rules` of `imageMirror.rules[0].from`. */
export function withoutIndex(path: string): string {
  return path.replace(/\[\d+\].*$/, "");
}

export const isKeyPath = (path: string): path is KeyPath => Object.hasOwn(keys, path);

export const isSection = (name: string): name is Section => Object.hasOwn(sections, name);

/** The paths of a section's keys. */
export function pathsIn(section: string): readonly KeyPath[] {
  return keyPaths.filter((path) => path.startsWith(`${section}.`));
}

/** The key at a path, of whatever type. */
export function keyAt(path: KeyPath): Key {
  return keys[path];
}

/** Where an example stands in a value of a type. */
const exampleAt: Readonly<Partial<Record<Key["type"], string>>> = {
  "list of strings": "[0]",
  "list of rules": "[0].from",
};

/** The command that sets a key, with an example for its value. */
export function setCommand(path: KeyPath): string {
  const { type, example } = keyAt(path);
  const flags = path.includes(".") ? "--path " : "";
  const inside = exampleAt[type];
  const key = inside === undefined ? `carrel:${path}` : `'carrel:${path}${inside}'`;
  return `\`pulumi config set ${flags}${key} ${example}\``;
}

function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replace, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    previous = row;
  }
  return previous[b.length] ?? 0;
}

/** The known path that a wrong one most likely means, by its whole or its last part; undefined when none is near. */
export function nearestPath(wrong: string): string | undefined {
  const known = [...new Set([...topLevelNames, ...keyPaths])];
  const between = (a: string, b: string): number => editDistance(a.toLowerCase(), b.toLowerCase());
  // A key of the same name in another section is a guess that comes after a misspelling of the whole.
  const distance = (path: string): number => Math.min(between(wrong, path), between(leafOf(wrong), leafOf(path)) + 0.5);
  const [nearest] = known
    .map((path) => ({ path, at: distance(path), whole: between(wrong, path) }))
    .sort((a, b) => a.at - b.at || a.whole - b.whole);
  return nearest && nearest.at <= Math.ceil(leafOf(wrong).length / 3) ? nearest.path : undefined;
}
