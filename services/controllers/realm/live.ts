import { type KeycloakClient, path } from "../../lib/keycloak/client.ts";
import type { Client, ClientScope, Group, Role } from "../../lib/keycloak/types.ts";
import type { RealmDeclaration } from "./declaration.ts";

export const FEDERATION_TYPE = "org.keycloak.storage.UserStorageProvider";
export const FEDERATION_MAPPER_TYPE = "org.keycloak.storage.ldap.mappers.LDAPStorageMapper";

export interface LiveMapper {
  readonly id: string;
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
  readonly [field: string]: unknown;
}

export interface LiveIdentityProvider {
  readonly alias: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, string>>;
  readonly mappers: readonly LiveMapper[];
  readonly [field: string]: unknown;
}

export interface LiveComponent {
  readonly id: string;
  readonly name: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
  readonly [field: string]: unknown;
}

export interface LiveFederation extends LiveComponent {
  readonly mappers: readonly LiveComponent[];
}

/** The service account of a client, and the roles that it has directly. */
export interface LiveServiceAccount {
  readonly userId: string;
  /** By the clientId that has them. */
  readonly roles: Readonly<Record<string, readonly string[]>>;
}

/** A realm as it is, as far as the declaration speaks of it. */
export interface LiveRealm {
  /** Keycloak's id of the realm, which components name as their parent. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly userProfile: Readonly<Record<string, unknown>>;
  readonly scopes: readonly ClientScope[];
  /** Names of scopes that new clients get. */
  readonly defaultScopes: readonly string[];
  readonly roles: readonly Role[];
  readonly groups: readonly Group[];
  /** Ids of groups that every new user is put into. */
  readonly defaultGroups: readonly string[];
  readonly clients: readonly Client[];
  readonly serviceAccounts: Readonly<Record<string, LiveServiceAccount>>;
  /** Roles of clients that the declaration grants, by clientId. */
  readonly clientRoles: Readonly<Record<string, readonly Role[]>>;
  readonly identityProviders: readonly LiveIdentityProvider[];
  readonly userFederation: readonly LiveFederation[];
}

type Reader = Pick<KeycloakClient, "get" | "all">;

async function serviceAccounts(
  client: Reader,
  declared: RealmDeclaration,
  clients: readonly Client[],
): Promise<Record<string, LiveServiceAccount>> {
  const found: Record<string, LiveServiceAccount> = {};
  for (const { clientId, serviceAccountRoles } of declared.clients) {
    const live = clients.find((one) => one.clientId === clientId);
    if (serviceAccountRoles === undefined || live?.["serviceAccountsEnabled"] !== true) continue;
    const { id: userId } = await client.get<{ id: string }>(path`/clients/${live.id}/service-account-user`);
    const roles: Record<string, readonly string[]> = {};
    for (const owner of Object.keys(serviceAccountRoles)) {
      const id = clients.find((one) => one.clientId === owner)?.id;
      if (id === undefined) continue;
      const has = await client.get<Role[]>(path`/users/${userId}/role-mappings/clients/${id}`);
      roles[owner] = has.map(({ name }) => name);
    }
    found[clientId] = { userId, roles };
  }
  return found;
}

async function clientRoles(
  client: Reader,
  declared: RealmDeclaration,
  clients: readonly Client[],
): Promise<Record<string, readonly Role[]>> {
  const owners = new Set(declared.clients.flatMap((one) => Object.keys(one.serviceAccountRoles ?? {})));
  const found: Record<string, readonly Role[]> = {};
  for (const owner of owners) {
    const id = clients.find((one) => one.clientId === owner)?.id;
    if (id !== undefined) found[owner] = await client.get<Role[]>(path`/clients/${id}/roles`);
  }
  return found;
}

async function identityProviders(client: Reader): Promise<LiveIdentityProvider[]> {
  const all = await client.get<LiveIdentityProvider[]>("/identity-provider/instances");
  return Promise.all(
    all.map(async (one) => ({
      ...one,
      mappers: await client.get<LiveMapper[]>(path`/identity-provider/instances/${one.alias}/mappers`),
    })),
  );
}

async function userFederation(client: Reader): Promise<LiveFederation[]> {
  const all = await client.get<LiveComponent[]>("/components", { type: FEDERATION_TYPE });
  return Promise.all(
    all.map(async (one) => {
      const query = { parent: one.id, type: FEDERATION_MAPPER_TYPE };
      return { ...one, mappers: await client.get<LiveComponent[]>("/components", query) };
    }),
  );
}

async function declaredGroups(client: Reader, declared: RealmDeclaration): Promise<Group[]> {
  const found = await Promise.all(
    declared.groups.map(({ name }) =>
      client.get<Group[]>("/groups", { search: name, exact: true, briefRepresentation: false }),
    ),
  );
  const names = new Set(declared.groups.map(({ name }) => name));
  return found.flat().filter(({ name, parentId }) => names.has(name) && parentId === undefined);
}

/** Reads a realm, in some twenty requests however many users and groups it has. @throws KeycloakError */
export async function readRealm(client: Reader, declared: RealmDeclaration): Promise<LiveRealm> {
  const clients = await client.all<Client>("/clients");
  const defaultScopes = await client.get<ClientScope[]>("/default-default-client-scopes");
  const defaultGroups = await client.get<Group[]>("/default-groups");
  return {
    settings: await client.get<Record<string, unknown>>(""),
    userProfile: await client.get<Record<string, unknown>>("/users/profile"),
    scopes: await client.get<ClientScope[]>("/client-scopes"),
    defaultScopes: defaultScopes.map(({ name }) => name),
    roles: await client.all<Role>("/roles", { briefRepresentation: false }),
    groups: await declaredGroups(client, declared),
    defaultGroups: defaultGroups.map(({ id }) => id),
    clients,
    serviceAccounts: await serviceAccounts(client, declared, clients),
    clientRoles: await clientRoles(client, declared, clients),
    identityProviders: await identityProviders(client),
    userFederation: await userFederation(client),
  };
}
