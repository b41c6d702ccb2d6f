import { execFileSync } from "node:child_process";
import { existsSync, globSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { dirname, normalize } from "node:path/posix";
import ts from "typescript";

/** Source texts by their path below the root. */
export type Sources = ReadonlyMap<string, string>;

export const root = join(import.meta.dirname, "..", "..");
const skipped = new Set([".cache", ".git", "coverage", "dist", "node_modules", "tmp"]);

function list(): string[] {
  // A source archive has no repository; what its folders hold is the tree then.
  if (!existsSync(join(root, ".git"))) {
    const found = globSync("**/*", { cwd: root, exclude: (name) => skipped.has(name) });
    return found.filter((path) => statSync(join(root, path)).isFile());
  }
  const args = ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"];
  return execFileSync("git", args, { cwd: root, encoding: "utf8", maxBuffer: 1 << 26 })
    .split("\0")
    .filter((path) => path !== "" && existsSync(join(root, path)));
}

let files: readonly string[] | undefined;
/** Every file of the project: what is tracked, and what is new and not ignored. */
export function projectFiles(): readonly string[] {
  files ??= list().sort();
  return files;
}

export const read = (path: string): string => readFileSync(join(root, path), "utf8");

/** The project's TypeScript. */
export const typescriptSources = (): Sources =>
  new Map(
    projectFiles()
      .filter((path) => path.endsWith(".ts"))
      .map((path) => [path, read(path)]),
  );

/** What a file imports in any form: a path below the root for a relative import, else the package or `node:` module. */
export function importsOf(path: string, text: string): string[] {
  const { importedFiles } = ts.preProcessFile(text, true, true);
  const named = importedFiles.map(({ fileName }) =>
    fileName.startsWith(".") ? normalize(join(dirname(path), fileName)) : packageOf(fileName),
  );
  return [...new Set(named)];
}

/** The files that Node reads to run a file: its imports without those of types alone. */
export function runtimeImportsOf(path: string, text: string): string[] {
  const { statements } = ts.createSourceFile(path, text, ts.ScriptTarget.ESNext);
  const names = statements.flatMap((statement) => {
    if (ts.isImportDeclaration(statement)) return statement.importClause?.isTypeOnly ? [] : [statement.moduleSpecifier];
    if (ts.isExportDeclaration(statement)) return statement.isTypeOnly ? [] : [statement.moduleSpecifier];
    return [];
  });
  const texts = names.flatMap((name) => (name && ts.isStringLiteral(name) ? [name.text] : []));
  return texts.filter((name) => name.startsWith(".")).map((name) => normalize(join(dirname(path), name)));
}

const packageOf = (name: string): string =>
  name.startsWith("node:")
    ? name
    : name
        .split("/")
        .slice(0, name.startsWith("@") ? 2 : 1)
        .join("/");

/** Whether an import names a file of the project rather than a package. */
export const isFile = (imported: string): boolean => /\.(ts|js|json)$/.test(imported);

/** Every file that files lead to through relative imports, themselves included. */
export function closureOf(sources: Sources, entries: readonly string[]): Set<string> {
  const found = new Set<string>();
  const open = [...entries];
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const text = sources.get(path);
    if (text === undefined || found.has(path)) continue;
    found.add(path);
    open.push(...importsOf(path, text).filter(isFile));
  }
  return found;
}
