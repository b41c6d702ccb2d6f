import { ADMIN_ROLE, EVERYONE } from "../../lib/keycloak/names.ts";
import type { ClientDeclaration, MapperDeclaration, RealmDeclaration, ScopeDeclaration } from "./declaration.ts";

/** Clients with a secret; each name is its file below the folder of secrets too. */
export const secretClients = ["hub", "grafana", "dashboard", "carrel-api", "carrel-controllers"] as const;
export type SecretClient = (typeof secretClients)[number];

export interface StandardRealm {
  readonly realm: string;
  /** The platform's one host name. */
  readonly host: string;
  /** That people see; 443 stands in no URL. */
  readonly port: number;
  readonly secrets: Readonly<Record<SecretClient, string>>;
}

/** The audience that the API asks of tokens. */
const API = "carrel-api";
const CLAIMS = "carrel";
const DAY_SECONDS = 86_400;

const inTokens = (id: boolean): Readonly<Record<string, string>> => ({
  "id.token.claim": String(id),
  "access.token.claim": "true",
  "userinfo.token.claim": "true",
  "introspection.token.claim": "true",
});

const groupsMapper: MapperDeclaration = {
  name: "groups",
  type: "oidc-group-membership-mapper",
  config: { "claim.name": "groups", "full.path": "false", ...inTokens(true) },
};

/** Not in ID tokens: they travel in URLs and cookies, and roles can be many. */
const rolesMapper: MapperDeclaration = {
  name: "roles",
  type: "oidc-usermodel-realm-role-mapper",
  config: { "claim.name": "roles", "jsonType.label": "String", multivalued: "true", ...inTokens(false) },
};

const apiAudience: MapperDeclaration = {
  name: "api-audience",
  type: "oidc-audience-mapper",
  config: {
    "included.client.audience": API,
    "id.token.claim": "false",
    "access.token.claim": "true",
    "introspection.token.claim": "true",
  },
};

/** Keycloak's own since 25; without it tokens have no `sub`. */
const basicScope: ScopeDeclaration = {
  name: "basic",
  description: "OpenID Connect scope for add all basic claims to the token",
  attributes: { "include.in.token.scope": "false", "display.on.consent.screen": "false" },
  isDefault: true,
  mappers: [
    {
      name: "sub",
      type: "oidc-sub-mapper",
      config: { "access.token.claim": "true", "introspection.token.claim": "true" },
    },
    {
      name: "auth_time",
      type: "oidc-usersessionmodel-note-mapper",
      config: {
        "user.session.note": "AUTH_TIME",
        "claim.name": "auth_time",
        "jsonType.label": "long",
        "id.token.claim": "true",
        "access.token.claim": "true",
        "introspection.token.claim": "true",
      },
    },
  ],
};

const claimsScope: ScopeDeclaration = {
  name: CLAIMS,
  description: "Groups and roles of the platform",
  attributes: { "include.in.token.scope": "false", "display.on.consent.screen": "false" },
  isDefault: false,
  mappers: [groupsMapper, rolesMapper],
};

const scopes = ["basic", "profile", "email", "roles", "web-origins", "acr", CLAIMS];

/** What every client has in common: the standard flow with PKCE and nothing else. */
const loginFields = {
  enabled: true,
  protocol: "openid-connect",
  standardFlowEnabled: true,
  implicitFlowEnabled: false,
  directAccessGrantsEnabled: false,
  serviceAccountsEnabled: false,
  fullScopeAllowed: true,
} as const;
const pkce = { "pkce.code.challenge.method": "S256" } as const;

/** A client by which people log in. */
function loginClient(
  client: Pick<ClientDeclaration, "clientId" | "mappers"> & { readonly secret?: string },
  { name, url, callback }: { readonly name: string; readonly url: string; readonly callback: string },
): ClientDeclaration {
  const { clientId, secret, mappers } = client;
  const isPublic = secret === undefined;
  return {
    clientId,
    fields: {
      ...loginFields,
      name,
      publicClient: isPublic,
      rootUrl: url,
      baseUrl: "/",
      redirectUris: [`${url}${callback}`],
      webOrigins: isPublic ? [url] : [],
    },
    attributes: { ...pkce, "post.logout.redirect.uris": `${url}/*` },
    ...(secret === undefined ? {} : { secret }),
    scopes,
    mappers,
  };
}

/** A client that is a program of ours, with what it may do in the realm. */
function serviceClient(clientId: string, name: string, secret: string, roles: readonly string[]): ClientDeclaration {
  return {
    clientId,
    fields: {
      ...loginFields,
      name,
      publicClient: false,
      standardFlowEnabled: false,
      serviceAccountsEnabled: true,
      redirectUris: [],
      webOrigins: [],
    },
    attributes: {},
    secret,
    scopes: ["basic", "roles"],
    mappers: [],
    serviceAccountRoles: { "realm-management": roles },
  };
}

/**
 * What the API may do in the realm. Giving users a role that is none of Keycloak's own, such as {@link ADMIN_ROLE}, takes only
 * `manage-users`; reading that role and asking who has it takes `view-realm`, which changes nothing. There is no lesser way.
 */
const apiRoles = ["query-groups", "query-users", "view-users", "manage-users", "view-realm"];

/** What the reconciler's own client is and may do; bootstrap makes it, the declaration keeps it. */
export const controllersClient = (secret: string): ClientDeclaration =>
  serviceClient("carrel-controllers", "Realm reconciler", secret, ["realm-admin"]);

/** Whoever may manage users could otherwise make a user that somebody else already is. */
const settings = {
  enabled: true,
  displayName: "Carrel",
  sslRequired: "external",
  registrationAllowed: false,
  editUsernameAllowed: false,
  loginWithEmailAllowed: true,
  duplicateEmailsAllowed: false,
  bruteForceProtected: true,
  failureFactor: 10,
  passwordPolicy: "length(12) and notUsername(undefined) and notEmail(undefined)",
  accessTokenLifespan: 300,
  ssoSessionIdleTimeout: 8 * 3600,
  ssoSessionMaxLifespan: 24 * 3600,
  eventsEnabled: true,
  eventsExpiration: 30 * DAY_SECONDS,
  // The group controller follows changes of membership by them.
  adminEventsEnabled: true,
  attributes: { adminEventsExpiration: String(30 * DAY_SECONDS) },
} as const;

const noQuota = Object.fromEntries(["cpu", "gpu", "memory"].map((name) => [`quota-${name}`, ["0"]]));

/** The realm that the platform needs, whatever a site adds to it. */
export function standardRealm({ realm, host, port, secrets }: StandardRealm): RealmDeclaration {
  const suffix = port === 443 ? "" : `:${port}`;
  const at = (name: string): string => `https://${name}${suffix}`;
  return {
    realm,
    settings,
    // Attributes that PrimeHub kept on users, and only administrators may change.
    userProfile: { unmanagedAttributePolicy: "ADMIN_EDIT" },
    scopes: [basicScope, claimsScope],
    roles: [{ name: ADMIN_ROLE, description: "Administers the platform" }],
    groups: [{ name: EVERYONE, attributes: noQuota, isDefault: true }],
    clients: [
      loginClient(
        { clientId: "hub", secret: secrets.hub, mappers: [apiAudience] },
        { name: "Notebooks", url: at(host), callback: "/hub/oauth_callback" },
      ),
      loginClient(
        { clientId: "console", mappers: [apiAudience] },
        { name: "Console", url: at(`console.${host}`), callback: "/*" },
      ),
      loginClient(
        { clientId: "grafana", secret: secrets.grafana, mappers: [] },
        { name: "Grafana", url: at(`grafana.${host}`), callback: "/login/generic_oauth" },
      ),
      loginClient(
        { clientId: "dashboard", secret: secrets.dashboard, mappers: [] },
        { name: "Dashboard", url: at(`dashboard.${host}`), callback: "/oidc-callback" },
      ),
      serviceClient(API, "API", secrets["carrel-api"], apiRoles),
      controllersClient(secrets["carrel-controllers"]),
    ],
    identityProviders: [],
    userFederation: [],
  };
}
