import { type LogLevel, logLevels } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";

/** How this process is set up; every value comes from an environment variable. */
export interface Settings {
  /** PORT: HTTPS for the API server. */
  readonly port: number;
  /** METRICS_PORT: plain HTTP for /metrics, /livez and /readyz. */
  readonly metricsPort: number;
  /** TLS_DIR: folder of tls.crt and tls.key. */
  readonly tlsDir: string;
  /** NAMESPACE: where the ledgers are. */
  readonly namespace: string;
  /** BYPASS_SERVICE_ACCOUNTS: `namespace:name`, comma-separated; their pods may belong to nobody. */
  readonly bypass: ReadonlySet<string>;
  readonly logLevel: LogLevel;
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number, problems: string[]): number {
  const text = env[name] ?? String(fallback);
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  problems.push(`${name} must be a port number, got "${text}"`);
  return fallback;
}

/** @throws UserError with every problem */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const namespace = env["NAMESPACE"] ?? "";
  if (namespace === "") problems.push("NAMESPACE is not set: give the namespace of the quota ledgers");
  const logLevel = logLevels.find((level) => level === (env["LOG_LEVEL"] ?? "info"));
  if (!logLevel) problems.push(`LOG_LEVEL must be one of ${logLevels.join(", ")}, got "${env["LOG_LEVEL"]}"`);
  const accounts = (env["BYPASS_SERVICE_ACCOUNTS"] ?? "").split(",").filter((item) => item !== "");
  for (const account of accounts) {
    if (!/^[a-z0-9-]+:[a-z0-9.-]+$/.test(account)) {
      problems.push(`BYPASS_SERVICE_ACCOUNTS must be namespace:name, got "${account}"`);
    }
  }
  const settings = {
    port: portOf(env, "PORT", 8443, problems),
    metricsPort: portOf(env, "METRICS_PORT", 9090, problems),
    tlsDir: env["TLS_DIR"] ?? "/etc/carrel/tls",
    namespace,
    bypass: new Set(accounts.map((account) => `system:serviceaccount:${account}`)),
    logLevel: logLevel ?? "info",
  };
  if (problems.length > 0) throw new UserError("settings", problems.join("; "), { problems });
  return settings;
}
