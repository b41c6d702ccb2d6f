import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { UserError } from "../services/lib/user-error.ts";
import { isKeyPath, isSection, keyAt, keyPaths, topLevelNames } from "./paths.ts";
import { sections } from "./schema.ts";

const START = "<!-- config:start -->";
const END = "<!-- config:end -->";

const cell = (text: string): string => text.replaceAll("|", "\\|");

/** The Markdown table of every key, its type, default and meaning. */
export function configurationTable(): string {
  const rows = keyPaths.map((path) => {
    const key = keyAt(path);
    const fallback = key.default === undefined ? (key.absent ?? "") : `\`${JSON.stringify(key.default)}\``;
    return [`\`carrel:${path}\``, key.type, fallback, key.description];
  });
  const lines = [["key", "type", "default", "meaning"], ["---", "---", "---", "---"], ...rows];
  return lines.map((line) => `| ${line.map(cell).join(" | ")} |`).join("\n");
}

/**
 * `markdown` with the table between its markers.
 * @throws UserError when a marker is missing
 */
export function withTable(markdown: string, name: string): string {
  const start = markdown.indexOf(START);
  const end = markdown.indexOf(END, start);
  if (start < 0 || end < 0) {
    throw new UserError(
      "config-docs",
      `${name} has no lines "${START}" and "${END}": add them around the table's place`,
    );
  }
  return `${markdown.slice(0, start)}${START}\n${configurationTable()}\n${markdown.slice(end)}`;
}

interface Declaration {
  readonly type: string;
  readonly description: string;
  readonly default: unknown;
}

function expectedDeclaration(name: string): Declaration {
  if (isSection(name)) return { type: "object", description: sections[name], default: {} };
  return { type: "string", description: isKeyPath(name) ? keyAt(name).description : "", default: "" };
}

/** Where the `config:` of a Pulumi.yaml differs from the schema; Pulumi shows its descriptions and checks its types. */
export function projectFileProblems(pulumiYaml: string): readonly string[] {
  const project = parse(pulumiYaml) as { readonly config?: Readonly<Record<string, Record<string, unknown>>> } | null;
  const declared = project?.config ?? {};
  const unknown = Object.keys(declared).filter((name) => !topLevelNames.includes(name));
  const differing = topLevelNames.flatMap((name) =>
    Object.entries(expectedDeclaration(name)).flatMap(([field, expected]) => {
      const got = JSON.stringify(declared[name]?.[field]);
      const wanted = JSON.stringify(expected);
      return got === wanted ? [] : [`Pulumi.yaml: config.${name}.${field} must be ${wanted}, got ${got ?? "nothing"}`];
    }),
  );
  return [...differing, ...unknown.map((name) => `Pulumi.yaml: config.${name} is not in config/schema.ts: remove it`)];
}

/** Writes the table into the file, or answers what is out of date. */
export function syncDocs(file: string, mode: "check" | "write", projectDir: string): readonly string[] {
  const current = readFileSync(file, "utf8");
  const wanted = withTable(current, file);
  if (mode === "write" && wanted !== current) writeFileSync(file, wanted);
  const command = `node config/docs.ts --write ${file}`;
  const isOld = mode === "check" && wanted !== current;
  const stale = isOld ? [`${file}: the configuration table is not that of config/schema.ts: run \`${command}\``] : [];
  return [...stale, ...projectFileProblems(readFileSync(join(projectDir, "Pulumi.yaml"), "utf8"))];
}

function main(): void {
  const { values } = parseArgs({ options: { check: { type: "string" }, write: { type: "string" } } });
  const file = values.write ?? values.check;
  if (file === undefined) throw new UserError("usage", "usage: node config/docs.ts --check FILE | --write FILE");
  const mode = values.write === undefined ? "check" : "write";
  const problems = syncDocs(file, mode, join(import.meta.dirname, ".."));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    main();
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
  }
}
