import { execFile } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { versionOf } from "../../images/catalogue.ts";
import { cacheRoot } from "../../lab/endpoints.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import type { Role } from "../../services/lib/keycloak/types.ts";
import { eventually } from "./eventually.ts";
import { spawnGuarded } from "./guarded-server.ts";

const run = promisify(execFile);
const MAVEN_COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy";
const SLOW_MS = 600_000;
const BUILD = ["build", "--db=dev-file", "--health-enabled=true"];

export interface TestAccount {
  readonly clientId: string;
  readonly secret: string;
}

/** A Keycloak of its own, on loopback, with a database in a folder of its own. */
export interface TestKeycloak {
  readonly url: string;
  /** The temporary account that its environment has made. */
  readonly bootstrap: TestAccount;
  /** A client of realm master that may do everything, and stays. */
  readonly admin: TestAccount;
  /** A client of a realm's Admin API as that administrator. */
  adminOf(realm: string): KeycloakClient;
  /** Kills the process, and leaves its database. */
  kill(): Promise<void>;
  /** Starts it again on the same address; answers when it is ready. */
  start(): Promise<void>;
}

/** The built distribution, from Maven Central once for each version. */
export async function distribution(): Promise<string> {
  const version = versionOf("keycloak");
  const folder = join(cacheRoot(), "keycloak", version);
  if (existsSync(folder)) return folder;
  mkdirSync(join(folder, ".."), { recursive: true });
  const work = mkdtempSync(join(folder, "..", ".work-"));
  try {
    const artifact = `-Dartifact=org.keycloak:keycloak-quarkus-dist:${version}:tar.gz`;
    await run("mvn", ["-q", "-B", MAVEN_COPY, artifact, `-DoutputDirectory=${work}`], { timeout: SLOW_MS });
    await run("tar", ["-x", "-z", "-f", join(work, `keycloak-quarkus-dist-${version}.tar.gz`), "-C", work]);
    const unpacked = join(work, `keycloak-${version}`);
    await run(join(unpacked, "bin", "kc.sh"), BUILD, { timeout: SLOW_MS });
    // Somebody else may have been faster, with the same result.
    if (!existsSync(folder)) renameSync(unpacked, folder);
    return folder;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

const PREFIX = "carrel-keycloak-";
const LOG = "keycloak.log";

/** Folders of runs that were killed: their process is not there any more. */
function sweep(): void {
  for (const name of readdirSync(tmpdir()).filter((one) => one.startsWith(PREFIX))) {
    const pid = Number(/^carrel-keycloak-(\d+)-/.exec(name)?.[1]);
    if (!existsSync(`/proc/${pid}`)) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  }
}

interface Place {
  readonly home: string;
  readonly port: number;
  readonly managementPort: number;
  readonly bootstrap: TestAccount;
}

function spawnServer({ home, port, managementPort, bootstrap }: Place): () => Promise<void> {
  const java = [
    ...["-Xms64m", "-Xmx640m", "-XX:TieredStopAtLevel=1", "-Dfile.encoding=UTF-8", `-Dkc.home.dir=${home}`],
    ...[`-Djboss.server.config.dir=${home}/conf`, "-Djava.util.logging.manager=org.jboss.logmanager.LogManager"],
    ...["-cp", `${home}/lib/quarkus-run.jar`, "io.quarkus.bootstrap.runner.QuarkusEntryPoint", "start", "--optimized"],
    ...["--http-enabled=true", "--http-host=127.0.0.1", `--http-port=${port}`, "--hostname-strict=false"],
    ...[`--http-management-port=${managementPort}`, "--cache=local"],
  ];
  const env = {
    ...process.env,
    KC_BOOTSTRAP_ADMIN_CLIENT_ID: bootstrap.clientId,
    KC_BOOTSTRAP_ADMIN_CLIENT_SECRET: bootstrap.secret,
  };
  return spawnGuarded({ command: ["java", ...java], env, logFile: join(home, LOG), signal: "KILL" });
}

async function makeAdmin(url: string, bootstrap: TestAccount, admin: TestAccount): Promise<void> {
  const credentials = { realm: "master", clientId: bootstrap.clientId, secret: () => bootstrap.secret };
  const master = new KeycloakClient({ url, realm: "master", credentials, timeoutMs: 60_000 });
  const id = await master.post("/clients", { ...admin, publicClient: false, serviceAccountsEnabled: true });
  const user = await master.get<{ id: string }>(`/clients/${id}/service-account-user`);
  const role = await master.get<Role>("/roles/admin");
  await master.post(`/users/${user.id}/role-mappings/realm`, [role]);
}

/** A folder for servers of this process; it ends with the process, or with the next run when that was killed. */
export function ownFolder(): string {
  sweep();
  const folder = mkdtempSync(join(tmpdir(), `${PREFIX}${process.pid}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Starts a Keycloak with an empty database. */
export async function startKeycloak(): Promise<TestKeycloak> {
  const dist = await distribution();
  const home = ownFolder();
  cpSync(dist, home, { recursive: true });
  const bootstrap = { clientId: "carrel-bootstrap", secret: "bootstrap-secret-of-the-test" };
  const admin = { clientId: "test-admin", secret: "admin-secret-of-the-test" };
  const place = { home, port: await freePort(), managementPort: await freePort(), bootstrap };
  const url = `http://127.0.0.1:${place.port}`;
  let stop = async (): Promise<void> => {};
  const start = async (): Promise<void> => {
    stop = spawnServer(place);
    const ready = async (): Promise<true | undefined> => {
      const signal = AbortSignal.timeout(30_000);
      const { ok } = await fetch(`http://127.0.0.1:${place.managementPort}/health/ready`, { signal });
      return ok || undefined;
    };
    await eventually("Keycloak is ready", ready, 280_000).catch((error: unknown) => {
      throw new Error(readFileSync(join(home, LOG), "utf8").slice(-2_000), { cause: error });
    });
  };
  await start();
  await makeAdmin(url, bootstrap, admin);
  const adminOf = (realm: string): KeycloakClient => {
    const credentials = { realm: "master", clientId: admin.clientId, secret: () => admin.secret };
    return new KeycloakClient({ url, realm, credentials, clock: systemClock, timeoutMs: 60_000 });
  };
  return { url, bootstrap, admin, adminOf, kill: () => stop(), start };
}

let shared: Promise<TestKeycloak> | undefined;

/** The one Keycloak of this test run; it ends with the process. */
export function sharedKeycloak(): Promise<TestKeycloak> {
  shared ??= startKeycloak();
  return shared;
}
