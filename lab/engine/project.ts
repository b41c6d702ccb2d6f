import { readFileSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../../services/lib/user-error.ts";
import type { PassphraseSecrets } from "./passphrase.ts";
import { isRecord } from "./values.ts";

/** A project and one stack of it, as their files say. */
export interface Project {
  readonly name: string;
  readonly dir: string;
  readonly stack: string;
  /** Values by `namespace:key`, before decryption. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly encryptionSalt: string | undefined;
}

/** What the language runner is given. */
export interface RuntimeConfig {
  readonly values: Readonly<Record<string, string>>;
  readonly secretKeys: readonly string[];
}

function readYaml(path: string, what: string): Record<string, unknown> {
  try {
    const content: unknown = parse(readFileSync(path, "utf8"));
    return isRecord(content) ? content : {};
  } catch (error) {
    throw new UserError("project", `${what} ${path} cannot be read: ${error instanceof Error ? error.message : error}`);
  }
}

const qualified = (project: string, key: string): string => (key.includes(":") ? key : `${project}:${key}`);

/** Defaults and fixed values of Pulumi.yaml's `config:`; types and missing keys are reported by the program, all at once. */
function projectConfig(project: string, schema: unknown): Record<string, unknown> {
  if (!isRecord(schema)) return {};
  return Object.fromEntries(
    Object.entries(schema).flatMap(([key, entry]) => {
      const value = isRecord(entry) ? (entry["value"] ?? entry["default"]) : entry;
      return value === undefined ? [] : [[qualified(project, key), value]];
    }),
  );
}

/** @throws UserError when a file is missing or is not YAML */
export function readProject(dir: string, stack: string, configFile: string | undefined): Project {
  const project = readYaml(join(dir, "Pulumi.yaml"), "project file");
  const name = String(project["name"] ?? "");
  if (name === "") throw new UserError("project", `${join(dir, "Pulumi.yaml")} has no name: add \`name: NAME\``);
  const file = configFile ?? `Pulumi.${stack}.yaml`;
  const settings = readYaml(isAbsolute(file) ? file : join(dir, file), "stack file");
  const config = isRecord(settings["config"]) ? settings["config"] : {};
  return {
    name,
    dir,
    stack,
    config: {
      ...projectConfig(name, project["config"]),
      ...Object.fromEntries(Object.entries(config).map(([key, value]) => [qualified(name, key), value])),
    },
    encryptionSalt: typeof settings["encryptionsalt"] === "string" ? settings["encryptionsalt"] : undefined,
  };
}

const isSecure = (value: unknown): value is { secure: string } =>
  isRecord(value) && typeof value["secure"] === "string";

function decrypted(value: unknown, secrets: PassphraseSecrets): { value: unknown; secret: boolean } {
  if (isSecure(value)) return { value: secrets.decrypt(value.secure), secret: true };
  if (Array.isArray(value)) {
    const items = value.map((item) => decrypted(item, secrets));
    return { value: items.map((item) => item.value), secret: items.some((item) => item.secret) };
  }
  if (!isRecord(value)) return { value, secret: false };
  const entries = Object.entries(value).map(([key, item]) => [key, decrypted(item, secrets)] as const);
  return {
    value: Object.fromEntries(entries.map(([key, item]) => [key, item.value])),
    secret: entries.some(([, item]) => item.secret),
  };
}

/** The configuration as text, objects as JSON, as the SDK reads it. */
export function runtimeConfig(project: Project, secrets: PassphraseSecrets): RuntimeConfig {
  const values: Record<string, string> = {};
  const secretKeys: string[] = [];
  for (const [key, stored] of Object.entries(project.config)) {
    const { value, secret } = decrypted(stored, secrets);
    values[key] = typeof value === "string" ? value : JSON.stringify(value);
    if (secret) secretKeys.push(key);
  }
  return { values, secretKeys };
}

/** Packages whose resources have to name their provider. */
export function disabledDefaultProviders(project: Project): readonly string[] {
  const value = project.config["pulumi:disable-default-providers"];
  return Array.isArray(value) ? value.map(String) : [];
}
