import { readFileSync } from "node:fs";

/** A process, told apart from a later one with the same id by its start time in clock ticks since boot. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTicks: string;
  readonly bootId: string;
}

const bootId = (): string => readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();

/** Field 22 of /proc/PID/stat; the command in field 2 may hold spaces and parentheses. */
export function startTicksOf(stat: string): string {
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

export function identify(pid: number): ProcessIdentity | undefined {
  try {
    return { pid, startTicks: startTicksOf(readFileSync(`/proc/${pid}/stat`, "utf8")), bootId: bootId() };
  } catch {
    return undefined;
  }
}

/** Whether the very process that was recorded still runs; a zombie does not. */
export function isAlive(recorded: ProcessIdentity): boolean {
  try {
    const stat = readFileSync(`/proc/${recorded.pid}/stat`, "utf8");
    const state = stat.slice(stat.lastIndexOf(")") + 2, stat.lastIndexOf(")") + 3);
    return state !== "Z" && startTicksOf(stat) === recorded.startTicks && bootId() === recorded.bootId;
  } catch {
    return false;
  }
}
