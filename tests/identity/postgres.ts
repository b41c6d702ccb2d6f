import { execFile } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { cacheRoot } from "../../lab/endpoints.ts";
import { postgres } from "../../lab/stand-ins/program-layers.ts";
import { LayerCache } from "../../lab/stand-ins/recipe.ts";
import { eventually } from "../support/eventually.ts";
import { spawnGuarded } from "../support/guarded-server.ts";
import { ownFolder } from "../support/keycloak.ts";

const run = promisify(execFile);

export interface TestPostgres {
  readonly database: { readonly host: string; readonly port: number; readonly name: string; readonly user: string };
  readonly password: string;
  /** Runs a statement as the owner. */
  execute(sql: string): Promise<void>;
  stop(): Promise<void>;
}

/** PostgreSQL refuses to be root; anybody else is who runs the tests. */
const uid = process.getuid?.() === 0 ? 65_534 : undefined;
const PORT = 5432;
const DATABASE = "postgres";
const OWNER = "keycloak";
const PASSWORD = "database-password-of-the-test";

/** The lab's PostgreSQL with an empty database, on an address of loopback, in a folder of its own. */
export async function startPostgres(host: string): Promise<TestPostgres> {
  const layers = new LayerCache(join(cacheRoot(), "stand-ins", "layers"));
  const { file } = (await layers.find(postgres)) ?? (await layers.make(postgres));
  const folder = ownFolder();
  chmodSync(folder, 0o755);
  const [programs, data] = [join(folder, "programs"), join(folder, "data")];
  for (const each of [programs, data]) mkdirSync(each);
  await run("tar", ["-x", "-f", file, "-C", programs]);
  const bin = join(programs, "usr/lib/postgresql/17/bin");
  const passwordFile = join(data, "password");
  writeFileSync(passwordFile, PASSWORD, { mode: 0o644 });
  const pgData = join(data, "pg");
  if (uid !== undefined) chownSync(data, uid, uid);
  const as = { env: { PATH: process.env["PATH"] }, cwd: folder, ...(uid === undefined ? {} : { uid }) };
  const owner = [
    `--username=${OWNER}`,
    `--pwfile=${passwordFile}`,
    "--auth=scram-sha-256",
    "--encoding=UTF8",
    "--no-sync",
  ];
  await run(join(bin, "initdb"), [`--pgdata=${pgData}`, ...owner], as);
  const logFile = join(folder, "postgres.log");
  // Its data is thrown away.
  const settings = [`listen_addresses=${host}`, `port=${PORT}`, "unix_socket_directories=", "fsync=off"];
  const command = [join(bin, "postgres"), "-D", pgData, ...settings.flatMap((setting) => ["-c", setting])];
  const stop = spawnGuarded({ ...as, command, logFile, signal: "QUIT" });
  const isReady = ["-h", host, "-p", String(PORT)];
  await eventually("PostgreSQL is ready", async () => (await run(join(bin, "pg_isready"), isReady)) && true).catch(
    async (error: unknown) => {
      await stop();
      throw new Error(readFileSync(logFile, "utf8").slice(-2_000), { cause: error });
    },
  );
  const execute = async (sql: string): Promise<void> => {
    const args = [...isReady, "-U", OWNER, "-d", DATABASE, "-v", "ON_ERROR_STOP=1", "-c", sql];
    await run(join(bin, "psql"), args, { env: { ...as.env, PGPASSWORD: PASSWORD } });
  };
  return { database: { host, port: PORT, name: DATABASE, user: OWNER }, password: PASSWORD, execute, stop };
}
