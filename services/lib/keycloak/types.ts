/** Attributes as Keycloak keeps them on groups, roles and users: each with a list of values. */
export type Attributes = Readonly<Record<string, readonly string[]>>;

export interface Group {
  readonly id: string;
  readonly name: string;
  readonly path: string;
  /** Of a group below another one. */
  readonly parentId?: string;
  readonly attributes?: Attributes;
  /** Names of realm roles that members have by this group. */
  readonly realmRoles?: readonly string[];
}

export interface Role {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly attributes?: Attributes;
}

export interface User {
  readonly id: string;
  readonly username: string;
  readonly enabled: boolean;
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  readonly attributes?: Attributes;
}

export interface ProtocolMapper {
  readonly id?: string;
  readonly name: string;
  readonly protocol: string;
  readonly protocolMapper: string;
  readonly config: Readonly<Record<string, string>>;
}

export interface ClientScope {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly protocol?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly protocolMappers?: readonly ProtocolMapper[];
}

export interface Client {
  readonly id: string;
  readonly clientId: string;
  readonly secret?: string;
  readonly attributes?: Readonly<Record<string, string>>;
  readonly protocolMappers?: readonly ProtocolMapper[];
  readonly defaultClientScopes?: readonly string[];
  readonly [field: string]: unknown;
}

/** Something that an administrator, or a program in its name, has changed. */
export interface AdminEvent {
  readonly id: string;
  /** Milliseconds since the epoch, of Keycloak's clock. */
  readonly time: number;
  readonly operationType: string;
  readonly resourceType: string;
  readonly resourcePath: string;
}

/** On what this platform has made, so that nothing else is ever deleted. */
export const MANAGED = "carrel.dev/managed";
/** Which part of the platform has made it. */
export const PART = "carrel.dev/part";

/** Whether the platform has made a group or a role, as the given part. */
export const isManaged = ({ attributes }: { readonly attributes?: Attributes }, part: string): boolean =>
  attributes?.[MANAGED]?.[0] === "true" && attributes[PART]?.[0] === part;
