import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { Terminal } from "../../../../services/ssh/jupyter/terminal.ts";

const open: ChildProcess[] = [];

/** A terminal on this machine: what Jupyter would make, by util-linux's `script`. */
export function localTerminal(shell: string, env: NodeJS.ProcessEnv = {}): Terminal {
  const child = spawn("script", ["-qfec", shell, "/dev/null"], {
    env: { ...process.env, PS1: "$ ", ...env },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  open.push(child);
  const terminal: Terminal = {
    onOutput: () => {},
    onClose: () => {},
    write: (text) => void child.stdin?.write(text),
    resize: () => {},
    close: () => void child.kill("SIGHUP"),
  };
  child.stdin?.on("error", () => {});
  child.stdout?.setEncoding("latin1").on("data", (text: string) => terminal.onOutput(text));
  child.on("close", () => terminal.onClose());
  return terminal;
}

export async function closeTerminals(): Promise<void> {
  for (const child of open.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) continue;
    const closed = once(child, "close");
    process.kill(-child.pid, "SIGKILL");
    await closed;
  }
}
