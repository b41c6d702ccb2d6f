import { oneOf, type Random } from "../services/admission/simulation/time.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
interface Fields {
  [key: string]: Json;
}
interface Place {
  readonly holder: Json[] | Fields;
  readonly key: string | number;
}

const LONGEST = 4_000;
const below = (random: Random, end: number): number => Math.floor(random() * end);
const characters = [
  ..." \t\n\"'\\/{}[]:,.-+_@%&<>aAzZ09eE",
  ...["\u0000", "\u007f", "\u0085", "\u00e9", "\u0661", "\u2028", "\ufeff", "\ud800", "\udc00", "\u{1f600}"],
];
/** Values that programs forget. */
const odd: readonly Json[] = [
  ...[null, true, false, 0, -1, 1.5, 1e21, -0, 2 ** 53],
  ...["", " ", "0", "true", "null", "pods", "CREATE", "__proto__", "a".repeat(300), "\u0000", "\ud800"],
  ...[[], {}, [null], [[]], { "": "" }, { constructor: "a" }, { toString: null }],
];
const oddKeys = ["", "__proto__", "constructor", "toString", "hasOwnProperty", "length", "0", "uid", "name"];

/** Replaces what is between two places of a text. */
const replaced = (text: string, from: number, to: number, by: string): string =>
  text.slice(0, from) + by + text.slice(to);

type Mutation = (text: string, random: Random, others: readonly string[], dictionary: readonly string[]) => string;

const flip: Mutation = (text, random) => {
  const at = below(random, text.length);
  return replaced(text, at, at + 1, String.fromCharCode((text.charCodeAt(at) || 0) ^ (1 << below(random, 8))));
};
const insert: Mutation = (text, random) => {
  const at = below(random, text.length + 1);
  return replaced(text, at, at, oneOf(random, characters));
};
const remove: Mutation = (text, random) => {
  const at = below(random, text.length);
  return replaced(text, at, at + 1 + below(random, Math.min(8, text.length)), "");
};
const repeat: Mutation = (text, random) => {
  const [at, length] = [below(random, text.length), 1 + below(random, 12)];
  const times = random() < 0.1 ? below(random, 80) : 1 + below(random, 3);
  return replaced(text, at, at, text.slice(at, at + length).repeat(times));
};
const splice: Mutation = (text, random, others) => {
  const other = oneOf(random, others);
  return text.slice(0, below(random, text.length + 1)) + other.slice(below(random, other.length + 1));
};
const token: Mutation = (text, random, _others, dictionary) => {
  const at = below(random, text.length + 1);
  return replaced(text, at, at + (random() < 0.5 ? 0 : below(random, 6)), oneOf(random, dictionary));
};
const ofText: readonly Mutation[] = [flip, insert, remove, repeat, splice, token, token];

function places(value: Json): Place[] {
  const found: Place[] = [];
  const visit = (holder: Json): void => {
    if (typeof holder !== "object" || holder === null) return;
    for (const key of Object.keys(holder)) {
      found.push({ holder, key });
      visit((holder as Fields)[key] ?? null);
    }
  };
  visit(value);
  return found;
}

const valueAt = ({ holder, key }: Place): Json => (holder as Fields)[key] ?? null;
function put({ holder, key }: Place, value: Json): void {
  // A key such as __proto__ is data here.
  Object.defineProperty(holder, key, { value, enumerable: true, writable: true, configurable: true });
}

type Change = (place: Place, all: readonly Place[], random: Random, dictionary: readonly string[]) => void;
const changes: readonly Change[] = [
  (place, _all, random) => put(place, structuredClone(oneOf(random, odd))),
  (place, _all, random, dictionary) => put(place, oneOf(random, dictionary)),
  (place, all, random) => put(place, structuredClone(valueAt(oneOf(random, all)))),
  (place) => put(place, [valueAt(place)]),
  ({ holder, key }) => {
    if (Array.isArray(holder)) holder.splice(Number(key), 1);
    else delete holder[key];
  },
  ({ holder, key }, _all, random, dictionary) => {
    const name = oneOf(random, random() < 0.5 ? oddKeys : dictionary);
    const value = valueAt({ holder, key });
    if (Array.isArray(holder)) holder.push(value);
    else put({ holder, key: name }, value);
  },
  (place, _all, random) => {
    const value = valueAt(place);
    if (typeof value === "number") put(place, value * oneOf(random, [-1, 10, 0.1, 2 ** 40]));
    else put(place, JSON.stringify(value));
  },
];

/** A key once more, with another value: what readers disagree about. */
function doubled(text: string, random: Random): string {
  const keys = [...text.matchAll(/"(\w+)":/g)];
  if (keys.length === 0) return text;
  const { index, 1: key = "" } = oneOf(random, keys);
  return replaced(text, index, index, `"${key}":${JSON.stringify(oneOf(random, odd))},`);
}

/** The same JSON with one place of it changed; a text that is no JSON stays as it is. */
function changedJson(text: string, random: Random, dictionary: readonly string[]): string {
  let root: Json;
  try {
    root = { root: JSON.parse(text) as Json };
  } catch {
    return text;
  }
  const all = places(root);
  oneOf(random, changes)(oneOf(random, all), all, random, dictionary);
  const { root: changed = null } = root as Fields;
  const written = JSON.stringify(changed);
  return random() < 0.1 ? doubled(written, random) : written;
}

export interface Material {
  readonly others: readonly string[];
  readonly dictionary: readonly string[];
  readonly isJson: boolean;
}

/** A text that is a little other than the one that is given. */
export function mutated(text: string, random: Random, { others, dictionary, isJson }: Material): string {
  let result = text;
  const rounds = random() < 0.6 ? 1 : 1 + below(random, 4);
  for (let i = 0; i < rounds; i++) {
    if (isJson && random() < 0.75) result = changedJson(result, random, dictionary);
    else result = oneOf(random, ofText)(result, random, others, dictionary);
  }
  return result.slice(0, LONGEST);
}
