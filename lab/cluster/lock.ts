import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { UserError } from "../../services/lib/user-error.ts";
import { identify, isAlive, type ProcessIdentity } from "./process-identity.ts";

function holderOf(file: string): ProcessIdentity | undefined {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as ProcessIdentity;
  } catch {
    return undefined;
  }
}

/**
 * Does the work while this process holds the lock file; the lock of a dead process is taken over.
 * @throws UserError when another living process holds it
 */
export async function withLock<T>(file: string, what: string, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  const holder = holderOf(file);
  if (holder && isAlive(holder)) {
    throw new UserError("locked", `${what} is busy: process ${holder.pid} works on it; wait until it has ended`);
  }
  rmSync(file, { force: true });
  writeFileSync(file, JSON.stringify(identify(process.pid)), { flag: "wx" });
  try {
    return await work();
  } finally {
    rmSync(file, { force: true });
  }
}
