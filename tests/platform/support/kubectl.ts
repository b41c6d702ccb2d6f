import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { run } from "../../../lab/cluster/run.ts";
import { type LabEndpoints, labStateDir } from "../../../lab/endpoints.ts";

/** A port of a pod on this machine's loopback. It reaches what network policies keep from everybody else. */
export interface Forward {
  readonly port: number;
  readonly close: () => void;
}

/** The cluster's own client, for what goes by streams. */
export class Kubectl {
  readonly #file: string;
  readonly #own: readonly string[];
  readonly #running = new Set<ChildProcess>();

  constructor({ name, kubeconfig, context }: LabEndpoints) {
    const ofLab = join(labStateDir(name), "kubectl");
    this.#file = existsSync(ofLab) ? ofLab : "kubectl";
    this.#own = ["--kubeconfig", kubeconfig, "--context", context];
  }

  /** Runs a program in a pod to its end; answers its standard output. @throws StepError with its error output */
  exec(namespace: string, pod: string, command: readonly string[], input = ""): Promise<string> {
    return run(this.#file, [...this.#own, "exec", "-i", "-n", namespace, pod, "--", ...command], { input });
  }

  /** @param target `pod/NAME` or `service/NAME` */
  forward(namespace: string, target: string, port: number): Promise<Forward> {
    const args = [...this.#own, "port-forward", "-n", namespace, target, `:${port}`, "--address", "127.0.0.1"];
    const child = spawn(this.#file, args, { stdio: ["ignore", "pipe", "pipe"] });
    this.#running.add(child);
    return new Promise((resolve, reject) => {
      let said = "";
      const hear = (chunk: Buffer): void => {
        said += chunk.toString("utf8");
        const found = /Forwarding from 127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
        if (found !== undefined) resolve({ port: Number(found), close: () => child.kill() });
      };
      child.stdout.on("data", hear);
      child.stderr.on("data", hear);
      child.once("error", reject);
      child.once("exit", () => {
        this.#running.delete(child);
        reject(new Error(`${target} of ${namespace} cannot be reached: ${said}`));
      });
    });
  }

  close(): void {
    for (const child of this.#running) child.kill();
  }
}
