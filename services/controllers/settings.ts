import { readFileSync } from "node:fs";
import { join } from "node:path";
import { mirrorFromText } from "../lib/image-mirror/from-text.ts";
import type { MirrorSetting } from "../lib/image-mirror/rules.ts";
import { type LogLevel, logLevels, reasonOf } from "../lib/log.ts";
import { UserError } from "../lib/user-error.ts";
import type { ClaimDefaults } from "./claims/wanted.ts";
import type { PullerSettings } from "./puller/plan.ts";
import { withAdditions } from "./realm/declaration.ts";
import { parseAdditions } from "./realm/declaration-file.ts";
import type { Declared } from "./realm/reconciler.ts";
import { type SecretClient, secretClients, standardRealm } from "./realm/standard.ts";

/** How this process is set up; every value comes from an environment variable. */
export interface Settings {
  /** METRICS_PORT: plain HTTP for /metrics, /livez and /readyz. */
  readonly metricsPort: number;
  /** NAMESPACE: where this process reports on the realm. */
  readonly namespace: string;
  /** WORK_NAMESPACE: where volumes of members are. */
  readonly workNamespace: string;
  /** KEYCLOAK_URL: inside the cluster. */
  readonly keycloakUrl: string;
  /** REALM. */
  readonly realm: string;
  /** HOST, PUBLIC_PORT: what people type. */
  readonly host: string;
  readonly publicPort: number;
  /** CLIENT_SECRETS_DIR: folder with a file for each client that has a secret. */
  readonly clientSecretsDir: string;
  /** BOOTSTRAP_DIR: folder with the files client-id and client-secret; without them there is no bootstrap. */
  readonly bootstrapDir: string;
  /** REALM_FILE: what the site adds to the realm, as JSON; nothing without. */
  readonly realmFile: string | undefined;
  /** REALM_SECRETS_DIR: folder with the secrets that the file names. */
  readonly realmSecretsDir: string;
  /** STORAGE_CLASS, ACCESS_MODE: of the claims that are made; without a class, the cluster's default. */
  readonly claims: ClaimDefaults;
  /** PULLER_NAMESPACE, PULLER_PAUSE_IMAGE, PULLER_PRIORITY_CLASS; without the first, no node pulls images beforehand. */
  readonly puller: PullerSettings | undefined;
  /** IMAGE_MIRROR: where servers take images from, as admission is told; their own registries without. */
  readonly imageMirror: MirrorSetting;
  readonly logLevel: LogLevel;
}

function portOf(env: NodeJS.ProcessEnv, name: string, fallback: number, problems: string[]): number {
  const text = env[name] ?? String(fallback);
  const port = Number(text);
  if (/^\d+$/.test(text) && port < 65_536) return port;
  problems.push(`${name} must be a port number, got "${text}"`);
  return fallback;
}

function required(env: NodeJS.ProcessEnv, name: string, hint: string, problems: string[]): string {
  const value = env[name] ?? "";
  if (value === "") problems.push(`${name} is not set: give ${hint}`);
  return value;
}

const accessModes: readonly ClaimDefaults["accessMode"][] = ["ReadWriteMany", "ReadWriteOnce"];

function claimDefaults(env: NodeJS.ProcessEnv, problems: string[]): ClaimDefaults {
  const asked = env["ACCESS_MODE"] || "ReadWriteMany";
  const accessMode = accessModes.find((mode) => mode === asked);
  if (!accessMode) problems.push(`ACCESS_MODE must be one of ${accessModes.join(", ")}, got "${asked}"`);
  return { storageClass: env["STORAGE_CLASS"] || undefined, accessMode: accessMode ?? "ReadWriteMany" };
}

function pullerOf(env: NodeJS.ProcessEnv, problems: string[]): PullerSettings | undefined {
  const namespace = env["PULLER_NAMESPACE"] || undefined;
  if (namespace === undefined) return undefined;
  return {
    namespace,
    pauseImage: required(env, "PULLER_PAUSE_IMAGE", "what pods run that have pulled", problems),
    priorityClass: required(env, "PULLER_PRIORITY_CLASS", "the PriorityClass of pods that pull", problems),
  };
}

/** @throws UserError with every problem */
export function readSettings(env: NodeJS.ProcessEnv): Settings {
  const problems: string[] = [];
  const logLevel = logLevels.find((level) => level === (env["LOG_LEVEL"] ?? "info"));
  if (!logLevel) problems.push(`LOG_LEVEL must be one of ${logLevels.join(", ")}, got "${env["LOG_LEVEL"]}"`);
  const keycloakUrl = required(env, "KEYCLOAK_URL", "where Keycloak is reached in the cluster", problems);
  if (keycloakUrl !== "" && !URL.canParse(keycloakUrl))
    problems.push(`KEYCLOAK_URL must be a URL, got "${keycloakUrl}"`);
  const settings = {
    metricsPort: portOf(env, "METRICS_PORT", 9090, problems),
    namespace: required(env, "NAMESPACE", "the namespace of this pod", problems),
    workNamespace: required(env, "WORK_NAMESPACE", "the namespace of members' volumes", problems),
    keycloakUrl,
    realm: env["REALM"] ?? "carrel",
    host: required(env, "HOST", "the platform's host name", problems),
    publicPort: portOf(env, "PUBLIC_PORT", 443, problems),
    clientSecretsDir: env["CLIENT_SECRETS_DIR"] ?? "/etc/carrel/clients",
    bootstrapDir: env["BOOTSTRAP_DIR"] ?? "/etc/carrel/bootstrap",
    realmFile: env["REALM_FILE"] || undefined,
    realmSecretsDir: env["REALM_SECRETS_DIR"] ?? "/etc/carrel/realm-secrets",
    claims: claimDefaults(env, problems),
    puller: pullerOf(env, problems),
    imageMirror: mirrorFromText(env["IMAGE_MIRROR"], "IMAGE_MIRROR", problems),
    logLevel: logLevel ?? "info",
  };
  if (problems.length > 0) throw new UserError("settings", problems.join("; "), { problems });
  return settings;
}

/** The content of a mounted secret without the newline that editors add; nothing where it is not there. */
export function readSecret(folder: string, name: string): string | undefined {
  try {
    return readFileSync(join(folder, name), "utf8").trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw new UserError("unreadable", `the secret ${name} cannot be read: ${reasonOf(error)}`, { cause: error });
  }
}

/** @throws UserError naming every secret that is missing */
export function readClientSecrets({ clientSecretsDir }: Settings): Record<SecretClient, string> {
  const found = secretClients.map((name) => [name, readSecret(clientSecretsDir, name)] as const);
  const missing = found.flatMap(([name, secret]) => (secret === undefined ? [name] : []));
  if (missing.length === 0) return Object.fromEntries(found) as Record<SecretClient, string>;
  throw new UserError(
    "client-secrets",
    `${clientSecretsDir} has no ${missing.join(", ")}: add them to the Secret realm-clients`,
  );
}

/** The realm as it has to be now: files are read anew each time. @throws UserError */
export function readDeclared(settings: Settings): Declared {
  const { realm, host, publicPort, realmFile, realmSecretsDir } = settings;
  const clientSecrets = readClientSecrets(settings);
  const standard = standardRealm({ realm, host, port: publicPort, secrets: clientSecrets });
  const secrets = new Set<string>(Object.values(clientSecrets));
  if (realmFile === undefined) return { declaration: standard, secrets };
  const text = readFileSync(realmFile, "utf8");
  const added = parseAdditions(text, realmFile, (name) => readSecret(realmSecretsDir, name));
  return { declaration: withAdditions(standard, added.additions), secrets: new Set([...secrets, ...added.secrets]) };
}
