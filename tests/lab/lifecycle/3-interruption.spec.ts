import assert from "node:assert/strict";
import { existsSync, readFileSync, watch } from "node:fs";
import { dirname } from "node:path";
import { type EngineResult, runEngine, stateFile, stateResources } from "../../support/engine.ts";
import { eventuallyEqual } from "../../support/eventually-equal.ts";
import { labUnderTest } from "../../support/lab.ts";
import { managedObjects } from "../../support/managed-objects.ts";
import { stackObjects } from "../../support/stack-objects.ts";
import { withoutParts } from "./parts.ts";

/** Writes that have made an empty state what it is: each step writes before it begins and after it ends. */
const writesBehindState = (): number => stateResources().reduce((sum, { custom }) => sum + (custom ? 2 : 1), 0);

/** How many times the engine has written its state. On a busy machine one event may be of several writes. */
function watchWrites(onWrite: (count: number) => void): () => void {
  let count = 0;
  let last = "";
  const watcher = watch(dirname(stateFile()), () => {
    const now = existsSync(stateFile()) ? readFileSync(stateFile(), "utf8") : "";
    if (now === last) return;
    last = now;
    count = Math.max(count + 1, writesBehindState());
    onWrite(count);
  });
  return () => watcher.close();
}

/** An `up` that is killed, with all its processes, at the write of this number. */
async function upKilledAt(write: number): Promise<EngineResult> {
  let stopWatching = (): void => undefined;
  try {
    return await runEngine("up", {
      whileRunning: (kill) => {
        stopWatching = watchWrites((count) => {
          if (count < write) return;
          stopWatching();
          kill("SIGKILL");
        });
      },
    });
  } finally {
    stopWatching();
  }
}

describe("an up that is killed", () => {
  before(withoutParts);

  for (const write of [1, 3, 6, 10, 14, 19, 25, 31, 38, 46]) {
    it(`at write ${write} of the state is completed by the next up, and nothing is orphaned`, async () => {
      const { client } = await labUnderTest();
      const destroyed = await runEngine("destroy");
      assert.equal(destroyed.code, 0, destroyed.output);

      const killed = await upKilledAt(write);
      assert.equal(killed.signal, "SIGKILL", `it was over before write ${write}:\n${killed.output}`);

      const next = await runEngine("up");
      assert.equal(next.code, 0, next.output);
      await eventuallyEqual("the objects of the state", () => managedObjects(client), stackObjects());
      const after = await runEngine("up", { args: ["--expect-no-changes"] });
      assert.equal(after.code, 0, after.output);
    });
  }
});
