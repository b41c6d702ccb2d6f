import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { StepError } from "../progress.ts";
import { cgroupFolders, removeCgroups } from "./cgroups.ts";
import type { LabLayout } from "./layout.ts";
import { removeNetwork } from "./network.ts";
import { isAlive, type ProcessIdentity } from "./process-identity.ts";

export const supervisorFile = (layout: LabLayout): string => join(layout.stateDir, "supervisor.json");

export function supervisorOf(layout: LabLayout): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(supervisorFile(layout), "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

async function until(done: () => boolean, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs;
  while (!done()) {
    if (performance.now() > deadline) return false;
    await pause(50);
  }
  return true;
}

/** Ends the supervisor; it is the root of a process namespace, so the kernel ends everything below it. */
async function endProcesses(layout: LabLayout): Promise<void> {
  const supervisor = supervisorOf(layout);
  if (!supervisor || !isAlive(supervisor)) return;
  process.kill(supervisor.pid, "SIGKILL");
  if (!(await until(() => !isAlive(supervisor), 20_000))) {
    throw new StepError(`process ${supervisor.pid} of lab "${layout.name}" does not end`, {
      remedy: `look at it with \`ps -fp ${supervisor.pid}\``,
    });
  }
}

/** The kernel empties a cgroup a moment after its last process has ended. */
async function removeCgroupsOf(layout: LabLayout): Promise<void> {
  const removed = await until(() => {
    try {
      removeCgroups(layout.cgroup);
      return true;
    } catch {
      return false;
    }
  }, 20_000);
  if (!removed) {
    throw new StepError(`cgroups of lab "${layout.name}" are still in use: ${cgroupFolders(layout.cgroup).join(", ")}`);
  }
}

/** Removes everything a built lab made, in whatever state it was left. Mounts went with the supervisor's mount namespace. */
export async function tearDown(layout: LabLayout): Promise<void> {
  rmSync(join(layout.stateDir, "endpoints.json"), { force: true });
  await endProcesses(layout);
  await removeNetwork(layout);
  await removeCgroupsOf(layout);
  rmSync(layout.stateDir, { recursive: true, force: true });
}
