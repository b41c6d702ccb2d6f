import type { Caller } from "./auth/caller.ts";
import { type Bound, together } from "./bound.ts";
import type { Platform } from "./cluster-state.ts";
import type { Person } from "./directory.ts";
import { forbidden } from "./errors.ts";
import type { GroupPolicy } from "./group-policy.ts";

/** The person who asks. @throws ApiError for other callers */
export function personOf(caller: Caller): Person {
  if (caller.kind !== "person") throw forbidden("this");
  return caller.person;
}

const bounds = new WeakMap<Person, Bound>();

/** What somebody may use by any of their groups. */
export function boundTo(person: Person): Bound {
  const known = bounds.get(person);
  if (known !== undefined) return known;
  const bound = together([person.common, ...person.groups.map((group) => group.bound)]);
  bounds.set(person, bound);
  return bound;
}

/** What somebody may see in the catalogue. */
export const visibleTo = (person: Person, platform: Platform): Bound =>
  person.isAdmin ? together([boundTo(person), platform.everything()]) : boundTo(person);

/** The groups that somebody may see: all, or their own. */
export function groupsOf(person: Person, platform: Platform): readonly GroupPolicy[] {
  if (person.isAdmin) return platform.policies();
  return person.groups.flatMap(({ name }) => platform.policy(name) ?? []);
}
