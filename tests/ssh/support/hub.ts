import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { freePorts, type Started, start } from "./processes.ts";
import { hubPrograms } from "./programs.ts";

export interface TestHub {
  /** Of the proxy, before the hub and the users' servers. */
  readonly url: string;
  readonly adminToken: string;
  readonly homeOf: (user: string) => string;
  /** Calls the hub's API with the administrator's token, or another. */
  readonly call: (method: string, path: string, body?: object, token?: string) => Promise<Response>;
  readonly tokenOf: (user: string, body?: object) => Promise<{ readonly token: string; readonly id: string }>;
  readonly stop: () => Promise<void>;
}

/** People in the hub of the tests. */
export const users = ["ada", "eve", "bare"] as const;

function configuration(folder: string, ports: readonly number[], proxy: readonly string[], adminToken: string): string {
  const [publicPort, apiPort, hubPort] = ports;
  // Without Python on its path, and with a parent that is none, "bare" has a shell that finds no interpreter.
  return `
c.JupyterHub.bind_url = "http://127.0.0.1:${publicPort}"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:${hubPort}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:${apiPort}"
c.ConfigurableHTTPProxy.command = ${JSON.stringify(proxy)}
c.ConfigurableHTTPProxy.auth_token = "${randomBytes(16).toString("hex")}"
c.JupyterHub.db_url = "sqlite:///${folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "${folder}/cookie"
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
c.SimpleLocalProcessSpawner.home_dir_template = "${folder}/homes/{username}"
c.Spawner.args = ["--allow-root", "--ServerApp.log_level=WARN"]
c.Spawner.environment = {"PS1": "$ ", "SHELL": "/bin/bash"}
c.Spawner.start_timeout = 60

def refuse(spawner):
    if spawner.name == "broken":
        raise RuntimeError("broken on purpose")

c.Spawner.pre_spawn_hook = refuse
c.JupyterHub.services = [{"name": "tests", "api_token": "${adminToken}"}, {"name": "keys", "api_token": "keys-${adminToken}"}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"], "scopes": ["admin:users", "tokens", "admin:servers", "access:servers"]},
    {"name": "keys", "services": ["keys"], "scopes": ["tokens"]},
]
`;
}

/** A real JupyterHub with its proxy and local processes as notebook servers, all below a folder. */
export async function startHub(folder: string): Promise<TestHub> {
  const { python, proxy } = await hubPrograms();
  const ports = await freePorts(3);
  const adminToken = randomBytes(16).toString("hex");
  mkdirSync(join(folder, "homes"));
  const config = join(folder, "jupyterhub_config.py");
  writeFileSync(config, configuration(folder, ports, proxy, adminToken));
  const path = `${join(python, "..")}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, HOME: folder };
  const hub: Started = start(python, ["-m", "jupyterhub", "-f", config], env, folder);
  const url = `http://127.0.0.1:${ports[0]}`;
  const call: TestHub["call"] = (method, at, body, token = adminToken) =>
    fetch(`${url}/hub/api${at}`, {
      method,
      headers: { authorization: `token ${token}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
  try {
    await eventually("the hub", async () => ((await call("GET", "/users")).ok ? true : undefined), 60_000);
  } catch (error) {
    await hub.stop();
    throw new Error(hub.lines.slice(-20).join("\n"), { cause: error });
  }
  await call("POST", "/users", { usernames: users });
  const tokenOf: TestHub["tokenOf"] = async (user, body = {}) =>
    (await (await call("POST", `/users/${user}/tokens`, body)).json()) as { token: string; id: string };
  const homeOf = (user: string): string => join(folder, "homes", user);
  return { url, adminToken, homeOf, call, tokenOf, stop: () => stopHub(hub, folder) };
}

/** What still runs from a folder: processes with it as their home. */
function leftBehind(folder: string): number[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) return [];
    try {
      const environment = readFileSync(`/proc/${name}/environ`, "utf8").split("\0");
      return environment.some((entry) => entry.startsWith(`HOME=${folder}`)) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

/** Ends what still runs from a folder. */
export function endLeftBehind(folder: string): void {
  for (const pid of leftBehind(folder)) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}

async function stopHub(hub: Started, folder: string): Promise<void> {
  await hub.stop();
  endLeftBehind(folder);
}
