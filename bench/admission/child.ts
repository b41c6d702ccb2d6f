import { type ChildProcess, execFileSync, type ForkOptions, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { Usage } from "./meter.ts";

/** A process of the benchmark that answers one message with one. */
export class Child {
  readonly #process: ChildProcess;

  readonly #ended: Promise<never>;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.#ended = once(process, "exit").then(([code]) => {
      throw new Error(`a process of the benchmark ended with code ${code}`);
    });
    this.#ended.catch(() => {});
  }

  /** @param core on which it alone runs, where `taskset` is there */
  static start(file: string, core: number, options: ForkOptions = {}): Child {
    // What it logs is read and dropped, as a container runtime reads it.
    const child = fork(join(import.meta.dirname, file), { stdio: ["ignore", "pipe", "inherit", "ipc"], ...options });
    child.stdout?.resume();
    try {
      execFileSync("taskset", ["-acp", String(core), String(child.pid)], { stdio: "ignore" });
    } catch {
      console.error(`${file} is not bound to core ${core}: taskset is missing, or the core`);
    }
    return new Child(child);
  }

  send(message: object): void {
    this.#process.send(message);
  }

  async next<T>(): Promise<T> {
    return await Promise.race([once(this.#process, "message").then(([message]) => message as T), this.#ended]);
  }

  async ask<T>(message: object | string): Promise<T> {
    const answer = this.next<T>();
    this.#process.send(message);
    return await answer;
  }

  usage(): Promise<Usage> {
    return this.ask<Usage>("usage");
  }

  stop(): void {
    this.#process.kill("SIGKILL");
  }
}
