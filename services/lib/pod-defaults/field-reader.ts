import { isObject, type JsonObject, type Named, type StringMap } from "./types.ts";

type Check<T> = (value: unknown) => value is T;

const isString = (value: unknown): value is string => typeof value === "string";
const isBoolean = (value: unknown): value is boolean => typeof value === "boolean";
const isFilled = (value: unknown): boolean => typeof value === "string" && value !== "";

/** Reads the fields of one object whose shape nobody has checked, and collects every reason why it cannot be used. */
export class FieldReader {
  readonly reasons: string[] = [];
  readonly #fields: JsonObject;
  readonly #at: string;

  constructor(given: unknown, at: string) {
    this.#at = at;
    this.#fields = isObject(given) ? given : {};
    if (given !== undefined && given !== null && !isObject(given)) this.#refuse("", "an object", given);
  }

  /** As it is, null as absent. */
  raw(field: string): unknown {
    return this.#fields[field] ?? undefined;
  }

  string(field: string): string | undefined {
    return this.#read(field, isString, "a text");
  }

  boolean(field: string): boolean | undefined {
    return this.#read(field, isBoolean, "true or false");
  }

  integer(field: string): number | undefined {
    return this.#read(field, (value): value is number => Number.isSafeInteger(value), "an integer");
  }

  object(field: string): JsonObject | undefined {
    return this.#read(field, isObject, "an object");
  }

  /** Absent and null are undefined, so that they can be told from an empty list. */
  strings(field: string): readonly string[] | undefined {
    const isStrings: Check<readonly string[]> = (value) => Array.isArray(value) && value.every(isString);
    return this.#read(field, isStrings, "a list of texts");
  }

  stringMap(field: string): StringMap {
    const isStringMap = (value: unknown): value is StringMap => isObject(value) && Object.values(value).every(isString);
    return this.#read(field, isStringMap, "a map of texts") ?? {};
  }

  objects(field: string): readonly JsonObject[] {
    const isList: Check<readonly unknown[]> = (value) => Array.isArray(value);
    const items = this.#read(field, isList, "a list") ?? [];
    items.forEach((item, i) => {
      if (!isObject(item)) this.#refuse(`.${field}[${i}]`, "an object", item);
    });
    return items.filter(isObject);
  }

  /** Objects of which each states the given texts. */
  keyed<T extends Named>(field: string, keys: readonly (keyof T & string)[]): readonly T[] {
    return this.objects(field).filter((item, i): item is T => {
      const missing = keys.filter((key) => !isFilled(item[key]));
      for (const key of missing) this.#refuse(`.${field}[${i}].${key}`, "a text", item[key]);
      return missing.length === 0;
    });
  }

  #read<T>(field: string, is: Check<T>, expected: string): T | undefined {
    const value = this.raw(field);
    if (value === undefined || is(value)) return value;
    this.#refuse(`.${field}`, expected, value);
    return undefined;
  }

  #refuse(where: string, expected: string, given: unknown): void {
    this.reasons.push(`${this.#at}${where} must be ${expected}, got ${JSON.stringify(given) ?? "nothing"}`);
  }
}
