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

/** The gateway as its image runs it, in a process of its own. */
export async function startGateway(
  hubUrl: string,
  hostKey: HostKey,
  settings: Record<string, string> = {},
): Promise<TestGateway> {
  const [port = 0, metricsPort = 0] = await freePorts(2);
  const env = {
    PATH: process.env["PATH"],
    PORT: String(port),
    METRICS_PORT: String(metricsPort),
    HUB_URL: hubUrl,
    HOST_KEY_FILE: hostKey.file,
    DRAIN_SECONDS: "0",
    ...settings,
  };
  const { lines, stop } = start(process.execPath, [join(projectDir, "services/ssh/main.ts")], env);
  const log = (): Record<string, unknown>[] =>
    lines.flatMap((line) => (line.startsWith("{") ? [JSON.parse(line) as Record<string, unknown>] : []));
  try {
    await eventually(
      "the gateway",
      async () => (log().some(({ event }) => event === "started") ? true : undefined),
      60_000,
    );
  } catch (error) {
    await stop();
    throw new Error(lines.join("\n"), { cause: error });
  }
  return { port, metricsPort, log, stop };
}

/** A file that trusts the gateway's key alone. */
export function knownHosts(folder: string, ports: readonly number[], { publicKey }: HostKey): string {
  const file = join(mkdtempSync(join(folder, "known-")), "known_hosts");
  writeFileSync(file, ports.map((port) => `[127.0.0.1]:${port} ${publicKey}\n`).join(""));
  return file;
}
