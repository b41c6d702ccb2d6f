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
  for (const stream of [child.stdout, child.stderr]) {
    // Half a line of one must not become the beginning of a line of the other.
    let rest = "";
    stream.on("data", (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    });
  }
  const stop = async (): Promise<void> => {
    if (hasEnded(child) || child.pid === undefined) return;
    const exited = once(child, "exit");
    child.kill("SIGTERM");
    const group = -child.pid;
    const timer = setTimeout(() => killGroup(group), TERM_MS);
    await exited;
    clearTimeout(timer);
  };
  return { child, lines, stop };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;

function killGroup(group: number): void {
  try {
    process.kill(group, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

/** Ends a program that may have ended already. */
export async function end(child: ChildProcess): Promise<void> {
  if (hasEnded(child) || child.pid === undefined) return;
  const exited = once(child, "exit");
  child.kill();
  await exited;
}

/** Ports that were free a moment ago: on an address that others use, they may not be any more. */
export async function freePorts(count: number, host: string): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, host));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
