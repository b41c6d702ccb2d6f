import type { Bound } from "./bound.ts";

/** A group as the identity provider keeps it. */
export interface DirectoryGroup {
  readonly name: string;
  /** User names of its group administrators. */
  readonly admins: readonly string[];
  /** Of the group itself, without what everyone has. */
  readonly bound: Bound;
}

export interface Person {
  /** The subject of this person's tokens, which another person of the same name does not have. */
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
  /** A platform administrator. */
  readonly isAdmin: boolean;
  /** Without the group that everyone belongs to. */
  readonly groups: readonly DirectoryGroup[];
  /** What everyone may use. */
  readonly common: Bound;
}

export interface DirectoryMember {
  readonly name: string;
  readonly displayName: string;
  readonly email: string | null;
}

/** A part of a list, in the order of the directory. */
export interface Page {
  readonly first: number;
  readonly offset: number;
}

/** Who people are and what they belong to; no answer is older than the platform's bound of 5 seconds. */
export interface Directory {
  /** Nobody for a name that is unknown or disabled. @throws Unavailable */
  person(name: string): Promise<Person | undefined>;
  /** A group by its exact name. @throws Unavailable */
  group(name: string): Promise<DirectoryGroup | undefined>;
  /** @throws Unavailable */
  members(group: string, page: Page): Promise<readonly DirectoryMember[]>;
}

export const administers = (person: Person, group: string): boolean =>
  person.groups.some(({ name, admins }) => name === group && admins.some((admin) => isSameUser(admin, person.name)));

/** Keycloak keeps user names in lower case, and attributes as they were written. */
export const isSameUser = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
