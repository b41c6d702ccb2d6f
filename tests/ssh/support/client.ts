import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Ran {
  readonly code: number | null;
  readonly out: Buffer;
  readonly err: string;
}

export interface ClientOptions {
  readonly folder: string;
  readonly port: number;
  readonly knownHosts: string;
}

export interface RunOptions {
  readonly input?: Buffer | string;
  readonly timeoutMs?: number;
}

/** A notebook server may have to start first, on a machine that does much else. */
const RUN_MS = 150_000;

/** OpenSSH's own programs, as one user with one token. */
export class OpenSsh {
  readonly #options: ClientOptions;
  readonly #env: NodeJS.ProcessEnv;
  readonly #own: readonly string[];

  /** @param secret a token, or a private key's file with `key` */
  constructor(options: ClientOptions, secret: { readonly token: string } | { readonly keyFile: string }) {
    this.#options = options;
    const folder = mkdtempSync(join(options.folder, "client-"));
    const ask = join(folder, "ask");
    const token = "token" in secret ? secret.token : "";
    writeFileSync(join(folder, "token"), token);
    writeFileSync(ask, `#!/bin/sh\ncat ${join(folder, "token")}\n`, { mode: 0o700 });
    this.#env = { ...process.env, SSH_ASKPASS: ask, SSH_ASKPASS_REQUIRE: "force", HOME: folder };
    const by =
      "token" in secret ? ["PreferredAuthentications=password", "PubkeyAuthentication=no"] : keyOptions(secret);
    this.#own = [...by, "NumberOfPasswordPrompts=1"].flatMap((option) => ["-o", option]);
  }

  /** Options of every program, before the name of the host. */
  get options(): string[] {
    const { knownHosts } = this.#options;
    const fixed = [`UserKnownHostsFile=${knownHosts}`, "GlobalKnownHostsFile=/dev/null", "StrictHostKeyChecking=yes"];
    return ["-F", "none", ...[...fixed, "LogLevel=ERROR"].flatMap((option) => ["-o", option]), ...this.#own];
  }

  ssh(user: string, args: readonly string[], options?: RunOptions): Promise<Ran> {
    return this.run("ssh", [...this.options, "-p", this.#port, `-l${user}`, ...args], options);
  }

  sftp(user: string, batch: string): Promise<Ran> {
    // In batch mode, sftp has ssh ask nobody; this lets it.
    const args = [...this.options, "-o", "BatchMode=no", "-P", this.#port, "-b", "-", `${user}@127.0.0.1`];
    return this.run("sftp", args, { input: batch });
  }

  scp(...args: readonly string[]): Promise<Ran> {
    return this.run("scp", [...this.options, "-P", this.#port, ...args]);
  }

  /** Starts ssh and leaves it running. */
  start(user: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const all = [...this.options, "-p", this.#port, `-l${user}`, ...args];
    return spawn("ssh", all, { env: this.#env, stdio: "pipe" });
  }

  run(file: string, args: readonly string[], { input = "", timeoutMs = RUN_MS }: RunOptions = {}): Promise<Ran> {
    return new Promise((resolve, reject) => {
      const child = spawn(file, args, { env: this.#env, stdio: "pipe", timeout: timeoutMs, killSignal: "SIGKILL" });
      const [out, err]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
      child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
      child.on("error", reject);
      child.on("close", (code) => resolve({ code, out: Buffer.concat(out), err: Buffer.concat(err).toString() }));
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }

  get #port(): string {
    return String(this.#options.port);
  }
}

const keyOptions = ({ keyFile }: { readonly keyFile: string }): string[] => [
  "PreferredAuthentications=publickey",
  `IdentityFile=${keyFile}`,
  "IdentitiesOnly=yes",
];
