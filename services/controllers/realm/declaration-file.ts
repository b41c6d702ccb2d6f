import { reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { RealmDeclaration } from "./declaration.ts";

/** The content of a secret by its name; nothing where there is none. */
export type ReadSecret = (name: string) => string | undefined;

/** What a site adds to the realm, and every secret that it named. */
export interface Additions {
  readonly additions: Partial<RealmDeclaration>;
  readonly secrets: ReadonlySet<string>;
}

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isFields = (value: unknown): value is Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isText: Check = (value) => typeof value === "string" && value !== "";
const isBoolean: Check = (value) => typeof value === "boolean";
const isTexts: Check = (value) => Array.isArray(value) && value.every((one) => typeof one === "string");
const isPlain: Check = (value) => ["string", "number", "boolean"].includes(typeof value) || isTexts(value);
const mapOf =
  (check: Check): Check =>
  (value) =>
    isFields(value) && Object.values(value).every(check);
const isString: Check = (value) => typeof value === "string";

interface Shape {
  readonly required: Readonly<Record<string, Check>>;
  /** With what a field is where it is not written. */
  readonly optional: Readonly<Record<string, readonly [Check, unknown]>>;
}

/** One list of named things inside another; its own shape. */
const mapper: Shape = { required: { name: isText, type: isText }, optional: { config: [mapOf(isString), {}] } };
const component: Shape = { required: { name: isText, providerId: isText }, optional: { config: [mapOf(isTexts), {}] } };

const shapes: Readonly<Record<string, Shape & { readonly mappers?: Shape }>> = {
  scopes: {
    required: { name: isText },
    optional: { description: [isString, ""], attributes: [mapOf(isString), {}], isDefault: [isBoolean, false] },
    mappers: mapper,
  },
  roles: { required: { name: isText }, optional: { description: [isString, ""] } },
  groups: {
    required: { name: isText },
    optional: { attributes: [mapOf(isTexts), {}], isDefault: [isBoolean, false] },
  },
  clients: {
    required: { clientId: isText, scopes: isTexts },
    optional: {
      fields: [mapOf(isPlain), {}],
      attributes: [mapOf(isString), {}],
      secret: [isText, undefined],
      serviceAccountRoles: [mapOf(isTexts), undefined],
    },
    mappers: mapper,
  },
  identityProviders: {
    required: { alias: isText, providerId: isText },
    optional: { fields: [mapOf(isPlain), {}], config: [mapOf(isString), {}] },
    mappers: mapper,
  },
  userFederation: {
    required: { name: isText, providerId: isText },
    optional: { config: [mapOf(isTexts), {}] },
    mappers: component,
  },
};

const maps: Readonly<Record<string, Check>> = {
  settings: mapOf((value) => isPlain(value) || mapOf(isString)(value)),
  userProfile: mapOf(isString),
};

/** Puts contents in the places of `{"secret": "NAME"}`. */
function resolve(value: unknown, where: string, read: (name: string, where: string) => string): unknown {
  if (Array.isArray(value)) return value.map((one, i) => resolve(one, `${where}[${i}]`, read));
  if (!isFields(value)) return value;
  const { secret } = value;
  if (Object.keys(value).length === 1 && typeof secret === "string") return read(secret, where);
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, resolve(one, `${where}.${key}`, read)]));
}

function readShape(
  value: unknown,
  shape: Shape & { readonly mappers?: Shape },
  where: string,
  problems: string[],
): Fields {
  if (!isFields(value)) {
    problems.push(`${where} must be an object`);
    return {};
  }
  const { required, optional, mappers } = shape;
  const known = [...Object.keys(required), ...Object.keys(optional), ...(mappers ? ["mappers"] : [])];
  for (const key of Object.keys(value).filter((one) => !known.includes(one))) {
    problems.push(`${where}.${key} is unknown: use one of ${known.join(", ")}`);
  }
  for (const [key, check] of Object.entries(required)) {
    if (!check(value[key])) problems.push(`${where}.${key} is missing or not of its type`);
  }
  const read: Record<string, unknown> = Object.fromEntries(Object.keys(required).map((key) => [key, value[key]]));
  for (const [key, [check, fallback]] of Object.entries(optional)) {
    if (value[key] !== undefined && !check(value[key])) problems.push(`${where}.${key} is not of its type`);
    const chosen = value[key] ?? fallback;
    if (chosen !== undefined) read[key] = chosen;
  }
  if (mappers) read["mappers"] = readList(value["mappers"] ?? [], mappers, `${where}.mappers`, problems);
  return read;
}

function readList(
  value: unknown,
  shape: Shape & { readonly mappers?: Shape },
  where: string,
  problems: string[],
): Fields[] {
  if (Array.isArray(value)) return value.map((one, i) => readShape(one, shape, `${where}[${i}]`, problems));
  problems.push(`${where} must be a list`);
  return [];
}

function readAll(value: Fields, where: string, problems: string[]): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [key, inner] of Object.entries(value)) {
    const shape = shapes[key];
    const map = maps[key];
    if (shape) read[key] = readList(inner, shape, `${where}.${key}`, problems);
    else if (!map)
      problems.push(`${where}.${key} is unknown: use one of ${Object.keys({ ...maps, ...shapes }).join(", ")}`);
    else if (map(inner)) read[key] = inner;
    else problems.push(`${where}.${key} must be a map of texts, numbers, booleans or lists of texts`);
  }
  return read;
}

/**
 * Reads what a site adds to the realm, as JSON; `{"secret": "NAME"}` in the place of a text stands for a secret's content.
 * @param where the file's name, for messages
 * @throws UserError with every problem
 */
export function parseAdditions(text: string, where: string, readSecret: ReadSecret): Additions {
  const problems: string[] = [];
  const secrets = new Set<string>();
  const read = (name: string, at: string): string => {
    const content = readSecret(name);
    if (content === undefined) problems.push(`${at} names the secret "${name}", which is not there: add it`);
    else secrets.add(content);
    return content ?? "";
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError("realm-syntax", `${where} is not JSON: ${reasonOf(cause)}`, { cause });
  }
  if (!isFields(value)) throw new UserError("realm-shape", `${where} must be an object`);
  const additions = readAll(resolve(value, where, read) as Fields, where, problems);
  if (problems.length > 0) throw new UserError("realm-shape", problems.join("; "), { problems });
  return { additions: additions as Partial<RealmDeclaration>, secrets };
}
