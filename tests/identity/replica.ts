import { cpSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DATABASE_PASSWORD, type KeycloakPodSettings, keycloakPod } from "../../components/identity/keycloak-pod.ts";
import { freePorts } from "../ssh/support/processes.ts";
import { eventually } from "../support/eventually.ts";
import { spawnGuarded } from "../support/guarded-server.ts";

const ANSWER_MS = 30_000;
const OWN_SECRET = "own";
const BOOTSTRAP_SECRET = "bootstrap";

interface Variable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: {
    readonly secretKeyRef?: { readonly name: string; readonly key: string };
    readonly fieldRef?: { readonly fieldPath: string };
  };
}
interface Container {
  readonly args: readonly string[];
  readonly env: readonly Variable[];
  readonly readinessProbe: { readonly periodSeconds: number; readonly failureThreshold: number };
}

export interface ReplicaOptions {
  /** Keycloak's folder, which is the replica's own. */
  readonly home: string;
  /** On loopback, in the place of its pod's. */
  readonly address: string;
  /** False for an image on which nobody has run `kc.sh build`. */
  readonly isOptimized: boolean;
  readonly publicUrl: string;
  readonly database: KeycloakPodSettings["database"];
  readonly databasePassword: string;
  readonly bootstrap: { readonly clientId: string; readonly secret: string };
}

/** A replica of the platform's Keycloak as a process: the arguments and the environment of its pod. */
export interface Replica {
  readonly url: string;
  readonly address: string;
  /** What it has written. */
  log(): string;
  /** Prometheus' text. */
  metrics(): Promise<string>;
  isReady(): Promise<boolean>;
  /** For how long it may say that it is not ready before the Service leaves it out. */
  readonly unreadyMs: number;
  /** Ends it without a word to the other one. */
  kill(): Promise<void>;
}

/** What the kubelet would start and how it would ask it; secrets and fields are resolved. */
function containerOf(options: ReplicaOptions): Omit<Container, "env"> & { env: Record<string, string> } {
  const { address, isOptimized, publicUrl, database, databasePassword, bootstrap } = options;
  const settings = { image: "keycloak", isOptimized, priorityClass: "platform", publicUrl, database };
  const pod = keycloakPod({ ...settings, bootstrapSecret: BOOTSTRAP_SECRET }, OWN_SECRET);
  const [{ args, env, readinessProbe }] = pod.containers as unknown as [Container];
  const secrets: Readonly<Record<string, Readonly<Record<string, string>>>> = {
    [OWN_SECRET]: { [DATABASE_PASSWORD]: databasePassword },
    [BOOTSTRAP_SECRET]: { "client-id": bootstrap.clientId, "client-secret": bootstrap.secret },
  };
  const fields: Readonly<Record<string, string>> = { "status.podIP": address };
  const resolve = ({ name, value, valueFrom: { secretKeyRef: ref, fieldRef } = {} }: Variable): string => {
    const found = value ?? (ref ? secrets[ref.name]?.[ref.key] : fields[fieldRef?.fieldPath ?? ""]);
    if (found === undefined) throw new Error(`${name} of Keycloak's pod is not known to the test`);
    return found;
  };
  return { args, env: Object.fromEntries(env.map((variable) => [variable.name, resolve(variable)])), readinessProbe };
}

/** Starts a replica; answers when it is ready for requests. */
export async function startReplica(options: ReplicaOptions): Promise<Replica> {
  const { home, address } = options;
  const { args, env, readinessProbe } = containerOf(options);
  const [port = 0, managementPort = 0] = await freePorts(2, address);
  const logFile = `${home}.log`;
  const kill = spawnGuarded({
    command: [join(home, "bin", "kc.sh"), ...args],
    env: {
      ...{ PATH: process.env["PATH"], JAVA_HOME: process.env["JAVA_HOME"], ...env },
      // What a network namespace of its own would do.
      ...{ KC_HTTP_HOST: address, KC_HTTP_PORT: `${port}`, KC_HTTP_MANAGEMENT_PORT: `${managementPort}` },
      ...{ JAVA_OPTS_KC_HEAP: "-Xms64m -Xmx640m", JAVA_OPTS_APPEND: "-XX:TieredStopAtLevel=1" },
    },
    logFile,
    signal: "KILL",
  });
  const management = `http://${address}:${managementPort}`;
  const log = (): string => readFileSync(logFile, "utf8");
  const isReady = async (): Promise<boolean> =>
    (await fetch(`${management}/health/ready`, { signal: AbortSignal.timeout(ANSWER_MS) })).ok;
  const ready = eventually(`Keycloak on ${address} is ready`, async () => (await isReady()) || undefined, 280_000);
  await ready.catch(async (error: unknown) => {
    await kill();
    throw new Error(log().slice(-2_000), { cause: error });
  });
  const metrics = async (): Promise<string> => (await fetch(`${management}/metrics`)).text();
  // The first failure counts when it is asked, the last one as many periods later.
  const unreadyMs = (readinessProbe.failureThreshold - 1) * readinessProbe.periodSeconds * 1000;
  return { url: `http://${address}:${port}`, address, log, metrics, isReady, unreadyMs, kill };
}

/** A copy of a distribution for a replica of its own. */
export function copyOf(distribution: string, home: string): string {
  cpSync(distribution, home, { recursive: true });
  return home;
}
