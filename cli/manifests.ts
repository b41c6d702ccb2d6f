import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseAllDocuments, type Tags } from "yaml";
import { reasonOf } from "../services/lib/log.ts";
import { isObject, type JsonObject } from "../services/lib/pod-defaults/types.ts";
import { UserError } from "../services/lib/user-error.ts";

/** One object of a file, and the words that find it. */
export interface Manifest {
  readonly where: string;
  readonly object: JsonObject;
}

/** kubectl takes dates and times of day as texts, though YAML 1.1 has types for them. */
function withoutTimes(tags: Tags): Tags {
  return tags.filter((tag) => typeof tag === "string" || (tag.format !== "TIME" && !tag.tag.endsWith(":timestamp")));
}

/** As kubectl reads it, which is YAML 1.1: `0644` is octal, and `yes` is true. */
function documentsOf(text: string, where: string): readonly unknown[] {
  const documents = parseAllDocuments(text, { version: "1.1", customTags: withoutTimes });
  return documents.map((document) => {
    const [error] = document.errors;
    try {
      if (error) throw error;
      return document.toJS() as unknown;
    } catch (cause) {
      // The first line says what and where; the others draw it.
      const reason = reasonOf(cause).split("\n")[0]?.replace(/:$/, "");
      throw new UserError("manifest-syntax", `${where} is neither YAML nor JSON: ${reason}: correct it`, { cause });
    }
  });
}

/** A `List` as it is, and a list of one kind, whose items need not say their kind. */
function itemsOf({ where, object }: Manifest): readonly Manifest[] {
  const { apiVersion, kind, items } = object;
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [{ where, object }];
  const base = kind === "List" ? {} : { apiVersion, kind: kind.slice(0, -"List".length) };
  return items.map((item: unknown, i) =>
    manifestOf(isObject(item) ? { ...base, ...item } : item, `${where}, item ${i}`),
  );
}

function manifestOf(value: unknown, where: string): Manifest {
  if (isObject(value)) return { where, object: value };
  const given = JSON.stringify(value)?.slice(0, 80);
  throw new UserError("manifest-shape", `${where} is ${given}: write an object with apiVersion, kind and metadata`);
}

/** The objects of a text, lists taken apart. @throws UserError for what is no manifest */
export function manifestsOf(text: string, where: string): readonly Manifest[] {
  const documents = documentsOf(text, where).flatMap((value, i) => {
    if (value === null || value === undefined) return [];
    return [manifestOf(value, i === 0 ? where : `${where}, document ${i + 1}`)];
  });
  return documents.flatMap(itemsOf);
}

/** What a system call says of a path, with what the reader can do. */
function attempt<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? reasonOf(cause);
    throw new UserError("unreadable", `${path} cannot be read (${code}): name what is there and readable`, { cause });
  }
}

/** The text of a file. @throws UserError where there is none */
export const textOf = (path: string): string => attempt(path, () => readFileSync(path, "utf8"));

/** The objects of a file, or of every YAML and JSON file right in a folder, as kubectl reads one. @throws UserError */
export function manifestsAt(path: string): readonly Manifest[] {
  const isFolder = (candidate: string): boolean => attempt(candidate, () => statSync(candidate).isDirectory());
  if (!isFolder(path)) return manifestsOf(textOf(path), path);
  return attempt(path, () => readdirSync(path))
    .filter((name) => /\.(json|ya?ml)$/.test(name))
    .sort()
    .map((name) => join(path, name))
    .filter((file) => !isFolder(file))
    .flatMap((file) => manifestsOf(textOf(file), file));
}

/** Whether an object is of a kind. */
export const isOf = ({ object }: Manifest, apiVersion: string, kind: string): boolean =>
  object["apiVersion"] === apiVersion && object["kind"] === kind;

/** What stands in a file in place of what was looked for. */
export function kindsOf(manifests: readonly Manifest[]): string {
  const kinds = manifests.map(
    ({ object }) => `${object["kind"] ?? "no kind"} of ${object["apiVersion"] ?? "no apiVersion"}`,
  );
  return [...new Set(kinds)].join(", ") || "no manifest";
}
