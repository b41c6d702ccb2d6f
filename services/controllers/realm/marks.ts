import { MANAGED, PART } from "../../lib/keycloak/types.ts";

/** Which part of the platform the realm's reconciler is. */
export const REALM_PART = "realm";
/** What it marks groups and roles with when it makes them. */
export const marks = { [MANAGED]: ["true"], [PART]: [REALM_PART] };
/** As clients and scopes keep attributes: one text each. */
export const flatMarks = { [MANAGED]: "true", [PART]: REALM_PART };

/** Whether the realm's reconciler has made a client or a scope. */
export const isOurs = (attributes: Readonly<Record<string, string>> = {}): boolean =>
  attributes[MANAGED] === "true" && attributes[PART] === REALM_PART;
