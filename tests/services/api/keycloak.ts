import type { Query } from "../../../services/lib/keycloak/client.ts";
import { KeycloakError } from "../../../services/lib/keycloak/errors.ts";

export interface FakeUser {
  readonly id?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly email?: string;
  readonly enabled?: boolean;
  readonly roles?: readonly string[];
  readonly groups?: readonly string[];
  readonly attributes?: Readonly<Record<string, readonly string[]>>;
  readonly password?: string;
}

export interface FakeGroup {
  readonly roles?: readonly string[];
  readonly admins?: readonly string[];
}

interface NewUser {
  readonly username: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly email: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  readonly credentials: readonly { readonly value: string; readonly temporary: boolean }[];
}

const failure = (status: number, method: string, at: string, words: string): KeycloakError =>
  new KeycloakError(`Keycloak answers ${status} to ${method} /admin/realms/carrel${at}: ${words}`, { status });

/** The paths of Keycloak's Admin API that are asked, answered from two tables. */
export class FakeKeycloak {
  readonly users: Map<string, FakeUser>;
  readonly groups: Map<string, FakeGroup>;
  down = false;
  /** Called at each change before it is made: it may fail it, or be what somebody else does at the same time. */
  meanwhile: (what: string) => void | Promise<void> = () => undefined;

  constructor(users: Readonly<Record<string, FakeUser>>, groups: Readonly<Record<string, FakeGroup>>) {
    this.users = new Map(Object.entries(users));
    this.groups = new Map(Object.entries(groups));
  }

  async all<T>(at: string, query?: Query): Promise<T[]> {
    return this.get<T[]>(at, query);
  }

  async get<T>(at: string, query: Query = {}): Promise<T> {
    if (this.down) throw new KeycloakError("Keycloak does not answer", { status: 0 });
    const found = this.#answer(at, query);
    if (found === undefined) throw new KeycloakError(`Keycloak answers 404 to GET ${at}`, { status: 404 });
    return found as T;
  }

  async post(at: string, body: unknown): Promise<string | undefined> {
    await this.#change("POST", at);
    if (at === "/users") return this.#make(body as NewUser);
    const [, , id = ""] = at.split("/");
    const [name, user] = this.#byId(id);
    const roles = (body as { name: string }[]).map((role) => role.name);
    this.users.set(name, { ...user, roles: [...(user.roles ?? []), ...roles] });
    return undefined;
  }

  async put(at: string): Promise<void> {
    await this.#change("PUT", at);
    const [, , id = "", , group = ""] = at.split("/").map(decodeURIComponent);
    const [name, user] = this.#byId(id);
    this.users.set(name, { ...user, groups: [...(user.groups ?? []), group.slice(2)] });
  }

  async delete(at: string): Promise<void> {
    await this.#change("DELETE", at);
    this.users.delete(this.#byId(at.split("/")[2] ?? "")[0]);
  }

  async #change(method: string, at: string): Promise<void> {
    if (this.down) throw new KeycloakError("Keycloak does not answer", { status: 0 });
    await this.meanwhile(`${method} ${at}`);
  }

  #byId(id: string): [name: string, user: FakeUser] {
    const found = [...this.users].find(([name, one]) => (one.id ?? `u-${name}`) === id);
    if (found === undefined) throw failure(404, "GET", `/users/${id}`, "User not found");
    return found;
  }

  #make({ username, credentials, ...own }: NewUser): string {
    const refuse = (status: number, words: string): KeycloakError => failure(status, "POST", "/users", words);
    if (this.users.has(username)) throw refuse(409, "User exists with same username");
    const emails = [...this.users.values()].map(({ email }) => email);
    if (emails.includes(own.email)) throw refuse(409, "User exists with same email");
    const password = credentials[0]?.value ?? "";
    if (password.length < 12) throw refuse(400, "Invalid password: minimum length 12.");
    const { firstName, lastName, email, attributes } = own;
    this.users.set(username, { firstName, lastName, email, attributes, password, groups: ["everyone"] });
    return `u-${username}`;
  }

  #role(name: string, part: string | undefined): unknown {
    if (part === undefined) return { id: `r-${name}`, name };
    if (part === "groups") {
      return [...this.groups].filter(([, { roles }]) => roles?.includes(name)).map(([group]) => this.#group(group));
    }
    return [...this.users].filter(([, { roles }]) => roles?.includes(name)).map(([user]) => this.#shown(user));
  }

  #shown(name: string): object {
    const { id = `u-${name}`, enabled = true, firstName, lastName, email } = this.users.get(name) ?? {};
    return { id, username: name, enabled, firstName, lastName, email };
  }

  #having(query: string): unknown {
    const [key = "", value = ""] = query.split(":");
    return [...this.users]
      .filter(([, { attributes }]) => attributes?.[key]?.includes(value))
      .map(([n]) => this.#shown(n));
  }

  #answer(at: string, query: Query): unknown {
    const [, collection, id = "", part] = at.split("/").map(decodeURIComponent);
    if (collection === "groups" && id === "") return this.#searched(query);
    if (collection === "groups")
      return part === "members" ? this.#members(id.slice(2), query) : this.#group(id.slice(2));
    if (collection === "roles") return this.#role(id, part);
    if (query["q"] !== undefined) return this.#having(String(query["q"]));
    if (id === "") return this.#found(String(query["username"]));
    const user = this.users.get([...this.users].find(([name, one]) => (one.id ?? `u-${name}`) === id)?.[0] ?? "");
    if (part === "groups") return (user?.groups ?? []).map((name) => this.#group(name));
    return (user?.roles ?? []).map((name) => ({ name }));
  }

  #found(name: string): unknown {
    return this.users.has(name) ? [this.#shown(name)] : [];
  }

  #group(name: string): unknown {
    const group = this.groups.get(name);
    if (group === undefined) return undefined;
    const { roles = [], admins = [] } = group;
    return { id: `g-${name}`, name, path: `/${name}`, realmRoles: roles, attributes: { admins } };
  }

  #searched({ search, max }: Query): unknown {
    if (search !== undefined) return this.#search(String(search));
    return [...this.groups.keys()].slice(0, Number(max)).map((name) => this.#group(name));
  }

  /** As Keycloak does: exact names of groups at any depth. */
  #search(name: string): unknown {
    const below = { id: "x", name, path: `/other/${name}`, parentId: "g-other" };
    const found = this.#group(name);
    return found === undefined ? [below] : [below, found];
  }

  #members(group: string, { first, max }: Query): unknown {
    const members = [...this.users].filter(([, user]) => user.groups?.includes(group));
    return members
      .slice(Number(first), Number(first) + Number(max))
      .map(([username, { firstName, lastName, email }]) => ({
        id: `u-${username}`,
        username,
        firstName,
        lastName,
        email,
      }));
  }
}
