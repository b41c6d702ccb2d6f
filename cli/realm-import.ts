import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { reasonOf } from "../services/lib/log.ts";
import { UserError } from "../services/lib/user-error.ts";
import { textOf } from "./manifests.ts";
import { type Imported, importPrimehub, type Line, type RealmExport } from "./primehub-realm.ts";

const SYNOPSIS = "carrel realm import-primehub FILE [--keycloak]";
const HELP = `usage: ${SYNOPSIS}

Reads the export of a PrimeHub realm and prints its groups as manifests for this platform. What was taken and what was
not is told on standard error. Nothing is changed anywhere.

  FILE            export of the realm with its groups, roles and users, as kc.sh export writes it
      --keycloak  print what Keycloak's partial import takes instead: groups, roles, their bindings and users, with their password hashes
  -h, --help      print this

Exit codes: 0 everything was taken as it is, 1 something was changed or left, 2 wrong usage or something cannot be read
`;

const misuse = (problem: string): UserError => new UserError("usage", `${problem}\nusage: ${SYNOPSIS}`);

const options = { keycloak: { type: "boolean" }, help: { type: "boolean", short: "h" } } as const;

function parsedArgs(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw misuse(reasonOf(error));
  }
}

function exportOf(file: string): RealmExport {
  const text = textOf(file);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UserError("realm-export", `${file} is not JSON: name the export of a realm`, { cause });
  }
  // An export of all realms is a list of them.
  const realm = Array.isArray(value)
    ? value.find((one: unknown) => (one as RealmExport | null)?.realm === "primehub")
    : value;
  if (typeof realm === "object" && realm !== null) return realm as RealmExport;
  throw new UserError("realm-export", `${file} has no realm "primehub": name the export of that realm`);
}

const words: Readonly<Record<Line["outcome"], string>> = { taken: "taken  ", changed: "CHANGED", left: "LEFT   " };

function reportText({ report, groups, realm }: Imported): string {
  const lines = report.map(({ outcome, what, why }) => `${words[outcome]} ${what}: ${why}\n`);
  const count = (outcome: Line["outcome"]): number => report.filter((line) => line.outcome === outcome).length;
  const sum = `${groups.length} groups, ${realm.users.length} users, ${realm.roles.realm.length} roles; of ${report.length} details `;
  return `${lines.join("")}${sum}${count("taken")} taken, ${count("changed")} changed, ${count("left")} left\n`;
}

/** `carrel realm import-primehub`. @returns the exit code @throws UserError */
export async function importPrimehubCommand(args: readonly string[]): Promise<number> {
  const { values, positionals } = parsedArgs(args);
  if (values.help) {
    process.stdout.write(HELP);
    return 0;
  }
  const [file, ...others] = positionals;
  if (file === undefined || others.length > 0) throw misuse(`${positionals.length} files are given: name one`);
  const imported = importPrimehub(exportOf(file));
  const manifests = imported.groups.map((group) => stringify(group)).join("---\n");
  process.stdout.write(values.keycloak ? `${JSON.stringify(imported.realm, null, 2)}\n` : manifests);
  process.stderr.write(reportText(imported));
  return imported.report.every(({ outcome }) => outcome === "taken") ? 0 : 1;
}
