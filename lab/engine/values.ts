import { isDeepStrictEqual } from "node:util";

/** A property value that must not be shown or stored in clear. */
export class Secret {
  readonly value: unknown;
  constructor(value: unknown) {
    this.value = value;
  }
}

class Unknown {
  toString(): string {
    return "[unknown]";
  }
}

/** A value that is known only after a step of this run, in previews. */
export const UNKNOWN: Unknown = new Unknown();

export type Props = Record<string, unknown>;

export function isRecord(value: unknown): value is Record<string, unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Secret) &&
    !(value instanceof Unknown)
  );
}

/** The same value with every leaf passed through `change`; containers are copied. */
export function mapValue(value: unknown, change: (leaf: unknown) => unknown): unknown {
  const changed = change(value);
  if (changed !== value) return changed;
  if (Array.isArray(value)) return value.map((item) => mapValue(item, change));
  if (isRecord(value))
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapValue(item, change)]));
  return value;
}

/** The plain value, as providers take it. */
export function revealed<T>(value: T): T {
  return mapValue(value, (leaf) => (leaf instanceof Secret ? revealed(leaf.value) : leaf)) as T;
}

/** The value as it may be shown. */
export function masked(value: unknown): unknown {
  return mapValue(value, (leaf) => (leaf instanceof Secret ? "[secret]" : leaf === UNKNOWN ? "[unknown]" : leaf));
}

export function hasUnknown(value: unknown): boolean {
  if (value === UNKNOWN) return true;
  if (value instanceof Secret) return hasUnknown(value.value);
  if (Array.isArray(value)) return value.some(hasUnknown);
  return isRecord(value) && Object.values(value).some(hasUnknown);
}

export function hasSecret(value: unknown): boolean {
  if (value instanceof Secret) return true;
  if (Array.isArray(value)) return value.some(hasSecret);
  return isRecord(value) && Object.values(value).some(hasSecret);
}

/** Marks in `target` what is secret at the same place in `source`. */
export function withSecretsOf(target: unknown, source: unknown): unknown {
  if (source instanceof Secret) return target instanceof Secret || target === undefined ? target : new Secret(target);
  if (Array.isArray(target) && Array.isArray(source)) return target.map((item, i) => withSecretsOf(item, source[i]));
  if (isRecord(target) && isRecord(source)) {
    return Object.fromEntries(Object.entries(target).map(([key, item]) => [key, withSecretsOf(item, source[key])]));
  }
  return target;
}

/** Marks top-level properties as secret by name. */
export function withSecretKeys(props: Props, keys: readonly string[]): Props {
  return Object.fromEntries(
    Object.entries(props).map(([key, value]) => [
      key,
      keys.includes(key) && !(value instanceof Secret) && value !== undefined ? new Secret(value) : value,
    ]),
  );
}

/** `a.b[0]["c.d"]` as its parts, as Pulumi writes property paths. */
export function parsePath(path: string): (string | number)[] {
  const parts = path.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+|\*)\]|([^.[\]]+)/gs);
  return [...parts].map(([, quoted, index, name]) =>
    index !== undefined && index !== "*" ? Number(index) : (quoted?.replaceAll(/\\(.)/gs, "$1") ?? index ?? name ?? ""),
  );
}

export function formatPath(parts: readonly (string | number)[]): string {
  return parts.reduce<string>((path, part) => {
    if (typeof part === "number") return `${path}[${part}]`;
    if (!/^[\w$-]+$/.test(part)) return `${path}["${part.replaceAll(/["\\]/g, "\\$&")}"]`;
    return path === "" ? part : `${path}.${part}`;
  }, "");
}

/** Whether `path` is at or below `pattern`; `*` matches any one part. */
export function isBelow(path: string, pattern: string): boolean {
  const wanted = parsePath(pattern);
  const parts = parsePath(path);
  return wanted.every((part, i) => part === "*" || String(part) === String(parts[i]));
}

export interface PropertyDiff {
  readonly path: string;
  readonly kind: "add" | "delete" | "update";
  readonly old?: unknown;
  readonly new?: unknown;
  /** Whether this property cannot be changed in place. */
  readonly replaces?: boolean;
}

/** The leaves in which two values differ; arrays are compared item by item. */
export function diffValues(old: unknown, next: unknown, at: readonly (string | number)[] = []): PropertyDiff[] {
  if (isDeepStrictEqual(old, next)) return [];
  if (isRecord(old) && isRecord(next)) {
    const keys = [...new Set([...Object.keys(old), ...Object.keys(next)])].sort();
    // A key may be called `constructor`.
    const own = (record: Props, key: string): unknown => (Object.hasOwn(record, key) ? record[key] : undefined);
    return keys.flatMap((key) => diffValues(own(old, key), own(next, key), [...at, key]));
  }
  if (Array.isArray(old) && Array.isArray(next)) {
    const length = Math.max(old.length, next.length);
    return Array.from({ length }, (_, i) => diffValues(old[i], next[i], [...at, i])).flat();
  }
  const path = formatPath(at);
  if (old === undefined) return [{ path, kind: "add", new: next }];
  if (next === undefined) return [{ path, kind: "delete", old }];
  return [{ path, kind: "update", old, new: next }];
}

/** A copy of `target` in which the value at `path` is that of `source`, or is gone where `source` has none. */
export function withPathOf(target: Props, source: Props, path: string): Props {
  return taken(target, source, parsePath(path)) as Props;
}

function taken(to: unknown, from: unknown, [part, ...rest]: readonly (string | number)[]): unknown {
  if (part === undefined) return from;
  if (to instanceof Secret) return new Secret(taken(to.value, plain(from), [part, ...rest]));
  const there = children(plain(from));
  const here = children(to);
  if (here === undefined) return to;
  const keys = part === "*" ? [...new Set([...here.keys(), ...(there?.keys() ?? [])])] : [String(part)];
  for (const key of keys) {
    // What `to` has no place for is left out, and a missing value inside a list keeps the places of the others.
    if (!here.has(key) && (rest.length > 0 || Array.isArray(to))) continue;
    const value = taken(here.get(key), there?.get(key), rest);
    if (value === undefined && !Array.isArray(to)) here.delete(key);
    else here.set(key, value);
  }
  return Array.isArray(to) ? [...here.values()] : Object.fromEntries(here);
}

const plain = (value: unknown): unknown => (value instanceof Secret ? value.value : value);

function children(value: unknown): Map<string, unknown> | undefined {
  return Array.isArray(value) || isRecord(value) ? new Map(Object.entries(value)) : undefined;
}

/** The value at `path`, or the secret that it lies in. */
export function valueAt(value: unknown, path: string): unknown {
  return parsePath(path).reduce<unknown>(
    (at, part) => (at instanceof Secret ? at : children(at)?.get(String(part))),
    value,
  );
}
