import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, { readonly auth?: string; readonly identitytoken?: string }>>;
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly credsStore?: string;
}

const run = promisify(execFile);

async function readConfig(env: NodeJS.ProcessEnv): Promise<DockerConfig> {
  const folder = env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  try {
    return JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as DockerConfig;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw error;
  }
}

async function fromHelper(helper: string, registry: string, env: NodeJS.ProcessEnv): Promise<Credentials | undefined> {
  const promise = run(`docker-credential-${helper}`, ["get"], { timeout: 10_000, env });
  // A helper that is missing, or that ends without reading, breaks the pipe; its exit says all there is to say.
  promise.child.stdin?.on("error", () => {});
  promise.child.stdin?.end(registry);
  try {
    const answer = JSON.parse((await promise).stdout) as { Username: string; Secret: string };
    return { username: answer.Username, password: answer.Secret };
  } catch {
    // A helper answers with an error for a registry that it does not know.
    return undefined;
  }
}

/** What Docker's own configuration knows of a registry: a helper, or `auths`. */
export async function credentialsFor(
  registry: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<Credentials | undefined> {
  const config = await readConfig(env);
  const helper = config.credHelpers?.[registry] ?? config.credsStore;
  const fromStore = helper === undefined ? undefined : await fromHelper(helper, registry, env);
  if (fromStore) return fromStore;
  const entry = config.auths?.[registry] ?? config.auths?.[`https://${registry}`];
  if (entry?.auth === undefined) return undefined;
  const [username = "", ...rest] = Buffer.from(entry.auth, "base64").toString("utf8").split(":");
  return { username, password: rest.join(":") };
}
