/** Something that puts a claim into tokens. */
export interface MapperDeclaration {
  readonly name: string;
  /** Keycloak's type, such as `oidc-group-membership-mapper`. */
  readonly type: string;
  readonly config: Readonly<Record<string, string>>;
}

/** Claims that several clients get. */
export interface ScopeDeclaration {
  readonly name: string;
  readonly description: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly mappers: readonly MapperDeclaration[];
  /** Whether clients that are made later get it by themselves. */
  readonly isDefault: boolean;
}

export interface ClientDeclaration {
  readonly clientId: string;
  /** Fields of Keycloak's client as they have to be; others stay as they are. */
  readonly fields: Readonly<Record<string, string | number | boolean | readonly string[]>>;
  readonly attributes: Readonly<Record<string, string>>;
  /** Of a confidential client; never written anywhere but to Keycloak. */
  readonly secret?: string;
  /** That it has at least. */
  readonly scopes: readonly string[];
  readonly mappers: readonly MapperDeclaration[];
  /** Roles of its service account: names of roles by the client that has them. */
  readonly serviceAccountRoles?: Readonly<Record<string, readonly string[]>>;
}

export interface RoleDeclaration {
  readonly name: string;
  readonly description: string;
}

export interface GroupDeclaration {
  readonly name: string;
  readonly attributes: Readonly<Record<string, readonly string[]>>;
  /** Whether every user is a member. */
  readonly isDefault: boolean;
}

/** A login elsewhere that this realm trusts: SAML, OpenID Connect, GitHub. */
export interface IdentityProviderDeclaration {
  readonly alias: string;
  readonly providerId: string;
  readonly fields: Readonly<Record<string, string | boolean>>;
  readonly config: Readonly<Record<string, string>>;
  readonly mappers: readonly MapperDeclaration[];
}

/** A directory whose users this realm has: LDAP, Active Directory. */
export interface FederationDeclaration {
  readonly name: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
  readonly mappers: readonly FederationMapperDeclaration[];
}

export interface FederationMapperDeclaration {
  readonly name: string;
  readonly providerId: string;
  readonly config: Readonly<Record<string, readonly string[]>>;
}

export type SettingValue = string | number | boolean | readonly string[] | Readonly<Record<string, string>>;

/** A realm as it has to be. What it does not name is left as it is. */
export interface RealmDeclaration {
  readonly realm: string;
  /** Fields of Keycloak's realm; `attributes`, `smtpServer` and the like key by key. */
  readonly settings: Readonly<Record<string, SettingValue>>;
  /** Fields of the user profile. */
  readonly userProfile: Readonly<Record<string, string>>;
  readonly scopes: readonly ScopeDeclaration[];
  readonly roles: readonly RoleDeclaration[];
  readonly groups: readonly GroupDeclaration[];
  readonly clients: readonly ClientDeclaration[];
  readonly identityProviders: readonly IdentityProviderDeclaration[];
  readonly userFederation: readonly FederationDeclaration[];
}

/** Two declarations as one; what the second says of an object of the same name holds. */
export function withAdditions(base: RealmDeclaration, more: Partial<RealmDeclaration>): RealmDeclaration {
  const merged = <T>(own: readonly T[], others: readonly T[] = [], nameOf: (one: T) => string): T[] => {
    const names = new Set(others.map(nameOf));
    return [...own.filter((one) => !names.has(nameOf(one))), ...others];
  };
  return {
    realm: base.realm,
    settings: { ...base.settings, ...more.settings },
    userProfile: { ...base.userProfile, ...more.userProfile },
    scopes: merged(base.scopes, more.scopes, ({ name }) => name),
    roles: merged(base.roles, more.roles, ({ name }) => name),
    groups: merged(base.groups, more.groups, ({ name }) => name),
    clients: merged(base.clients, more.clients, ({ clientId }) => clientId),
    identityProviders: merged(base.identityProviders, more.identityProviders, ({ alias }) => alias),
    userFederation: merged(base.userFederation, more.userFederation, ({ name }) => name),
  };
}
