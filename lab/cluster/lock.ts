import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

type Lock = "free" | "dead" | ProcessIdentity;

/** Who holds a lock; what cannot be understood was left by a process that died. */
function look(file: string): Lock {
  try {
    const holder = JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
    return isAlive(holder) ? holder : "dead";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? "free" : "dead";
  }
}

function didLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Whether there is a lock that a dead process left. @throws UserError when its holder lives */
function isDead(file: string, what: string): boolean {
  const lock = look(file);
  if (typeof lock === "string") return lock === "dead";
  throw new UserError("locked", `${what} is busy: process ${lock.pid} works on it; wait until it has ended`);
}

/** Only who holds the takeover removes another's lock, so a dead one that is seen then stays until it is removed. */
function removeDead(file: string, what: string, mine: string): void {
  if (!isDead(file, what)) return;
  const takeover = `${file}.takeover`;
  if (!didLink(mine, takeover)) {
    if (isDead(takeover, what)) rmSync(takeover, { force: true });
    return;
  }
  try {
    if (isDead(file, what)) rmSync(file);
  } finally {
    rmSync(takeover, { force: true });
  }
}

/** The lock appears by a link, whole or not at all: nobody reads one that is half written, and one process alone makes it. */
function take(file: string, what: string): void {
  const mine = `${file}.${process.pid}`;
  rmSync(mine, { force: true });
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    while (!didLink(mine, file)) removeDead(file, what, mine);
  } finally {
    rmSync(mine);
  }
}

/**
 * Does the work while this process holds the lock file; the lock of a dead process is taken over.
 * @throws UserError when another living process holds it
 */
export async function withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  take(file, what);
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
