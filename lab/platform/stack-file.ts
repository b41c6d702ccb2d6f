import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, parseDocument } from "yaml";
import { UserError } from "../../services/lib/user-error.ts";

/** The committed stack, which belongs to the lab of the same name. */
export const DEV_STACK = "dev";

const PLATFORM_KEY = "carrel:platform";

/** The names in `LAB_PARTS`, none of them for an empty text; undefined where it is not set. */
export function partsInEnvironment(text: string | undefined): readonly string[] | undefined {
  return text?.split(",").flatMap((name) => name.trim() || []);
}

/**
 * The stack file of a lab: the committed one for `dev`, and for any other lab a copy that names that lab.
 * @param parts what the copy installs; without it what the copy before it did
 * @throws UserError for parts of `dev`
 */
export function stackFileFor(
  labName: string,
  projectDir: string,
  stateDir: string,
  parts: readonly string[] | undefined = partsInEnvironment(process.env["LAB_PARTS"]),
): string {
  const committed = join(projectDir, `Pulumi.${DEV_STACK}.yaml`);
  if (labName === DEV_STACK) {
    if (parts === undefined) return committed;
    throw new UserError(
      "lab-parts",
      `LAB_PARTS is for labs beside "${DEV_STACK}", whose stack is committed: set carrel:platform.parts in Pulumi.${DEV_STACK}.yaml, or take another LAB_NAME`,
    );
  }
  const file = join(stateDir, `Pulumi.${labName}.yaml`);
  const before = existsSync(file) ? readFileSync(file, "utf8") : "";
  const content = stackForLab(readFileSync(committed, "utf8"), labName, parts ?? chosenParts(before));
  mkdirSync(stateDir, { recursive: true });
  // Rewritten only when it differs, so that a site's watcher or an editor is not disturbed.
  if (before !== content) writeFileSync(file, content);
  return file;
}

/** The text of a stack file with `carrel:lab` set to `labName`, and with `parts` where they are given; comments and order stay. */
export function stackForLab(stackYaml: string, labName: string, parts?: readonly string[]): string {
  const document = parseDocument(stackYaml);
  document.setIn(["config", "carrel:lab"], labName);
  if (parts !== undefined)
    document.setIn(["config", PLATFORM_KEY, "parts"], document.createNode(parts, { flow: true }));
  return document.toString();
}

/** An object as it stands in a stack file, or as JSON text, which Pulumi's CLI writes without --path and YAML reads too. */
function asObject(value: unknown): Readonly<Record<string, unknown>> {
  const isJson = typeof value === "string" && value.trimStart().startsWith("{");
  const content: unknown = isJson ? parse(value) : value;
  return typeof content === "object" && content !== null ? (content as Readonly<Record<string, unknown>>) : {};
}

/** The parts that a stack file names; undefined is all of them. What is no list is left to the program, which says so. */
export function chosenParts(stackYaml: string): readonly string[] | undefined {
  const { config } = asObject(parse(stackYaml));
  const { parts } = asObject(asObject(config)[PLATFORM_KEY]);
  return Array.isArray(parts) ? parts.map(String) : undefined;
}
