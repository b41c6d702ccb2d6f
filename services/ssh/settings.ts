import { isIP } from "node:net";
import { type LogLevel, logLevels } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";

/** How this process is set up; every value comes from an environment variable. */
export interface Settings {
  /** PORT: SSH. */
  readonly port: number;
  /** METRICS_PORT: plain HTTP for /metrics, /livez and /readyz. */
  readonly metricsPort: number;
  /** HUB_URL: the hub's proxy, behind which are both the hub and the notebook servers. */
  readonly hubUrl: URL;
  /** HOST_KEY_FILE: private key in OpenSSH's form. */
  readonly hostKeyFile: string;
  /** BANNER: shown before the login. */
  readonly banner: string;
  /** TOKEN_URL: where people get a token. */
  readonly tokenUrl: string;
  /** PROXIES: CIDRs of load balancers before this process, comma-separated; PROXY_PROTOCOL: whether they say whom they speak for. */
  readonly proxies: { readonly cidrs: readonly string[]; readonly sendHeader: boolean };
  /** KEYS_URL, KEYS_SECRET_FILE: the service that knows public keys; none can be used without. */
  readonly keys: { readonly url: URL; readonly secretFile: string } | undefined;
  /** GRACE_SECONDS: for a login. */
  readonly graceSeconds: number;
  /** IDLE_SECONDS: a connection ends after so long without a byte; 0 is never. */
  readonly idleSeconds: number;
  /** RECHECK_SECONDS: a token that was revoked ends its connections after at most so long. */
  readonly recheckSeconds: number;
  /** START_SECONDS: for a notebook server to start. */
  readonly startSeconds: number;
  /** DRAIN_SECONDS: who is connected may stay so long after SIGTERM. */
  readonly drainSeconds: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerUser: number;
  readonly logLevel: LogLevel;
}

type Problems = string[];

function numberOf(
  env: NodeJS.ProcessEnv,
  name: string,
  fallback: number,
  [least, most]: [number, number],
  problems: Problems,
): number {
  const text = env[name] ?? String(fallback);
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least && value <= most) return value;
  problems.push(`${name} must be a whole number from ${least} to ${most}, got "${text}"`);
  return fallback;
}

function urlOf(env: NodeJS.ProcessEnv, name: string, problems: Problems): URL | undefined {
  const text = env[name] ?? "";
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol === "http:" || url?.protocol === "https:") return url;
  problems.push(`${name} must be an http or https URL, got "${text}"`);
  return undefined;
}

function isCidr(text: string): boolean {
  const [address = "", bits = "", ...more] = text.split("/");
  const family = isIP(address);
  return family !== 0 && more.length === 0 && /^\d+$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

function proxiesOf(env: NodeJS.ProcessEnv, problems: Problems): Settings["proxies"] {
  const cidrs = (env["PROXIES"] ?? "").split(",").filter((item) => item !== "");
  for (const cidr of cidrs) if (!isCidr(cidr)) problems.push(`PROXIES must be CIDRs, got "${cidr}"`);
  const text = env["PROXY_PROTOCOL"] ?? "false";
  if (text !== "true" && text !== "false") problems.push(`PROXY_PROTOCOL must be true or false, got "${text}"`);
  if (text === "true" && cidrs.length === 0) {
    problems.push(
      "PROXY_PROTOCOL is true without PROXIES: give the addresses of the load balancers that may say who connects",
    );
  }
  return { cidrs, sendHeader: text === "true" };
}

function keysOf(env: NodeJS.ProcessEnv, problems: Problems): Settings["keys"] {
  if ((env["KEYS_URL"] ?? "") === "") return undefined;
  const url = urlOf(env, "KEYS_URL", problems);
  const secretFile = env["KEYS_SECRET_FILE"] ?? "";
  if (secretFile === "")
    problems.push("KEYS_SECRET_FILE is not set: give the file of the secret that the key service knows");
  return url && { url, secretFile };
}

/** @throws UserError with every problem */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: Problems = [];
  const logLevel = logLevels.find((level) => level === (env["LOG_LEVEL"] ?? "info"));
  if (!logLevel) problems.push(`LOG_LEVEL must be one of ${logLevels.join(", ")}, got "${env["LOG_LEVEL"]}"`);
  const number = (name: string, fallback: number, least: number, most: number): number =>
    numberOf(env, name, fallback, [least, most], problems);
  const hubUrl = urlOf(env, "HUB_URL", problems);
  const settings = {
    port: number("PORT", 2222, 0, 65_535),
    metricsPort: number("METRICS_PORT", 9090, 0, 65_535),
    hostKeyFile: env["HOST_KEY_FILE"] ?? "/etc/carrel/ssh/host-key",
    banner: env["BANNER"] ?? "",
    tokenUrl: env["TOKEN_URL"] ?? "",
    proxies: proxiesOf(env, problems),
    keys: keysOf(env, problems),
    graceSeconds: number("GRACE_SECONDS", 60, 1, 600),
    idleSeconds: number("IDLE_SECONDS", 43_200, 0, 604_800),
    recheckSeconds: number("RECHECK_SECONDS", 30, 1, 60),
    startSeconds: number("START_SECONDS", 300, 1, 3_600),
    drainSeconds: number("DRAIN_SECONDS", 600, 0, 86_400),
    maxConnections: number("MAX_CONNECTIONS", 500, 1, 100_000),
    maxConnectionsPerUser: number("MAX_CONNECTIONS_PER_USER", 20, 1, 1_000),
    logLevel: logLevel ?? "info",
  };
  if (problems.length > 0 || hubUrl === undefined) throw new UserError("settings", problems.join("; "), { problems });
  return { ...settings, hubUrl };
}
