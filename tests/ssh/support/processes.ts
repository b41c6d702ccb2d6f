import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";

export interface Started {
  readonly child: ChildProcess;
  /** Everything that it printed so far, in lines. */
  readonly lines: string[];
  /** Ends it and its process group. */
  readonly stop: () => Promise<void>;
}

const TERM_MS = 10_000;

/** Starts a program in a process group of its own. */
export function start(file: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Started {
  const child = spawn(file, args, { env, detached: true, stdio: ["ignore", "pipe", "pipe"], ...(cwd ? { cwd } : {}) });
  const lines: string[] = [];
  let rest = "";
  const read = (chunk: Buffer): void => {
    const parts = (rest + chunk.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  };
  child.stdout.on("data", read);
  child.stderr.on("data", read);
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const group = -child.pid;
    const timer = setTimeout(() => process.kill(group, "SIGKILL"), TERM_MS);
    await exited;
    clearTimeout(timer);
  };
  return { child, lines, stop };
}

/** Ports that were free a moment ago. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
