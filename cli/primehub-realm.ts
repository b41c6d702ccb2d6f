import type { Group } from "../crds/index.ts";
import { GROUP_NAME_ANNOTATION, slug } from "../quota/owner.ts";
import { fromPrimehub, fromPrimehubSize, primehubResources } from "../quota/primehub.ts";
import { QuantityError } from "../quota/quantity.ts";
import { parsePrimehubRole, roleName } from "../services/lib/keycloak/role-name.ts";
import { UserError } from "../services/lib/user-error.ts";

type Attributes = Readonly<Record<string, readonly string[]>>;

export interface RealmGroup {
  readonly name: string;
  readonly attributes?: Attributes;
  readonly realmRoles?: readonly string[];
  readonly clientRoles?: Readonly<Record<string, readonly string[]>>;
  readonly subGroups?: readonly RealmGroup[];
}

export interface RealmUser {
  readonly username: string;
  readonly groups?: readonly string[];
  readonly attributes?: Attributes;
  readonly realmRoles?: readonly string[];
  readonly clientRoles?: Readonly<Record<string, readonly string[]>>;
  readonly [field: string]: unknown;
}

/** An export of a realm, as far as it is read. */
export interface RealmExport {
  readonly realm?: string;
  readonly groups?: readonly RealmGroup[];
  readonly users?: readonly RealmUser[];
  readonly roles?: { readonly realm?: readonly { readonly name: string }[] };
  readonly clients?: readonly { readonly clientId?: string }[];
}

/** What became of something: taken as it is, taken as something else, or left, and why. */
export interface Line {
  readonly outcome: "taken" | "changed" | "left";
  readonly what: string;
  readonly why: string;
}

/** A group as Keycloak's partial import takes it. */
export interface ImportedGroup {
  readonly name: string;
  /** Without it Keycloak cannot tell whether the group is there. */
  readonly path: string;
  readonly attributes: Attributes;
  readonly realmRoles: readonly string[];
}

export interface Imported {
  /** Manifests for the cluster. */
  readonly groups: readonly Group[];
  /** For Keycloak's partial import, besides the users of the export. */
  readonly realm: {
    readonly ifResourceExists: "SKIP";
    readonly roles: { readonly realm: readonly { readonly name: string }[] };
    readonly groups: readonly ImportedGroup[];
    readonly users: readonly RealmUser[];
  };
  readonly report: readonly Line[];
}

const EVERYONE = "everyone";
/** What roles give access to. */
const objects = { img: "Image", it: "InstanceType", ds: "Volume" } as const;

/** Attributes that mean something here, beside the quotas. */
const read = new Set(["displayName", "enabled-shared-volume", "shared-volume-capacity", "admins"]);
const quotas = new Set(
  ["quota-", "project-quota-"].flatMap((prefix) => primehubResources.map((name) => `${prefix}${name}`)),
);

/** Attributes that PrimeHub had and that nothing here reads; they stay on the group in Keycloak. */
const kept: Readonly<Record<string, string>> = {
  "user-volume-capacity": "homes have one size, in the stack's configuration",
  "home-symlink": "group volumes are always below /group",
  "launch-group-only": "group volumes are always mounted for their group alone",
  "enabled-deployment": "there are no model deployments",
  "max-deploy": "there are no model deployments",
  "job-default-active-deadline-seconds": "runs state their own deadline",
  "mlflow-tracking-uri": "set it as a variable by a PodDefault",
  "mlflow-ui-url": "set it as a variable by a PodDefault",
  "mlflow-tracking-envs": "set them as variables by a PodDefault",
  "mlflow-artifact-envs": "set them as variables by a PodDefault",
  canUseGpu: "the GPU quota says it",
};

const primehubClients = new Set(["admin-ui", "jupyterhub", "maintenance-proxy", "grafana-proxy"]);

type Amounts = Record<string, string | number>;

/** @param prefix of the attributes: none for each member's, `project-` for the whole group's */
function amountsOf(group: RealmGroup, prefix: string, report: Line[]): Amounts | undefined {
  const amounts: Amounts = {};
  for (const name of primehubResources) {
    const text = group.attributes?.[`${prefix}quota-${name}`]?.[0];
    if (text === undefined || text === "") continue;
    const what = `group ${group.name}, ${prefix}quota-${name}: ${text}`;
    try {
      const { quantity, remark } = fromPrimehub(name, text);
      amounts[name] = quantity;
      report.push({ outcome: remark === undefined ? "taken" : "changed", what, why: remark ?? `as ${quantity}` });
    } catch (error) {
      if (!(error instanceof QuantityError)) throw error;
      // Nothing would be unlimited, which nobody has meant.
      amounts[name] = 0;
      report.push({ outcome: "changed", what, why: `${error.message}: it is 0 until you write another` });
    }
  }
  return Object.keys(amounts).length === 0 ? undefined : amounts;
}

function volumeOf({ name, attributes }: RealmGroup, report: Line[]): { size: string | number } | undefined {
  const text = attributes?.["shared-volume-capacity"]?.[0];
  if (attributes?.["enabled-shared-volume"]?.[0] !== "true" || text === undefined) return undefined;
  const what = `group ${name}, shared-volume-capacity: ${text}`;
  const size = fromPrimehubSize(text);
  if (size === undefined) {
    report.push({ outcome: "left", what, why: "it is not a size such as 200G: write spec.volume.size" });
    return undefined;
  }
  report.push({ outcome: "taken", what, why: `as ${size}; the files in it have to be copied` });
  return { size };
}

function reportOthers({ name, attributes = {}, subGroups = [], clientRoles = {} }: RealmGroup, report: Line[]): void {
  for (const attribute of Object.keys(attributes).filter((one) => !read.has(one) && !quotas.has(one))) {
    const why = kept[attribute] ?? "it is not one of PrimeHub's";
    report.push({ outcome: "left", what: `group ${name}, ${attribute}`, why: `${why}; it stays in Keycloak` });
  }
  for (const group of subGroups) {
    report.push({
      outcome: "left",
      what: `group ${name}/${group.name}`,
      why: "groups inside groups are no groups here",
    });
  }
  for (const [client, roles] of Object.entries(clientRoles)) {
    report.push({
      outcome: "left",
      what: `group ${name}, roles ${roles.join(", ")} of ${client}`,
      why: "grant them again where they are needed",
    });
  }
}

/** The group is here already, so that an import would pass it over: what everybody may use is said at the object. */
function reportEveryone({ realmRoles = [] }: RealmGroup, report: Line[]): void {
  for (const role of realmRoles) {
    const parsed = parsePrimehubRole(role);
    if (parsed === undefined) continue;
    const why =
      parsed.kind === "ds:rw"
        ? `bind ${renamedRole(role)} to the group ${EVERYONE} in Keycloak`
        : `annotate ${objects[parsed.kind]} ${slug(parsed.name)} with carrel.dev/global: "true"`;
    report.push({ outcome: "left", what: `group ${EVERYONE}, role ${role}`, why });
  }
}

function manifestOf(group: RealmGroup, report: Line[]): Group {
  const { name, attributes } = group;
  const displayName = attributes?.["displayName"]?.[0];
  const quota = amountsOf(group, "project-", report);
  const memberQuota = amountsOf(group, "", report);
  const volume = volumeOf(group, report);
  const object = slug(name);
  return {
    apiVersion: "carrel.dev/v1",
    kind: "Group",
    metadata: { name: object, ...(object === name ? {} : { annotations: { [GROUP_NAME_ANNOTATION]: name } }) },
    spec: {
      ...(displayName ? { displayName } : {}),
      ...(quota === undefined ? {} : { quota }),
      ...(memberQuota === undefined ? {} : { memberQuota }),
      ...(volume === undefined ? {} : { volume }),
    },
  };
}

/** A role of PrimeHub's as it is called here; nothing for one that gives access to nothing here. */
function renamedRole(role: string): string | undefined {
  const parsed = parsePrimehubRole(role);
  return parsed && roleName(parsed.kind, slug(parsed.name));
}

function rolesOf(all: readonly string[], owner: string, report: Line[]): string[] {
  return all.flatMap((role) => {
    const renamed = renamedRole(role);
    if (renamed === undefined) {
      const what = `${owner}, role ${role}`;
      if (!isKeycloaks(role))
        report.push({ outcome: "left", what, why: "it gives access to no image, instance type or volume" });
      return [];
    }
    const outcome = renamed === role ? "taken" : "changed";
    report.push({ outcome, what: `${owner}, role ${role}`, why: renamed === role ? "as it is" : `as ${renamed}` });
    return [renamed];
  });
}

const isKeycloaks = (role: string): boolean =>
  ["offline_access", "uma_authorization"].includes(role) || role.startsWith("default-roles-");

function userOf(user: RealmUser, adminRole: string, known: ReadonlySet<string>, report: Line[]): RealmUser {
  const isAdmin = user.clientRoles?.["realm-management"]?.includes("realm-admin") === true;
  if (isAdmin) {
    report.push({
      outcome: "changed",
      what: `user ${user.username}, realm-admin`,
      why: `administers the platform as ${adminRole}`,
    });
  }
  const groups = (user.groups ?? []).filter((path) => known.has(path));
  for (const path of (user.groups ?? []).filter((one) => !known.has(one))) {
    report.push({ outcome: "left", what: `user ${user.username} in ${path}`, why: "that group is not taken" });
  }
  const roles = rolesOf(user.realmRoles ?? [], `user ${user.username}`, report);
  // Client roles are those of PrimeHub's own clients, which are not here.
  const { clientRoles: _, ...rest } = user;
  return { ...rest, groups, realmRoles: isAdmin ? [...roles, adminRole] : roles };
}

/** Groups whose Groups would have the same name, which one of them only can have. */
function clashes(groups: readonly RealmGroup[]): ReadonlySet<string> {
  const seen = new Set<string>();
  return new Set(groups.flatMap(({ name }) => (seen.has(slug(name)) ? [name] : seen.add(slug(name)) && [])));
}

function usersOf({ users }: RealmExport, taken: readonly RealmGroup[], report: Line[]): RealmUser[] {
  if (users === undefined) {
    report.push({ outcome: "left", what: "users", why: "the export has none: export them with the realm" });
  }
  const known = new Set(taken.map(({ name }) => `/${name}`));
  return (users ?? [])
    .filter(({ username }) => !username.startsWith("service-account-"))
    .map((user) => userOf(user, "carrel-admin", known, report));
}

function reportClients({ clients = [] }: RealmExport, report: Line[]): void {
  for (const { clientId } of clients) {
    if (clientId === undefined || !primehubClients.has(clientId)) continue;
    const why = "the realm reconciler makes the clients of the platform";
    report.push({ outcome: "left", what: `client ${clientId}`, why });
  }
}

/**
 * Groups, quotas, roles and users of a PrimeHub realm as they are here, and what became of each.
 * @throws UserError for what is no export of a realm
 */
export function importPrimehub(realm: RealmExport): Imported {
  if (!Array.isArray(realm.groups)) {
    throw new UserError("realm-export", "the file has no list `groups`: export the realm with its groups and roles");
  }
  const report: Line[] = [];
  const clashing = clashes(realm.groups);
  for (const name of clashing)
    report.push({ outcome: "left", what: `group ${name}`, why: "another group has its name already" });
  const taken = realm.groups.filter(({ name }) => !clashing.has(name));
  const own = taken.filter(({ name }) => name !== EVERYONE);
  const groups = own.map((group) => manifestOf(group, report));
  for (const group of taken) if (group.name === EVERYONE) reportEveryone(group, report);
  const imported = own.map((group): ImportedGroup => {
    reportOthers(group, report);
    const realmRoles = rolesOf(group.realmRoles ?? [], `group ${group.name}`, report);
    return { name: group.name, path: `/${group.name}`, attributes: group.attributes ?? {}, realmRoles };
  });
  const users = usersOf(realm, taken, report);
  reportClients(realm, report);
  const roles = new Set((realm.roles?.realm ?? []).flatMap(({ name }) => renamedRole(name) ?? []));
  return {
    groups,
    realm: {
      ifResourceExists: "SKIP",
      roles: { realm: [...roles].sort().map((name) => ({ name })) },
      groups: imported,
      users,
    },
    report,
  };
}
