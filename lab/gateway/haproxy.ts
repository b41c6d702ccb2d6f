import { type ChildProcess, spawn } from "node:child_process";
import { mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { join } from "node:path";
import { type Clock, systemClock } from "../../services/lib/clock.ts";
import { reasonOf } from "../../services/lib/log.ts";
import { run } from "../cluster/run.ts";
import type { Rendered } from "./render.ts";

const PROGRAM = "/usr/sbin/haproxy";
const CONFIG = "haproxy.cfg";
const READY_MS = 10_000;
const POLL_MS = 20;

export interface HaproxyOptions {
  /** Holds keys: readable by its owner alone. */
  readonly folder: string;
  readonly clock?: Clock;
}

/** The revision that answers on a socket, or undefined while none does. */
function revisionAt(socketPath: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const request = get({ socketPath, path: "/", timeout: 1_000, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk;
      });
      response.on("end", () => resolve(text)).on("error", () => resolve(undefined));
    });
    request.on("timeout", () => request.destroy()).on("error", () => resolve(undefined));
  });
}

/** HAProxy with its master, which starts new workers beside those that still serve what they had begun. */
export class Haproxy {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #ended = Promise.withResolvers<string>();
  #master: ChildProcess | undefined;

  constructor({ folder, clock = systemClock }: HaproxyOptions) {
    this.#folder = folder;
    this.#clock = clock;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  }

  /** Why the proxy is not there any more; it is never restarted here. */
  get ended(): Promise<string> {
    return this.#ended.promise;
  }

  /**
   * Has the proxy serve what was rendered, and answers when it does. What it served before stays until then.
   * @throws Error with the proxy's own words for a configuration that it refuses
   */
  async load({ config, files, revision }: Rendered): Promise<void> {
    for (const [name, content] of files) this.#write(name, content);
    this.#write("checked.cfg", config);
    await run(PROGRAM, ["-c", "-q", "-f", join(this.#folder, "checked.cfg")]);
    this.#write(CONFIG, config);
    if (this.#master === undefined) this.#master = this.#start();
    else this.#master.kill("SIGUSR2");
    await this.#serving(revision);
    this.#forgetFiles(new Set(files.keys()));
  }

  /** Ends it with all that it serves. */
  stop(): void {
    this.#master?.kill("SIGTERM");
  }

  #start(): ChildProcess {
    // A proxy without its controller would answer with what was true when that ended.
    const args = ["--pdeathsig", "TERM", PROGRAM, "-W", "-f", join(this.#folder, CONFIG)];
    const child = spawn("setpriv", args, { stdio: ["ignore", "inherit", "inherit"] });
    child.once("error", (error) => this.#ended.resolve(reasonOf(error)));
    child.once("exit", (code, signal) => this.#ended.resolve(signal ?? `code ${code}`));
    return child;
  }

  async #serving(revision: string): Promise<void> {
    const deadline = this.#clock.monotonicMs() + READY_MS;
    while ((await revisionAt(join(this.#folder, "revision.sock"))) !== revision) {
      if (this.#clock.monotonicMs() > deadline)
        throw new Error(`the proxy does not serve revision ${revision} after ${READY_MS / 1000} s`);
      await this.#clock.sleep(POLL_MS);
    }
  }

  #write(name: string, content: string): void {
    writeFileSync(join(this.#folder, name), content, { mode: 0o600 });
  }

  /** Keys that no listener uses any more do not stay. */
  #forgetFiles(used: ReadonlySet<string>): void {
    const old = readdirSync(this.#folder).filter((name) => /\.(pem|list)$/.test(name) && !used.has(name));
    for (const name of old) rmSync(join(this.#folder, name), { force: true });
  }
}
