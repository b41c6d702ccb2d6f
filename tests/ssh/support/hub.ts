import { randomBytes } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownAddress } from "../../identity/loopback.ts";
import { projectDir } from "../../support/engine.ts";
import { eventually } from "../../support/eventually.ts";
import { type PeopleApi, startPeopleApi } from "./people.ts";
import { freePorts, type Started, start } from "./processes.ts";
import { hubPrograms } from "./programs.ts";

export interface TestHub {
  /** Of the proxy, before the hub and the users' servers. */
  readonly url: string;
  readonly adminToken: string;
  /** What the SSH gateway is known by at `/hub/api/ssh-login`. */
  readonly gatewayToken: string;
  /** Who is a person of the platform, by the API that the hub asks. */
  readonly people: Set<string>;
  readonly homeOf: (user: string) => string;
  /** Calls the hub's API with the administrator's token, or another. */
  readonly call: (method: string, path: string, body?: object, token?: string) => Promise<Response>;
  readonly tokenOf: (user: string, body?: object) => Promise<{ readonly token: string; readonly id: string }>;
  readonly stop: () => Promise<void>;
}

/** People in the hub of the tests. */
export const users = ["ada", "eve", "bare"] as const;

/** Ports that are free on it stay so. */
const HOST = ownAddress(0);
const START_MS = 180_000;

interface Given {
  readonly folder: string;
  readonly ports: readonly number[];
  readonly proxy: readonly string[];
  readonly adminToken: string;
  readonly gatewayToken: string;
  readonly api: PeopleApi;
}

/** SSH keys as the platform's own hub has them. */
const sshKeys = ({ gatewayToken, api }: Given): string => `
import sys
sys.path.insert(0, ${JSON.stringify(join(projectDir, "services", "hub"))})
from jupyterhub.auth import DummyAuthenticator
from carrel_hub.ssh_keys.configure import SshKeys, configure_ssh_keys, ssh_key_handlers
from carrel_hub.settings import SshAddress
from carrel_hub.ssh_keys.people import People

keys = SshKeys(SshAddress("127.0.0.1", 22), People("${api.url}", "${api.secret}", 5), "${gatewayToken}")

class NameLogin(DummyAuthenticator):
    def get_handlers(self, app):
        return [*super().get_handlers(app), *ssh_key_handlers(keys)]

configure_ssh_keys(c, keys)
c.JupyterHub.authenticator_class = NameLogin
c.JupyterHub.template_paths = [${JSON.stringify(join(projectDir, "services", "hub", "carrel_hub", "templates"))}]
`;

function configuration(given: Given): string {
  const { folder, ports, proxy, adminToken } = given;
  const [publicPort, apiPort, hubPort] = ports;
  // Without Python on its path, and with a parent that is none, "bare" has a shell that finds no interpreter.
  return `
c.JupyterHub.bind_url = "http://${HOST}:${publicPort}"
c.JupyterHub.hub_bind_url = "http://${HOST}:${hubPort}"
c.ConfigurableHTTPProxy.api_url = "http://${HOST}:${apiPort}"
c.ConfigurableHTTPProxy.command = ${JSON.stringify(proxy)}
c.ConfigurableHTTPProxy.auth_token = "${randomBytes(16).toString("hex")}"
c.JupyterHub.db_url = "sqlite:///${folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "${folder}/cookie"
c.Authenticator.allow_all = True
c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = "jupyterhub.spawner.SimpleLocalProcessSpawner"
c.SimpleLocalProcessSpawner.home_dir_template = "${folder}/homes/{username}"
c.Spawner.args = ["--allow-root", "--ServerApp.log_level=WARN"]
c.Spawner.environment = {"PS1": "$ ", "SHELL": "/bin/bash"}
c.Spawner.start_timeout = 120
c.Spawner.http_timeout = 120

def refuse(spawner):
    if spawner.name == "broken":
        raise RuntimeError("broken on purpose")

c.Spawner.pre_spawn_hook = refuse
c.JupyterHub.services = [{"name": "tests", "api_token": "${adminToken}"}]
c.JupyterHub.load_roles = [
    {"name": "tests", "services": ["tests"], "scopes": ["admin:users", "tokens", "admin:servers", "access:servers"]},
]
${sshKeys(given)}`;
}

/** A real JupyterHub with its proxy and local processes as notebook servers, all below a folder. */
export async function startHub(folder: string): Promise<TestHub> {
  const { python, proxy } = await hubPrograms();
  const ports = await freePorts(3, HOST);
  const [adminToken, gatewayToken] = [randomBytes(16).toString("hex"), randomBytes(16).toString("hex")];
  const api = await startPeopleApi(users);
  mkdirSync(join(folder, "homes"));
  const config = join(folder, "jupyterhub_config.py");
  writeFileSync(config, configuration({ folder, ports, proxy, adminToken, gatewayToken, api }));
  const path = `${join(python, "..")}:${process.env["PATH"]}`;
  const env = { ...process.env, PATH: path, HOME: folder, PYTHONDONTWRITEBYTECODE: "1" };
  const hub: Started = start(python, ["-m", "jupyterhub", "-f", config], env, folder);
  const url = `http://${HOST}:${ports[0]}`;
  const call: TestHub["call"] = (method, at, body, token = adminToken) =>
    fetch(`${url}/hub/api${at}`, {
      method,
      headers: { authorization: `token ${token}` },
      ...(body ? { body: JSON.stringify(body) } : {}),
      signal: AbortSignal.timeout(30_000),
    });
  try {
    await eventually("the hub", async () => ((await call("GET", "/users")).ok ? true : undefined), START_MS);
  } catch (error) {
    api.stop();
    await hub.stop();
    throw new Error(hub.lines.slice(-20).join("\n"), { cause: error });
  }
  await call("POST", "/users", { usernames: users });
  const tokenOf: TestHub["tokenOf"] = async (user, body = {}) =>
    (await (await call("POST", `/users/${user}/tokens`, body)).json()) as { token: string; id: string };
  const homeOf = (user: string): string => join(folder, "homes", user);
  const stop = async (): Promise<void> => {
    api.stop();
    await stopHub(hub, folder);
  };
  return { url, adminToken, gatewayToken, people: api.names, homeOf, call, tokenOf, stop };
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
