import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";

/** What runs the Pulumi program: Pulumi's own CLI, or the lab's engine. */
export type EngineName = "pulumi" | "lab";

export interface EngineChoice {
  readonly engine: EngineName;
  readonly reason: string;
}

/** Whether a command of this name can be run from `path` (the value of PATH). */
export function isOnPath(command: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, command), constants.X_OK);
      return folder !== "";
    } catch {
      return false;
    }
  });
}

/**
 * Pulumi's CLI when it is there, else the lab's engine; `ENGINE` forces one.
 * @throws UserError when the forced engine is unknown or not installed
 */
export function chooseEngine(forced: string | undefined, hasPulumi: boolean): EngineChoice {
  if (forced === undefined || forced === "") {
    return hasPulumi
      ? { engine: "pulumi", reason: "pulumi is on PATH" }
      : { engine: "lab", reason: "no pulumi on PATH" };
  }
  if (forced === "lab") return { engine: "lab", reason: "ENGINE=lab" };
  if (forced !== "pulumi") {
    throw new UserError(
      "engine-unknown",
      `ENGINE must be "pulumi" or "lab", got "${forced}": unset it to use Pulumi's CLI where it is installed`,
    );
  }
  if (!hasPulumi) {
    throw new UserError(
      "engine-missing",
      "ENGINE=pulumi needs the pulumi command, which is not on PATH: install Pulumi's CLI, or unset ENGINE to use the lab's engine",
    );
  }
  return { engine: "pulumi", reason: "ENGINE=pulumi" };
}
