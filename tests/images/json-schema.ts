/** A JSON schema, as far as CycloneDX uses it. */
type Schema = Readonly<Record<string, unknown>>;
type Keyword = (rule: unknown, value: unknown, path: string, root: Schema) => string[];

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value)) return "integer";
  return value === null ? "null" : typeof value;
}

const when = (wrong: boolean, problem: string): string[] => (wrong ? [problem] : []);

function resolve(ref: string, root: Schema): Schema {
  // Other files list licences and signatures; this one describes the document.
  if (!ref.startsWith("#/")) return {};
  return ref
    .slice(2)
    .split("/")
    .reduce((schema, key) => schema[key] as Schema, root);
}

const branches = (rule: unknown, value: unknown, path: string, root: Schema): string[][] =>
  (rule as Schema[]).map((schema) => problemsOf(schema, value, path, root));
const valid = (problems: string[]): boolean => problems.length === 0;

function unknownKeys(value: Record<string, unknown>, schema: Schema, path: string): string[] {
  if (schema["additionalProperties"] !== false) return [];
  const [known, patterns] = [schema["properties"] ?? {}, Object.keys(schema["patternProperties"] ?? {})];
  return Object.keys(value)
    .filter((key) => !(key in (known as object)) && !patterns.some((pattern) => new RegExp(pattern).test(key)))
    .map((key) => `${path}: unknown ${key}`);
}

const keywords: Readonly<Record<string, Keyword>> = {
  $ref: (rule, value, path, root) => problemsOf(resolve(rule as string, root), value, path, root),
  type: (rule, value, path) => {
    const types = [rule].flat();
    const found = typeOf(value);
    return when(
      !types.includes(found) && !(found === "integer" && types.includes("number")),
      `${path}: ${found}, not ${types}`,
    );
  },
  enum: (rule, value, path) => when(!(rule as unknown[]).includes(value), `${path}: not of the enumeration`),
  const: (rule, value, path) => when(rule !== value, `${path}: not ${rule}`),
  pattern: (rule, value, path) =>
    when(typeof value === "string" && !new RegExp(rule as string, "u").test(value), `${path}: not like ${rule}`),
  minLength: (rule, value, path) =>
    when(typeof value === "string" && value.length < Number(rule), `${path}: too short`),
  maxLength: (rule, value, path) => when(typeof value === "string" && value.length > Number(rule), `${path}: too long`),
  minimum: (rule, value, path) => when(typeof value === "number" && value < Number(rule), `${path}: too small`),
  maximum: (rule, value, path) => when(typeof value === "number" && value > Number(rule), `${path}: too large`),
  uniqueItems: (rule, value, path) =>
    when(
      rule === true && Array.isArray(value) && new Set(value.map((item) => JSON.stringify(item))).size < value.length,
      `${path}: repeats itself`,
    ),
  required: (rule, value, path) =>
    isObject(value) ? (rule as string[]).filter((key) => !(key in value)).map((key) => `${path}: no ${key}`) : [],
  properties: (rule, value, path, root) =>
    isObject(value)
      ? Object.entries(rule as Record<string, Schema>).flatMap(([key, schema]) =>
          key in value ? problemsOf(schema, value[key], `${path}.${key}`, root) : [],
        )
      : [],
  minItems: (rule, value, path) => when(Array.isArray(value) && value.length < Number(rule), `${path}: too few`),
  maxItems: (rule, value, path) => when(Array.isArray(value) && value.length > Number(rule), `${path}: too many`),
  items: (rule, value, path, root) => {
    const schemaOf = (i: number): Schema => (Array.isArray(rule) ? ((rule[i] ?? {}) as Schema) : (rule as Schema));
    return Array.isArray(value) ? value.flatMap((item, i) => problemsOf(schemaOf(i), item, `${path}[${i}]`, root)) : [];
  },
  anyOf: (rule, value, path, root) => when(!branches(rule, value, path, root).some(valid), `${path}: no alternative`),
  oneOf: (rule, value, path, root) =>
    when(branches(rule, value, path, root).filter(valid).length !== 1, `${path}: not exactly one alternative`),
  allOf: (rule, value, path, root) => branches(rule, value, path, root).flat(),
};

const silent = new Set([
  ...["$schema", "$id", "$comment", "title", "description", "examples", "default", "format", "deprecated"],
  // Where CycloneDX forbids additional items, it bounds their number too.
  "additionalItems",
  ...["definitions", "meta:enum", "additionalProperties", "patternProperties"],
]);

/** What is wrong with a value by a schema. @throws Error at a keyword that this does not know */
export function problemsOf(schema: Schema, value: unknown, path = "$", root: Schema = schema): string[] {
  const unknown = Object.keys(schema).find((keyword) => !(keyword in keywords) && !silent.has(keyword));
  if (unknown !== undefined) throw new Error(`${path}: the schema uses ${unknown}, which this test cannot check`);
  const found = Object.entries(schema).flatMap(([keyword, rule]) => keywords[keyword]?.(rule, value, path, root) ?? []);
  return isObject(value) ? [...found, ...unknownKeys(value, schema, path)] : found;
}
