import { KeycloakClient } from "../../../services/lib/keycloak/client.ts";
import { KeycloakError } from "../../../services/lib/keycloak/errors.ts";
import type { Group, Role, User } from "../../../services/lib/keycloak/types.ts";
import type { KubeClient } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import type { Forward, Kubectl } from "./kubectl.ts";
import { secrets } from "./objects.ts";
import type { StackOutputs } from "./outputs.ts";

const CLIENT = "carrel-controllers";
const ADMIN_ROLE = "carrel-admin";
const KEYCLOAK_PORT = 8080;
const REACH_MS = 10_000;

export interface Account {
  readonly username: string;
  readonly password: string;
}

/** Keycloak's Admin API, which is not public: through a port of the pod, as the platform's own reconciler. */
export class TestIdentity {
  readonly #kubectl: Kubectl;
  readonly #namespaces: StackOutputs["namespaces"];
  readonly #secret: string;
  #forward: Forward | undefined;

  private constructor(kubectl: Kubectl, namespaces: StackOutputs["namespaces"], secret: string) {
    this.#kubectl = kubectl;
    this.#namespaces = namespaces;
    this.#secret = secret;
  }

  static async open(client: KubeClient, kubectl: Kubectl, namespaces: StackOutputs["namespaces"]) {
    const { data } = await client.get<{ data: Record<string, string> }>(secrets, namespaces.system, "realm-clients");
    const secret = Buffer.from(data[CLIENT] ?? "", "base64").toString("utf8");
    return new TestIdentity(kubectl, namespaces, secret);
  }

  /** A client of the realm. Keycloak's pod may be another one than before, which the forward learns only when it is used. */
  async realm(): Promise<KeycloakClient> {
    const url = await eventually("Keycloak is reached", async () => {
      this.#forward ??= await this.#kubectl.forward(this.#namespaces.identity, "service/keycloak", KEYCLOAK_PORT);
      const at = `http://127.0.0.1:${this.#forward.port}`;
      const answer = await fetch(`${at}/realms/carrel`, { signal: AbortSignal.timeout(REACH_MS) }).catch(
        () => undefined,
      );
      if (answer?.ok) return at;
      this.#forward.close();
      this.#forward = undefined;
      return undefined;
    });
    const credentials = { realm: "carrel", clientId: CLIENT, secret: () => this.#secret };
    return new KeycloakClient({ url, realm: "carrel", credentials, timeoutMs: 60_000 });
  }

  async findUser(username: string): Promise<User | undefined> {
    const realm = await this.realm();
    return (await realm.get<User[]>("/users", { username, exact: true }))[0];
  }

  async addUser({ username, password }: Account): Promise<string> {
    const realm = await this.realm();
    const id = await realm.post("/users", {
      username,
      enabled: true,
      email: `${username}@example.org`,
      emailVerified: true,
      firstName: username,
      lastName: "Test",
      credentials: [{ type: "password", value: password, temporary: false }],
    });
    if (id === undefined) throw new Error(`Keycloak told no id of user ${username}`);
    return id;
  }

  async removeUser(username: string): Promise<void> {
    const user = await this.findUser(username);
    if (user !== undefined) await (await this.realm()).delete(`/users/${user.id}`);
  }

  /** User names of those who administer the platform. */
  async administrators(): Promise<string[]> {
    const realm = await this.realm();
    return (await realm.all<User>(`/roles/${ADMIN_ROLE}/users`)).map(({ username }) => username);
  }

  /** Takes the role from everybody who has it, and answers what gives it back. */
  async setAdministratorsAside(): Promise<() => Promise<void>> {
    const realm = await this.realm();
    const role = await realm.get<Role>(`/roles/${ADMIN_ROLE}`);
    const users = await realm.all<User>(`/roles/${ADMIN_ROLE}/users`);
    for (const { id } of users) await realm.delete(`/users/${id}/role-mappings/realm`, [role]);
    return async () => {
      for (const { id } of users) await this.makeAdministrator(id);
    };
  }

  async makeAdministrator(userId: string): Promise<void> {
    const realm = await this.realm();
    await realm.post(`/users/${userId}/role-mappings/realm`, [await realm.get<Role>(`/roles/${ADMIN_ROLE}`)]);
  }

  async group(name: string): Promise<Group | undefined> {
    const realm = await this.realm();
    const found = await realm.get<Group[]>("/groups", { search: name, exact: true });
    return found.find((group) => group.name === name);
  }

  /** Names of the groups that a user is in, beside the one that everybody is in. */
  async groupsOf(username: string): Promise<string[]> {
    const user = await this.findUser(username);
    if (user === undefined) throw new Error(`there is no user ${username}`);
    const found = await (await this.realm()).all<Group>(`/users/${user.id}/groups`);
    return found.map(({ name }) => name).filter((name) => name !== "everyone");
  }

  /** The group as the platform makes it for a Group. */
  awaitGroup(name: string): Promise<Group> {
    return eventually(`Keycloak has the group ${name}`, () => this.group(name));
  }

  async removeGroup(name: string): Promise<void> {
    const group = await this.group(name);
    if (group === undefined) return;
    await (await this.realm()).delete(`/groups/${group.id}`).catch((error: unknown) => {
      // The platform removes an empty group too, and may have been first.
      if (!(error instanceof KeycloakError && error.status === 404)) throw error;
    });
  }

  async join(username: string, groupName: string): Promise<void> {
    await this.#member("PUT", username, groupName);
  }

  async leave(username: string, groupName: string): Promise<void> {
    await this.#member("DELETE", username, groupName);
  }

  async #member(method: "PUT" | "DELETE", username: string, groupName: string): Promise<void> {
    const user = await this.findUser(username);
    const group = await this.awaitGroup(groupName);
    if (user === undefined) throw new Error(`there is no user ${username}`);
    await (await this.realm()).request(method, `/users/${user.id}/groups/${group.id}`);
  }

  /** Lets a group use what a role stands for, once the platform has made the role. */
  async bind(groupName: string, roleName: string): Promise<void> {
    const realm = await this.realm();
    const group = await this.awaitGroup(groupName);
    const role = await eventually(`Keycloak has the role ${roleName}`, () =>
      realm.get<Role>(`/roles/${encodeURIComponent(roleName)}`),
    );
    await realm.post(`/groups/${group.id}/role-mappings/realm`, [role]);
  }

  async removeRole(roleName: string): Promise<void> {
    const realm = await this.realm();
    await realm.delete(`/roles/${encodeURIComponent(roleName)}`).catch((error: unknown) => {
      if (!(error instanceof KeycloakError && error.status === 404)) throw error;
    });
  }

  close(): void {
    this.#forward?.close();
  }
}
