import { path } from "../../lib/keycloak/client.ts";
import { type ClientScope, isManaged } from "../../lib/keycloak/types.ts";
import { type Change, post, put, remove } from "./change.ts";
import type { GroupDeclaration, RealmDeclaration, ScopeDeclaration } from "./declaration.ts";
import { type DifferenceOptions, differences } from "./differences.ts";
import type { LiveRealm } from "./live.ts";
import { flatMarks, isOurs, marks, REALM_PART } from "./marks.ts";
import { planClients } from "./plan-clients.ts";
import { planFederation } from "./plan-federation.ts";
import { mapperBody, planMappers } from "./plan-mappers.ts";

function planSettings({ settings }: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const texts = differences(settings, live.settings, options);
  if (texts.length === 0) return [];
  const body = Object.fromEntries(
    Object.entries(settings).map(([field, value]) => {
      const isMap = typeof value === "object" && !Array.isArray(value);
      // Keycloak takes the whole map, and forgets what is not in it.
      return [field, isMap ? { ...(live.settings[field] as object | undefined), ...value } : value];
    }),
  );
  return [{ object: "realm", text: texts.join("; "), request: put("", body) }];
}

function planUserProfile({ userProfile }: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const texts = differences(userProfile, live.userProfile, options);
  if (texts.length === 0) return [];
  const body = { ...live.userProfile, ...userProfile };
  return [{ object: "user profile", text: texts.join("; "), request: put("/users/profile", body) }];
}

function planScope(declared: ScopeDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const { name, description, attributes, mappers, isDefault } = declared;
  const object = `client scope ${name}`;
  const found = live.scopes.find((one) => one.name === name);
  if (found === undefined) {
    const body = { name, description, protocol: "openid-connect", attributes: { ...attributes, ...flatMarks } };
    const request = post("/client-scopes", { ...body, protocolMappers: mappers.map(mapperBody) });
    return [{ object, text: "was missing, now made", request }];
  }
  const changes = planMappers(object, path`/client-scopes/${found.id}`, mappers, found.protocolMappers, options);
  if (isDefault && !live.defaultScopes.includes(name)) {
    const request = put(path`/default-default-client-scopes/${found.id}`);
    changes.push({ object, text: "was no default of new clients, now it is", request });
  }
  const texts = differences({ attributes }, { ...found }, options);
  if (texts.length === 0) return changes;
  const body: ClientScope = { ...found, attributes: { ...found.attributes, ...attributes } };
  return [...changes, { object, text: texts.join("; "), request: put(path`/client-scopes/${found.id}`, body) }];
}

function planScopes(declared: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const names = new Set(declared.scopes.map(({ name }) => name));
  const stale = live.scopes.filter(({ name, attributes }) => !names.has(name) && isOurs(attributes));
  return [
    ...declared.scopes.flatMap((scope) => planScope(scope, live, options)),
    ...stale.map(({ id, name }) => ({
      object: `client scope ${name}`,
      text: "is no longer declared, now removed",
      request: remove(path`/client-scopes/${id}`),
    })),
  ];
}

function planRoles(declared: RealmDeclaration, live: LiveRealm): Change[] {
  const has = new Set(live.roles.map(({ name }) => name));
  const names = new Set(declared.roles.map(({ name }) => name));
  const missing = declared.roles.filter(({ name }) => !has.has(name));
  const stale = live.roles.filter((role) => !names.has(role.name) && isManaged(role, REALM_PART));
  return [
    ...missing.map(({ name, description }) => ({
      object: `role ${name}`,
      text: "was missing, now made",
      request: post("/roles", { name, description, attributes: marks }),
    })),
    ...stale.map(({ name }) => ({
      object: `role ${name}`,
      text: "is no longer declared, now removed",
      request: remove(path`/roles/${name}`),
    })),
  ];
}

/** Groups have members, whom nobody else knows: none is ever removed here. */
function planGroup(declared: GroupDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const { name, attributes, isDefault } = declared;
  const object = `group ${name}`;
  const found = live.groups.find((one) => one.name === name);
  if (found === undefined) {
    const request = post("/groups", { name, attributes: { ...attributes, ...marks } });
    return [{ object, text: "was missing, now made", request }];
  }
  const changes: Change[] = [];
  const texts = differences({ attributes }, { ...found }, options);
  if (texts.length > 0) {
    const body = { ...found, attributes: { ...found.attributes, ...attributes } };
    changes.push({ object, text: texts.join("; "), request: put(path`/groups/${found.id}`, body) });
  }
  if (isDefault && !live.defaultGroups.includes(found.id)) {
    const request = put(path`/default-groups/${found.id}`);
    changes.push({ object, text: "was no default of new users, now it is", request });
  }
  return changes;
}

/**
 * What makes a realm as declared, in an order that works. What depends on the id of something that is missing comes when
 * it is there: plan, apply and read again until nothing is left.
 */
export function planRealm(declared: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  return [
    ...planSettings(declared, live, options),
    ...planUserProfile(declared, live, options),
    ...planScopes(declared, live, options),
    ...planRoles(declared, live),
    ...declared.groups.flatMap((group) => planGroup(group, live, options)),
    ...planClients(declared, live, options),
    ...planFederation(declared, live, options),
  ];
}
