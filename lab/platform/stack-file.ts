import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";

/** The committed stack, which belongs to the lab of the same name. */
export const DEV_STACK = "dev";

/** The stack file of a lab: the committed one for `dev`, and for any other lab a copy that names that lab. */
export function stackFileFor(labName: string, projectDir: string, stateDir: string): string {
  const committed = join(projectDir, `Pulumi.${DEV_STACK}.yaml`);
  if (labName === DEV_STACK) return committed;
  const file = join(stateDir, `Pulumi.${labName}.yaml`);
  const content = stackForLab(readFileSync(committed, "utf8"), labName);
  mkdirSync(stateDir, { recursive: true });
  // Rewritten only when it differs, so that a site's watcher or an editor is not disturbed.
  if (!existsSync(file) || readFileSync(file, "utf8") !== content) writeFileSync(file, content);
  return file;
}

/** The text of a stack file with `carrel:lab` set to `labName`; comments and order stay. */
export function stackForLab(stackYaml: string, labName: string): string {
  const document = parseDocument(stackYaml);
  document.setIn(["config", "carrel:lab"], labName);
  return document.toString();
}
