import { path } from "../../lib/keycloak/client.ts";
import type { Client } from "../../lib/keycloak/types.ts";
import { type Change, post, put, remove, without } from "./change.ts";
import type { ClientDeclaration, RealmDeclaration } from "./declaration.ts";
import { type DifferenceOptions, differences } from "./differences.ts";
import type { LiveRealm } from "./live.ts";
import { flatMarks, isOurs } from "./marks.ts";
import { mapperBody, planMappers } from "./plan-mappers.ts";

const objectOf = ({ clientId }: { readonly clientId: string }): string => `client ${clientId}`;

/** What Keycloak is sent to make a client as declared. */
export function newClient({ clientId, fields, attributes, secret, scopes, mappers }: ClientDeclaration): object {
  return {
    clientId,
    ...fields,
    attributes: { ...attributes, ...flatMarks },
    ...(secret === undefined ? {} : { secret }),
    // The whole list: what is left out here the client does not get, `basic` with its `sub` included.
    defaultClientScopes: scopes,
    protocolMappers: mappers.map(mapperBody),
  };
}

/** Of a client that is there, without what has requests of its own. */
function updated(live: Client, { fields, attributes, secret }: ClientDeclaration): object {
  return {
    ...without(live, ["protocolMappers", "defaultClientScopes", "optionalClientScopes", "access"]),
    ...fields,
    attributes: { ...live.attributes, ...attributes },
    ...(secret === undefined ? {} : { secret }),
  };
}

function planScopes(declared: ClientDeclaration, found: Client, live: LiveRealm): Change[] {
  const missing = declared.scopes.filter((name) => !found.defaultClientScopes?.includes(name));
  return missing.flatMap((name) => {
    const scope = live.scopes.find((one) => one.name === name);
    if (scope === undefined) return [];
    const request = put(path`/clients/${found.id}/default-client-scopes/${scope.id}`);
    return [{ object: objectOf(declared), text: `default scope ${name} was missing, now added`, request }];
  });
}

function planServiceAccount(declared: ClientDeclaration, live: LiveRealm): Change[] {
  const account = live.serviceAccounts[declared.clientId];
  if (account === undefined) return [];
  return Object.entries(declared.serviceAccountRoles ?? {}).flatMap(([owner, names]) => {
    const id = live.clients.find(({ clientId }) => clientId === owner)?.id;
    const missing = names.filter((name) => !account.roles[owner]?.includes(name));
    const roles = missing.flatMap((name) => live.clientRoles[owner]?.find((role) => role.name === name) ?? []);
    if (id === undefined || roles.length === 0) return [];
    const text = `its service account had no ${roles.map(({ name }) => name).join(", ")} of ${owner}, now it has`;
    const request = post(path`/users/${account.userId}/role-mappings/clients/${id}`, roles);
    return [{ object: objectOf(declared), text, request }];
  });
}

function planClient(declared: ClientDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const object = objectOf(declared);
  const found = live.clients.find(({ clientId }) => clientId === declared.clientId);
  if (found === undefined) {
    return [{ object, text: "was missing, now made", request: post("/clients", newClient(declared)) }];
  }
  const { fields, attributes, secret } = declared;
  const wanted = { ...fields, attributes, ...(secret === undefined ? {} : { secret }) };
  const texts = differences(wanted, found, options);
  const at = path`/clients/${found.id}`;
  return [
    ...(texts.length === 0 ? [] : [{ object, text: texts.join("; "), request: put(at, updated(found, declared)) }]),
    ...planMappers(object, at, declared.mappers, found.protocolMappers, options),
    ...planScopes(declared, found, live),
    ...planServiceAccount(declared, live),
  ];
}

/** Clients as declared; those that were, and are no more, are removed. */
export function planClients(declared: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const names = new Set(declared.clients.map(({ clientId }) => clientId));
  const stale = live.clients.filter(({ clientId, attributes }) => !names.has(clientId) && isOurs(attributes));
  return [
    ...declared.clients.flatMap((client) => planClient(client, live, options)),
    ...stale.map((client) => ({
      object: objectOf(client),
      text: "is no longer declared, now removed",
      request: remove(path`/clients/${client.id}`),
    })),
  ];
}
