import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDir } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";
import { freePorts, start } from "./processes.ts";

export interface TestGateway {
  readonly port: number;
  readonly metricsPort: number;
  /** The log so far: one object a line. */
  readonly log: () => Record<string, unknown>[];
  readonly stop: () => Promise<void>;
}

export interface HostKey {
  readonly file: string;
  readonly publicKey: string;
}

/** A new key in OpenSSH's form. */
export function newKey(folder: string, kind: readonly string[] = ["ed25519"]): HostKey {
  const file = join(mkdtempSync(join(folder, "key-")), "key");
  execFileSync("ssh-keygen", ["-q", "-t", ...kind, "-N", "", "-C", "", "-f", file]);
  const [type, key] = readFileSync(`${file}.pub`, "utf8").split(" ");
  return { file, publicKey: `${type} ${key?.trim()}` };
}

/** Somebody may take a port between the moment it was found free and the gateway's own. */
const TRIES = 5;
const START_MS = 180_000;

/** The gateway as its image runs it, in a process of its own. */
export async function startGateway(
  hubUrl: string,
  hostKey: HostKey,
  settings: Record<string, string> = {},
): Promise<TestGateway> {
  const env = {
    PATH: process.env["PATH"],
    PORT: "0",
    HUB_URL: hubUrl,
    HOST_KEY_FILE: hostKey.file,
    DRAIN_SECONDS: "0",
    ...settings,
  };
  for (let tries = 1; tries <= TRIES; tries++) {
    const gateway = await tryGateway(env);
    if (gateway !== undefined) return gateway;
  }
  throw new Error(`a port of the gateway was taken ${TRIES} times`);
}

/** Nothing where a port is taken. */
async function tryGateway(env: NodeJS.ProcessEnv): Promise<TestGateway | undefined> {
  const [metricsPort = 0] = await freePorts(1, "127.0.0.1");
  const own = { ...env, METRICS_PORT: String(metricsPort) };
  const { lines, stop } = start(process.execPath, [join(projectDir, "services/ssh/main.ts")], own);
  const log = (): Record<string, unknown>[] =>
    lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []));
  const begun = async (): Promise<Record<string, unknown> | undefined> =>
    log().find(({ event }) => event === "started" || event === "failed");
  const { event, port, reason } = await eventually("the gateway", begun, START_MS).catch(async (cause: unknown) => {
    await stop();
    throw new Error(lines.join("\n"), { cause });
  });
  if (event === "started") return { port: Number(port), metricsPort, log, stop };
  await stop();
  if (String(reason).includes("EADDRINUSE")) return undefined;
  throw new Error(lines.join("\n"));
}

/** A file that trusts the gateway's key alone. */
export function knownHosts(folder: string, ports: readonly number[], { publicKey }: HostKey): string {
  const file = join(mkdtempSync(join(folder, "known-")), "known_hosts");
  writeFileSync(file, ports.map((port) => `[127.0.0.1]:${port} ${publicKey}\n`).join(""));
  return file;
}
