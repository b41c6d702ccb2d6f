import { Accelerators, standardAccelerators } from "../../quota/accelerators.ts";
import { type LogLevel, logLevels, reasonOf } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";
import type { Culling } from "./group-policy.ts";

/** How this process is set up; every value comes from an environment variable. */
export interface Settings {
  /** PORT: for people, behind the gateway. */
  readonly port: number;
  /** INTERNAL_PORT: for servers with the shared secret, inside the cluster. */
  readonly internalPort: number;
  /** METRICS_PORT: plain HTTP for /metrics, /livez and /readyz. */
  readonly metricsPort: number;
  /** ISSUER: the realm as tokens name it, `https://id.example/realms/carrel`. */
  readonly issuer: string;
  /** AUDIENCES: comma-separated; a token is for us if it names one of them. */
  readonly audiences: readonly string[];
  /** KEYCLOAK_URL: where it is reached inside the cluster, without `/realms`. */
  readonly keycloakUrl: string;
  /** REALM. @default the last part of ISSUER */
  readonly realm: string;
  /** CLIENT_ID: as which we ask who people are. */
  readonly clientId: string;
  /** CLIENT_SECRET_FILE: read again for each token, because secrets are rotated. */
  readonly clientSecretFile: string;
  /** SERVER_SECRET_FILE: what servers share with us, at least 32 characters. */
  readonly serverSecretFile: string;
  /** CONSOLE_ORIGIN: whose pages may call; none without. */
  readonly consoleOrigin: string | undefined;
  /** PUBLIC_URL: the origin at which people find the platform, in links that are given to them. */
  readonly publicUrl: string | undefined;
  /** WELCOME_DIR: secrets of the first administrator's link and of invitations; without its files there are no such pages. */
  readonly welcomeDir: string;
  /** WORK_NAMESPACE: where volumes are. */
  readonly workNamespace: string;
  /** ACCELERATORS: `resource=weight`, comma-separated; as admission has them. */
  readonly accelerators: Accelerators;
  /** CULLING_IDLE_SECONDS, CULLING_MAX_AGE_SECONDS: where a group says nothing; never without. */
  readonly culling: Culling;
  /** MAX_CALLS: requests at the same time on a port. */
  readonly maxCalls: number;
  readonly logLevel: LogLevel;
}

type Env = NodeJS.ProcessEnv;

/** Reads variables and keeps what is wrong with them, so that it is told together. */
class Reader {
  readonly problems: string[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  text(name: string): string | undefined {
    return this.#env[name] || undefined;
  }

  required(name: string, what: string): string {
    const text = this.text(name);
    if (text === undefined) this.problems.push(`${name} is not set: give ${what}`);
    return text ?? "";
  }

  integer<T extends number | null>(name: string, fallback: T, most: number): number | T {
    const text = this.text(name);
    if (text === undefined) return fallback;
    if (/^\d{1,9}$/.test(text) && Number(text) <= most) return Number(text);
    this.problems.push(`${name} must be a whole number up to ${most}, got "${text}"`);
    return fallback;
  }

  url(name: string, what: string): string {
    const text = this.required(name, what);
    if (text === "" || this.#isPlain(text)) return text.replace(/\/$/, "");
    this.problems.push(`${name} must be an http or https URL without query, got "${text}"`);
    return "";
  }

  origin(name: string, example: string): string | undefined {
    const text = this.text(name);
    if (text === undefined || (this.#isPlain(text) && new URL(text).origin === text)) return text;
    this.problems.push(`${name} must be an origin such as ${example}, got "${text}"`);
    return undefined;
  }

  #isPlain(text: string): boolean {
    if (!URL.canParse(text)) return false;
    const { protocol, username, search, hash } = new URL(text);
    return /^https?:$/.test(protocol) && `${username}${search}${hash}` === "";
  }
}

const listOf = (text = ""): string[] => text.split(",").filter((item) => item !== "");

function acceleratorsOf(reader: Reader): Accelerators {
  try {
    return new Accelerators(
      listOf(reader.text("ACCELERATORS")).map((rule) => {
        const [resource = "", ...weight] = rule.split("=");
        return { resource, weight: weight.join("=") };
      }),
    );
  } catch (error) {
    reader.problems.push(`ACCELERATORS must be resource=weight: ${reasonOf(error)}`);
    return standardAccelerators;
  }
}

function logLevelOf(reader: Reader): LogLevel {
  const text = reader.text("LOG_LEVEL") ?? "info";
  const level = logLevels.find((one) => one === text);
  if (!level) reader.problems.push(`LOG_LEVEL must be one of ${logLevels.join(", ")}, got "${text}"`);
  return level ?? "info";
}

const PORTS = 65_535;
const SECONDS = 999_999_999;

/** @throws UserError with every problem */
export function readSettings(env: Env): Settings {
  const reader = new Reader(env);
  const issuer = reader.url("ISSUER", "the realm's public URL");
  const settings = {
    port: reader.integer("PORT", 8080, PORTS),
    internalPort: reader.integer("INTERNAL_PORT", 8081, PORTS),
    metricsPort: reader.integer("METRICS_PORT", 9090, PORTS),
    issuer,
    audiences: listOf(reader.text("AUDIENCES") ?? "carrel-api"),
    keycloakUrl: reader.url("KEYCLOAK_URL", "where Keycloak is reached from here"),
    realm: reader.text("REALM") ?? decodeURIComponent(issuer.split("/").pop() ?? ""),
    clientId: reader.text("CLIENT_ID") ?? "carrel-api",
    clientSecretFile: reader.text("CLIENT_SECRET_FILE") ?? "/etc/carrel/api/client-secret",
    serverSecretFile: reader.text("SERVER_SECRET_FILE") ?? "/etc/carrel/api/server-secret",
    consoleOrigin: reader.origin("CONSOLE_ORIGIN", "https://console.example"),
    publicUrl: reader.origin("PUBLIC_URL", "https://carrel.example"),
    welcomeDir: reader.text("WELCOME_DIR") ?? "/etc/carrel/welcome",
    workNamespace: reader.required("WORK_NAMESPACE", "the namespace of users' pods and volumes"),
    accelerators: acceleratorsOf(reader),
    culling: {
      idleSeconds: reader.integer("CULLING_IDLE_SECONDS", null, SECONDS),
      maxAgeSeconds: reader.integer("CULLING_MAX_AGE_SECONDS", null, SECONDS),
    },
    maxCalls: reader.integer("MAX_CALLS", 256, 99_999),
    logLevel: logLevelOf(reader),
  };
  const { problems } = reader;
  if (problems.length > 0) throw new UserError("settings", problems.join("; "), { problems });
  return settings;
}
