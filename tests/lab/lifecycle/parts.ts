import assert from "node:assert/strict";
import { labStateDir } from "../../../lab/endpoints.ts";
import { stackFileFor } from "../../../lab/platform/stack-file.ts";
import { projectDir, runEngine } from "../../support/engine.ts";
import { labName } from "../../support/lab.ts";

/**
 * Takes every part away that can be left out, as `LAB_PARTS=` does, and keeps it so: what is begun over and over is the stack,
 * and the other parts take minutes to start.
 */
export async function withoutParts(): Promise<void> {
  stackFileFor(labName(), projectDir, labStateDir(labName()), []);
  const up = await runEngine("up");
  assert.equal(up.code, 0, up.output);
}
