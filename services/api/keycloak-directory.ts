import { type KeycloakClient, path } from "../lib/keycloak/client.ts";
import { isUnavailable } from "../lib/keycloak/errors.ts";
import type { Member, MemberGroup, Membership } from "../lib/keycloak/membership.ts";
import { ADMIN_ROLE, EVERYONE } from "../lib/keycloak/names.ts";
import type { Group, User } from "../lib/keycloak/types.ts";
import { type Logger, reasonOf } from "../lib/log.ts";
import { boundBy, nothingBound } from "./bound.ts";
import type { Directory, DirectoryGroup, DirectoryMember, Page, Person } from "./directory.ts";
import { unavailable } from "./errors.ts";

export interface KeycloakDirectoryOptions {
  readonly client: Pick<KeycloakClient, "get">;
  readonly membership: Pick<Membership, "of">;
  readonly log: Logger;
}

const directoryGroup = ({ name, admins, roles }: Pick<MemberGroup, "name" | "admins" | "roles">): DirectoryGroup => ({
  name,
  admins,
  bound: boundBy(roles),
});

function personOf({ id, name, displayName, email, roles, groups }: Member): Person {
  const everyone = groups.find((group) => group.name === EVERYONE);
  return {
    id,
    name,
    displayName,
    email: email ?? null,
    isAdmin: roles.includes(ADMIN_ROLE) || groups.some((group) => group.roles.includes(ADMIN_ROLE)),
    groups: groups.filter((group) => group !== everyone).map(directoryGroup),
    common: everyone === undefined ? nothingBound : boundBy(everyone.roles),
  };
}

/** People and groups as Keycloak's Admin API tells them. */
export class KeycloakDirectory implements Directory {
  readonly #client: Pick<KeycloakClient, "get">;
  readonly #membership: Pick<Membership, "of">;
  readonly #log: Logger;

  constructor({ client, membership, log }: KeycloakDirectoryOptions) {
    this.#client = client;
    this.#membership = membership;
    this.#log = log;
  }

  async person(name: string): Promise<Person | undefined> {
    const member = await this.#asked(this.#membership.of(name));
    return member === undefined ? undefined : personOf(member);
  }

  async group(name: string): Promise<DirectoryGroup | undefined> {
    const found = await this.#find(name);
    if (found === undefined) return undefined;
    return directoryGroup({ name, admins: found.attributes?.["admins"] ?? [], roles: found.realmRoles ?? [] });
  }

  async members(group: string, { first, offset }: Page): Promise<readonly DirectoryMember[]> {
    const found = await this.#find(group);
    if (found === undefined) return [];
    const query = { first: offset, max: first, briefRepresentation: true };
    const users = await this.#asked(this.#client.get<User[]>(path`/groups/${found.id}/members`, query));
    return users.map(({ username, firstName, lastName, email = null }) => ({
      name: username,
      displayName: [firstName, lastName].filter(Boolean).join(" ") || username,
      email,
    }));
  }

  async #find(name: string): Promise<Group | undefined> {
    const query = { search: name, exact: true, briefRepresentation: false };
    const found = await this.#asked(this.#client.get<Group[]>("/groups", query));
    // A search answers the parents of what it finds too, and the group below another may have any name.
    const group = found.find((one) => one.name === name && one.path === `/${name}`);
    if (group === undefined) return undefined;
    return this.#asked(this.#client.get<Group>(path`/groups/${group.id}`));
  }

  async #asked<T>(answer: Promise<T>): Promise<T> {
    try {
      return await answer;
    } catch (error) {
      this.#log.warn("directory-failed", { reason: reasonOf(error) });
      throw isUnavailable(error) ? unavailable("people and groups are not known now") : error;
    }
  }
}
