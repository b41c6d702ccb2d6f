import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createLogger } from "../../services/lib/log.ts";
import type { Component } from "./components.ts";

/** The machine's network namespace, which the launcher leaves open for us. */
const MACHINE_NETWORK = 3;

// Runs inside the lab's own process and network namespace: when it ends, by whatever means, the kernel ends all the rest.

const [stateDir = ""] = process.argv.slice(2);
const log = createLogger();
const components = JSON.parse(readFileSync(join(stateDir, "components.json"), "utf8")) as readonly Component[];

function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("exit", (code, signal) => resolve(signal ?? `code ${code}`));
  });
}

function launch({ command, args, isOnMachine }: Component, output: number): ChildProcess {
  if (!isOnMachine) return spawn(command, args, { stdio: ["ignore", output, output] });
  const entering = [`--net=/proc/self/fd/${MACHINE_NETWORK}`, command, ...args];
  return spawn("nsenter", entering, { stdio: ["ignore", output, output, MACHINE_NETWORK] });
}

async function keepRunning(component: Component): Promise<never> {
  while ((component.after ?? []).some((file) => !existsSync(file))) await pause(100);
  const output = openSync(join(stateDir, "logs", `${component.name}.log`), "a");
  for (;;) {
    const started = performance.now();
    const child = launch(component, output);
    log.info("started", { component: component.name, pid: child.pid });
    const reason = await ended(child);
    log.warn("ended", { component: component.name, reason });
    // At once after a long life, with a pause when it cannot even start.
    if (performance.now() - started < 10_000) await pause(1_000);
  }
}

await Promise.all(components.map(keepRunning));
