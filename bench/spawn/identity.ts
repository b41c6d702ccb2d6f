import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type LabEndpoints, labStateDir } from "../../lab/endpoints.ts";
import { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { KeycloakError } from "../../services/lib/keycloak/errors.ts";
import type { Group, Role, User } from "../../services/lib/keycloak/types.ts";
import type { KubeClient } from "../../services/lib/kube/client.ts";
import { until } from "../cluster/scene.ts";
import type { Account } from "./member.ts";
import { namespaces, refs } from "./objects.ts";

const CLIENT = "carrel-controllers";
const PORT = "8080";
const ADMIN_ROLE = "carrel-admin";

interface Forward {
  readonly port: number;
  readonly close: () => void;
}

function forward({ name, kubeconfig, context }: LabEndpoints): Promise<Forward> {
  const ofLab = join(labStateDir(name), "kubectl");
  const own = ["--kubeconfig", kubeconfig, "--context", context, "--namespace", namespaces.identity];
  const args = [...own, "port-forward", "service/keycloak", `:${PORT}`, "--address", "127.0.0.1"];
  // Out of the terminal's group: a signal to this program must leave the way to clean up.
  const child = spawn(existsSync(ofLab) ? ofLab : "kubectl", args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  return new Promise((resolve, reject) => {
    let said = "";
    const hear = (chunk: Buffer): void => {
      said += chunk.toString("utf8");
      const port = /Forwarding from 127\.0\.0\.1:(\d+) ->/.exec(said)?.[1];
      if (port !== undefined) resolve({ port: Number(port), close: () => child.kill() });
    };
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.once("error", reject);
    child.once("exit", () => reject(new Error(`Keycloak cannot be reached: ${said}`)));
  });
}

const unlessGone = (error: unknown): void => {
  if (!(error instanceof KeycloakError && error.status === 404)) throw error;
};

/** Keycloak's Admin API, which is not public: through a port of the pod, as the platform's own reconciler. */
export class Identity {
  readonly close: () => void;
  readonly #realm: KeycloakClient;

  private constructor(realm: KeycloakClient, close: () => void) {
    this.#realm = realm;
    this.close = close;
  }

  static async open(lab: LabEndpoints, client: KubeClient): Promise<Identity> {
    const { data } = await client.get<{ data: Record<string, string> }>(
      refs.secrets,
      namespaces.system,
      "realm-clients",
    );
    const secret = Buffer.from(data[CLIENT] ?? "", "base64").toString("utf8");
    const { port, close } = await forward(lab);
    const credentials = { realm: "carrel", clientId: CLIENT, secret: () => secret };
    const url = `http://127.0.0.1:${port}`;
    return new Identity(new KeycloakClient({ url, realm: "carrel", credentials, timeoutMs: 60_000 }), close);
  }

  /** Answers the new user's id. */
  async addUser({ username, password }: Account): Promise<string> {
    const id = await this.#realm.post("/users", {
      username,
      enabled: true,
      email: `${username}@example.org`,
      emailVerified: true,
      firstName: username,
      lastName: "Bench",
      credentials: [{ type: "password", value: password, temporary: false }],
    });
    if (id === undefined) throw new Error(`Keycloak told no id of user ${username}`);
    return id;
  }

  async removeUser(username: string): Promise<void> {
    const [user] = await this.#realm.get<User[]>("/users", { username, exact: true });
    if (user !== undefined) await this.#realm.delete(`/users/${user.id}`).catch(unlessGone);
  }

  async makeAdministrator(userId: string): Promise<void> {
    await this.#realm.post(`/users/${userId}/role-mappings/realm`, [await this.#role(ADMIN_ROLE)]);
  }

  async join(userId: string, groupId: string): Promise<void> {
    await this.#realm.put(`/users/${userId}/groups/${groupId}`);
  }

  /** The id of the group that the platform makes for a Group, once it has. */
  async awaitGroup(name: string): Promise<string> {
    let id: string | undefined;
    await until(`Keycloak has the group ${name}`, async () => {
      id = await this.#findGroup(name);
      return id !== undefined;
    });
    return id ?? "";
  }

  /** Lets a group use what a role stands for, once the platform has made the role. */
  async bind(groupId: string, roleName: string): Promise<void> {
    await until(`group uses ${roleName}`, async () => {
      await this.#realm.post(`/groups/${groupId}/role-mappings/realm`, [await this.#role(roleName)]);
      return true;
    });
  }

  async removeRole(name: string): Promise<void> {
    await this.#realm.delete(`/roles/${encodeURIComponent(name)}`).catch(unlessGone);
  }

  async removeGroup(name: string): Promise<void> {
    // The platform removes it too, and Keycloak fails where both do so at once.
    await until(`Keycloak forgets the group ${name}`, async () => {
      const id = await this.#findGroup(name);
      if (id !== undefined) await this.#realm.delete(`/groups/${id}`).catch(unlessGone);
      return id === undefined;
    });
  }

  async #findGroup(name: string): Promise<string | undefined> {
    const found = await this.#realm.get<Group[]>("/groups", { search: name, exact: true });
    return found.find((group) => group.name === name)?.id;
  }

  #role(name: string): Promise<Role> {
    return this.#realm.get<Role>(`/roles/${encodeURIComponent(name)}`);
  }
}
