import { spawn } from "node:child_process";
import { once } from "node:events";
import { openSync } from "node:fs";

/** Ends a server with all that it started when this process ends, however it does: the pipe is closed then. */
const GUARD = [
  'signal=$1; shift; setsid "$@" </dev/null & server=$!; cat >/dev/null',
  'kill -s "$signal" -- "-$server" 2>/dev/null || kill -s "$signal" "$server" 2>/dev/null; wait',
].join("; ");

export interface ServerOptions {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logFile: string;
  /** What ends it. */
  readonly signal: "KILL" | "QUIT";
  /** Its user, where it may not be root. */
  readonly uid?: number;
}

/** Starts a server; what it answers ends it, and waits until it has ended. */
export function spawnGuarded({ command, env, logFile, signal, uid }: ServerOptions): () => Promise<void> {
  const log = openSync(logFile, "a");
  const child = spawn("sh", ["-c", GUARD, "sh", signal, ...command], {
    stdio: ["pipe", log, log],
    // A signal to all of this process's group, as by Ctrl-C, must not end the guard before its work.
    detached: true,
    env,
    ...(uid === undefined ? {} : { uid }),
  });
  child.unref();
  (child.stdin as unknown as { unref(): void } | null)?.unref();
  return async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    const exited = once(child, "exit");
    child.stdin?.end();
    await exited;
  };
}
