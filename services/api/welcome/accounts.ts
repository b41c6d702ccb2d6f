import { randomBytes } from "node:crypto";
import { type KeycloakClient, path } from "../../lib/keycloak/client.ts";
import { isConflict, KeycloakError } from "../../lib/keycloak/errors.ts";
import { ADMIN_ROLE, EVERYONE } from "../../lib/keycloak/names.ts";
import type { Group, Role, User } from "../../lib/keycloak/types.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import type { AccountFields, FieldErrors } from "./account-form.ts";
import type { Invitation } from "./invitations.ts";

export type Made =
  /** With the group that the account is a member of, if any. */
  | { readonly ok: true; readonly group?: string }
  /** What was typed is refused, by a field or, without one, as a whole. */
  | { readonly ok: false; readonly reason: "refused"; readonly errors: FieldErrors; readonly problem?: string }
  /** Somebody else used the link at the same time; this account is gone again. */
  | { readonly ok: false; readonly reason: "beaten" };

export interface AccountsOptions {
  readonly client: Pick<KeycloakClient, "get" | "post" | "put" | "delete">;
  readonly log: Logger;
}

/** Of a user: the use of a link that made the account. Only administrators may change it. */
const INVITATION = "invitation";

/** What Keycloak says is wrong, without our words before it: `Keycloak answers 400 to POST PATH: WORDS`. */
const complaintOf = ({ message }: KeycloakError): string => message.slice(message.indexOf(": ") + 2);

/** What Keycloak has against an account; nothing where the fault is not the account's. */
function refusalOf(error: unknown): Made | undefined {
  if (!(error instanceof KeycloakError) || (error.status !== 400 && error.status !== 409)) return undefined;
  const words = complaintOf(error);
  const refused = (errors: FieldErrors): Made => ({ ok: false, reason: "refused", errors });
  if (!isConflict(error)) {
    if (/password/i.test(words)) return refused({ password: words });
    return { ok: false, reason: "refused", errors: {}, problem: `The account is refused: ${words}` };
  }
  if (/same email/i.test(words)) {
    return refused({ email: "This address has an account: log in with it, or write another one." });
  }
  return refused({ userName: "This name is taken: choose another one." });
}

/** Accounts in Keycloak, which alone knows who has used a link. */
export class Accounts {
  readonly #client: AccountsOptions["client"];
  readonly #log: Logger;

  constructor({ client, log }: AccountsOptions) {
    this.#client = client;
    this.#log = log;
  }

  /** Whether anybody administers the platform, by a role of their own or of a group. @throws KeycloakError */
  async hasAdministrator(): Promise<boolean> {
    return (await this.#administrators()).length > 0;
  }

  /**
   * Makes a user who administers the platform, if nobody else does. Where there is but one group, they are a member of it, and
   * can start a notebook at once.
   * @throws KeycloakError, and no account is left then as far as Keycloak answers
   */
  async makeAdministrator(account: AccountFields): Promise<Made> {
    const group = await this.#onlyGroup();
    const made = await this.#make(account, randomBytes(16).toString("hex"), async (user) => {
      if (await this.hasAdministrator()) return false;
      const role = await this.#client.get<Role>(path`/roles/${ADMIN_ROLE}`);
      await this.#client.post(path`/users/${user}/role-mappings/realm`, [role]);
      if (group !== undefined) await this.#client.put(path`/users/${user}/groups/${group.id}`);
      return (await this.#administrators()).every((id) => id === user);
    });
    return made.ok && group !== undefined ? { ok: true, group: group.name } : made;
  }

  /** User name of who has used an invitation. @throws KeycloakError */
  async userOf(invitation: Invitation): Promise<string | undefined> {
    return (await this.#madeBy(invitation.id))[0]?.username;
  }

  /**
   * Makes a user who is a member of the invitation's group.
   * @throws KeycloakError, and no account is left then as far as Keycloak answers
   */
  async makeMember(account: AccountFields, { id, group }: Invitation): Promise<Made> {
    return this.#make(account, id, async (user) => {
      await this.#client.put(path`/users/${user}/groups/${await this.#groupId(group)}`);
      return (await this.#madeBy(id)).every((one) => one.id === user);
    });
  }

  /**
   * Makes a user, and completes it. Whoever sees another one that came by the same link goes, so that of two at the same time
   * never both stay; it can be that neither does.
   * @param complete false where another one was faster
   */
  async #make(account: AccountFields, use: string, complete: (user: string) => Promise<boolean>): Promise<Made> {
    try {
      const made = await this.#create(account, use);
      if (typeof made !== "string") return made;
      if (await complete(made)) return { ok: true };
    } catch (error) {
      await this.#remove(account.userName, use);
      throw error;
    }
    await this.#remove(account.userName, use);
    return { ok: false, reason: "beaten" };
  }

  /** The id of the new user, or what Keycloak has against it. @throws KeycloakError */
  async #create({ userName, password, ...own }: AccountFields, use: string): Promise<string | Made> {
    const user = {
      username: userName,
      ...own,
      enabled: true,
      emailVerified: false,
      attributes: { [INVITATION]: [use] },
      credentials: [{ type: "password", value: password, temporary: false }],
    };
    try {
      const id = await this.#client.post("/users", user);
      if (id !== undefined) return id;
    } catch (error) {
      const refusal = refusalOf(error);
      if (refusal !== undefined) return refusal;
      throw error;
    }
    throw new KeycloakError("Keycloak does not say which user it made", { status: 502 });
  }

  /** Removes what this use has made; without its id, because Keycloak may have made it and not have answered. */
  async #remove(userName: string, use: string): Promise<void> {
    try {
      const made = (await this.#madeBy(use)).find(({ username }) => username === userName);
      if (made !== undefined) await this.#client.delete(path`/users/${made.id}`);
    } catch (error) {
      this.#log.error("half-account-left", { user: userName, reason: reasonOf(error) });
      throw error;
    }
  }

  #madeBy(use: string): Promise<User[]> {
    return this.#client.get<User[]>("/users", { q: `${INVITATION}:${use}`, briefRepresentation: true });
  }

  /** Ids of at least two, where there are. */
  async #administrators(): Promise<string[]> {
    const query = { briefRepresentation: true, first: 0, max: 2 };
    const direct = await this.#client.get<User[]>(path`/roles/${ADMIN_ROLE}/users`, query);
    const groups = await this.#client.get<Group[]>(path`/roles/${ADMIN_ROLE}/groups`, { briefRepresentation: true });
    const members = groups.map(({ id }) => this.#client.get<User[]>(path`/groups/${id}/members`, query));
    return [...direct, ...(await Promise.all(members)).flat()].map(({ id }) => id);
  }

  /** The group beside the one that everybody is in, where there is exactly one. */
  async #onlyGroup(): Promise<Group | undefined> {
    const groups = await this.#client.get<Group[]>("/groups", { briefRepresentation: true, first: 0, max: 3 });
    const [only, ...others] = groups.filter(({ name }) => name !== EVERYONE);
    return others.length === 0 ? only : undefined;
  }

  async #groupId(name: string): Promise<string> {
    const found = await this.#client.get<Group[]>("/groups", { search: name, exact: true, briefRepresentation: true });
    // A search answers the parents of what it finds too, and the group below another may have any name.
    const group = found.find((one) => one.name === name && one.path === `/${name}`);
    if (group !== undefined) return group.id;
    throw new KeycloakError(`there is no group "${name}" any more`, { status: 404 });
  }
}
