import { Accelerators, standardAccelerators } from "../../quota/accelerators.ts";
import { mirrorFromText } from "../lib/image-mirror/from-text.ts";
import type { MirrorSetting } from "../lib/image-mirror/rules.ts";
import { type LogLevel, logLevels, reasonOf } from "../lib/log.ts";
import { meshProxies } from "../lib/pod-defaults/types.ts";
import { UserError } from "../lib/user-error.ts";

/** How this process is set up; every value comes from an environment variable. */
export interface Settings {
  /** PORT: HTTPS for the API server. */
  readonly port: number;
  /** METRICS_PORT: plain HTTP for /metrics, /livez and /readyz. */
  readonly metricsPort: number;
  /** TLS_DIR: folder of tls.crt and tls.key. */
  readonly tlsDir: string;
  /** CLIENT_CA_FILE: PEM of the authorities that sign the API server's client certificate; none is asked for without. */
  readonly clientCaFile: string | undefined;
  /** CLIENT_NAMES: common names of clients that may call, comma-separated; any without. */
  readonly clientNames: ReadonlySet<string>;
  /** MAX_CALLS: calls that are decided at the same time; more are told to come again. */
  readonly maxCalls: number;
  /** NAMESPACE: where the ledgers are. */
  readonly namespace: string;
  /** BYPASS_SERVICE_ACCOUNTS: `namespace:name`, comma-separated; their pods may belong to nobody. */
  readonly bypass: ReadonlySet<string>;
  /** ACCELERATORS: `resource=weight`, comma-separated; what counts as how much of a GPU beside the usual families. */
  readonly accelerators: Accelerators;
  /** IMAGE_MIRROR: the mirror's rules as JSON; nothing is rewritten without. */
  readonly imageMirror: MirrorSetting;
  /** POD_DEFAULTS_UNTOUCHED: names of containers that PodDefaults leave alone, comma-separated. */
  readonly untouchedContainers: ReadonlySet<string>;
  readonly logLevel: LogLevel;
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number, problems: string[]): number {
  const text = env[name] ?? String(fallback);
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  problems.push(`${name} must be a port number, got "${text}"`);
  return fallback;
}

function maxCallsOf(text = "512", problems: string[]): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  problems.push(`MAX_CALLS must be a whole number from 1 to 99999, got "${text}"`);
  return 1;
}

const listOf = (text: string | undefined): string[] => (text ?? "").split(",").filter((item) => item !== "");

function acceleratorsOf(text: string | undefined, problems: string[]): Accelerators {
  try {
    return new Accelerators(
      listOf(text).map((rule) => {
        const [resource = "", ...weight] = rule.split("=");
        return { resource, weight: weight.join("=") };
      }),
    );
  } catch (error) {
    problems.push(`ACCELERATORS must be resource=weight: ${reasonOf(error)}`);
    return standardAccelerators;
  }
}

/** @throws UserError with every problem */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const namespace = env["NAMESPACE"] ?? "";
  if (namespace === "") problems.push("NAMESPACE is not set: give the namespace of the quota ledgers");
  const logLevel = logLevels.find((level) => level === (env["LOG_LEVEL"] ?? "info"));
  if (!logLevel) problems.push(`LOG_LEVEL must be one of ${logLevels.join(", ")}, got "${env["LOG_LEVEL"]}"`);
  const accounts = listOf(env["BYPASS_SERVICE_ACCOUNTS"]);
  for (const account of accounts) {
    if (!/^[a-z0-9-]+:[a-z0-9.-]+$/.test(account)) {
      problems.push(`BYPASS_SERVICE_ACCOUNTS must be namespace:name, got "${account}"`);
    }
  }
  const clientCaFile = env["CLIENT_CA_FILE"] || undefined;
  const clientNames = listOf(env["CLIENT_NAMES"]);
  if (clientNames.length > 0 && clientCaFile === undefined) {
    problems.push("CLIENT_NAMES is set without CLIENT_CA_FILE: give the authority that signs their certificates");
  }
  const settings = {
    port: portOf(env, "PORT", 8443, problems),
    metricsPort: portOf(env, "METRICS_PORT", 9090, problems),
    tlsDir: env["TLS_DIR"] ?? "/etc/carrel/tls",
    clientCaFile,
    clientNames: new Set(clientNames),
    maxCalls: maxCallsOf(env["MAX_CALLS"], problems),
    namespace,
    bypass: new Set(accounts.map((account) => `system:serviceaccount:${account}`)),
    accelerators: acceleratorsOf(env["ACCELERATORS"], problems),
    imageMirror: mirrorFromText(env["IMAGE_MIRROR"], "IMAGE_MIRROR", problems),
    untouchedContainers: new Set(listOf(env["POD_DEFAULTS_UNTOUCHED"] ?? [...meshProxies].join(","))),
    logLevel: logLevel ?? "info",
  };
  if (problems.length > 0) throw new UserError("settings", problems.join("; "), { problems });
  return settings;
}
