import { type BoundKind, parseRole, roleName, rolesOfKind } from "../../lib/keycloak/role-name.ts";
import { isManaged, type Role } from "../../lib/keycloak/types.ts";

/** Which part of the platform the binding controller is. */
export const BINDING_PART = "binding";
/** On a role: when its object was first missed, so that one that comes back keeps who may use it. */
export const ORPHANED_SINCE = "carrel.dev/orphaned-since";
/** As long as an object may be gone and come back. */
export const GRACE_MS = 3_600_000;

/** An Image, InstanceType or Volume as far as roles are concerned. */
export interface BoundObject {
  readonly kind: BoundKind;
  readonly name: string;
  /** Whether everybody may use it; undefined leaves that to Keycloak. */
  readonly isGlobal: boolean | undefined;
}

export type RoleAction =
  | { readonly kind: "create"; readonly role: string }
  /** `since` as text, or nothing to forget it. */
  | { readonly kind: "mark"; readonly role: Role; readonly since: string | undefined }
  | { readonly kind: "remove"; readonly role: Role };

export interface RolePlan {
  readonly actions: readonly RoleAction[];
  /** Names of roles without an object: ours that wait to be removed, and those of others, which stay. */
  readonly orphans: readonly string[];
}

const sinceOf = ({ attributes }: Role): string | undefined => attributes?.[ORPHANED_SINCE]?.[0];

function planOrphan(role: Role, nowMs: number): RoleAction | undefined {
  if (!isManaged(role, BINDING_PART)) return undefined;
  const since = Date.parse(sinceOf(role) ?? "");
  if (Number.isNaN(since)) return { kind: "mark", role, since: new Date(nowMs).toISOString() };
  return nowMs - since >= GRACE_MS ? { kind: "remove", role } : undefined;
}

/** What makes the roles those of the objects. Who is bound to a role is not its business, and removed only with the role. */
export function planRoles(objects: readonly BoundObject[], live: readonly Role[], nowMs: number): RolePlan {
  const wanted = new Set(objects.flatMap(({ kind, name }) => rolesOfKind[kind].map((one) => roleName(one, name))));
  const has = new Set(live.map(({ name }) => name));
  const ofObjects = live.filter(({ name }) => parseRole(name) !== undefined);
  const orphaned = ofObjects.filter(({ name }) => !wanted.has(name));
  const removals = orphaned.flatMap((role) => planOrphan(role, nowMs) ?? []);
  const removed = new Set(removals.flatMap((action) => (action.kind === "remove" ? [action.role.name] : [])));
  return {
    actions: [
      ...[...wanted].filter((name) => !has.has(name)).map((role) => ({ kind: "create", role }) as const),
      ...ofObjects
        .filter((role) => wanted.has(role.name) && sinceOf(role) !== undefined)
        .map((role) => ({ kind: "mark", role, since: undefined }) as const),
      ...removals,
    ],
    orphans: orphaned.map(({ name }) => name).filter((name) => !removed.has(name)),
  };
}
