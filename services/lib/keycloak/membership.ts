import type { Clock } from "../clock.ts";
import { type KeycloakClient, path } from "./client.ts";
import { isNotFound } from "./errors.ts";
import type { Group, User } from "./types.ts";

/** A group as one of its members sees it. */
export interface MemberGroup {
  readonly id: string;
  readonly name: string;
  /** Names of realm roles that members have by this group, such as `img:scipy`. */
  readonly roles: readonly string[];
  /** Names of its group administrators. */
  readonly admins: readonly string[];
}

/** Who somebody is, and what they belong to. */
export interface Member {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly email: string | undefined;
  /** Names of realm roles that the user has other than by a group. */
  readonly roles: readonly string[];
  readonly groups: readonly MemberGroup[];
}

export interface MembershipOptions {
  readonly client: Pick<KeycloakClient, "get" | "all">;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** How old an answer may be. @default 3000 */
  readonly maxAgeMs?: number;
  /** Answers that are kept. @default 5000 */
  readonly maxEntries?: number;
}

interface Kept {
  readonly askedMs: number;
  readonly member: Promise<Member | undefined>;
}

const MAX_AGE_MS = 3_000;
const MAX_ENTRIES = 5_000;

function displayNameOf({ firstName, lastName, username }: User): string {
  return [firstName, lastName].filter((part) => part !== undefined && part !== "").join(" ") || username;
}

/** A group below another may have any name, that of a top-level group too: it is none of ours. */
const isTopLevel = ({ parentId, name, path: at }: Group): boolean => parentId === undefined && at === `/${name}`;

const memberGroup = ({ id, name, realmRoles = [], attributes }: Group): MemberGroup => ({
  id,
  name,
  roles: realmRoles,
  admins: attributes?.["admins"] ?? [],
});

/**
 * Who belongs to what, asked of Keycloak when somebody wants to know: two or three requests by index for each user, and none
 * while the answer is younger than `maxAgeMs`. What it costs depends on who is active, not on how many users or groups there are.
 */
export class Membership {
  readonly #client: Pick<KeycloakClient, "get" | "all">;
  readonly #clock: Pick<Clock, "monotonicMs">;
  readonly #maxAgeMs: number;
  readonly #maxEntries: number;
  /** Oldest question first. */
  readonly #kept = new Map<string, Kept>();

  constructor({ client, clock, maxAgeMs = MAX_AGE_MS, maxEntries = MAX_ENTRIES }: MembershipOptions) {
    this.#client = client;
    this.#clock = clock;
    this.#maxAgeMs = maxAgeMs;
    this.#maxEntries = maxEntries;
  }

  /**
   * The member of a user name as of at most `maxAgeMs` ago; nobody for a name that is unknown or disabled.
   * @throws KeycloakError where Keycloak cannot tell: an old answer is never given for a new one
   */
  of(userName: string): Promise<Member | undefined> {
    const name = userName.toLowerCase();
    const nowMs = this.#clock.monotonicMs();
    const kept = this.#kept.get(name);
    // Counted from the question, because what Keycloak read was true then.
    if (kept && nowMs - kept.askedMs < this.#maxAgeMs) return kept.member;
    const member = this.#ask(name);
    this.#keep(name, { askedMs: nowMs, member });
    return member;
  }

  /** Forgets what it knows of a user, after a change that the caller has made itself. */
  forget(userName: string): void {
    this.#kept.delete(userName.toLowerCase());
  }

  #keep(name: string, kept: Kept): void {
    this.#kept.delete(name);
    this.#kept.set(name, kept);
    for (const [oldest] of this.#kept) {
      if (this.#kept.size <= this.#maxEntries) break;
      this.#kept.delete(oldest);
    }
    kept.member.catch(() => {
      // A failure is no answer: the next question is asked again.
      if (this.#kept.get(name) === kept) this.#kept.delete(name);
    });
  }

  async #ask(name: string): Promise<Member | undefined> {
    const found = await this.#client.get<User[]>("/users", { username: name, exact: true, briefRepresentation: true });
    const user = found.find(({ username }) => username === name);
    if (!user?.enabled) return undefined;
    try {
      const [groups, roles] = await Promise.all([
        this.#client.all<Group>(path`/users/${user.id}/groups`, { briefRepresentation: false }),
        this.#client.get<{ readonly name: string }[]>(path`/users/${user.id}/role-mappings/realm`),
      ]);
      return {
        id: user.id,
        name: user.username,
        displayName: displayNameOf(user),
        email: user.email,
        roles: roles.map((role) => role.name).sort(),
        groups: groups
          .filter(isTopLevel)
          .map(memberGroup)
          .sort((a, b) => (a.name < b.name ? -1 : 1)),
      };
    } catch (error) {
      // Deleted between the two questions.
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }
}
