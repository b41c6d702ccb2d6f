import { path } from "../../lib/keycloak/client.ts";
import { MANAGED } from "../../lib/keycloak/types.ts";
import { type Change, type ChangeRequest, post, put, without } from "./change.ts";
import type { FederationDeclaration, IdentityProviderDeclaration, RealmDeclaration } from "./declaration.ts";
import { type DifferenceOptions, differences } from "./differences.ts";
import {
  FEDERATION_MAPPER_TYPE,
  FEDERATION_TYPE,
  type LiveComponent,
  type LiveIdentityProvider,
  type LiveRealm,
} from "./live.ts";

const PROVIDERS = "/identity-provider/instances";

interface Wanted {
  readonly object: string;
  readonly fields: Readonly<Record<string, unknown>>;
  /** Whether it may be made now. */
  readonly create: ChangeRequest;
  readonly update: (body: object) => ChangeRequest;
}

/** Makes or mends one object whose `config` is a map. */
function planOne(
  { object, fields, create, update }: Wanted,
  live: Readonly<Record<string, unknown>> | undefined,
  options: DifferenceOptions,
): Change[] {
  if (live === undefined) return [{ object, text: "was missing, now made", request: create }];
  const texts = differences(fields, live, options);
  if (texts.length === 0) return [];
  const config = { ...(live["config"] as object), ...(fields["config"] as object) };
  return [{ object, text: texts.join("; "), request: update({ ...without(live, ["mappers"]), ...fields, config }) }];
}

function planProvider(
  declared: IdentityProviderDeclaration,
  all: readonly LiveIdentityProvider[],
  options: DifferenceOptions,
): Change[] {
  const { alias, providerId, mappers } = declared;
  const live = all.find((one) => one.alias === alias);
  const object = `identity provider ${alias}`;
  const at = PROVIDERS + path`/${alias}`;
  const fields = { providerId, enabled: true, ...declared.fields, config: declared.config };
  const create = post(PROVIDERS, { alias, ...fields, config: { ...declared.config, [MANAGED]: "true" } });
  const own = planOne({ object, fields, create, update: (body) => put(at, body) }, live, options);
  if (live === undefined) return own;
  const ofMappers = mappers.flatMap(({ name, type, config }) => {
    const found = live.mappers.find((one) => one.name === name);
    const mapper = { identityProviderMapper: type, config };
    const wanted: Wanted = {
      object: `mapper ${name} of ${object}`,
      fields: mapper,
      create: post(`${at}/mappers`, { name, identityProviderAlias: alias, ...mapper }),
      update: (body) => put(at + path`/mappers/${found?.id ?? ""}`, body),
    };
    return planOne(wanted, found, options);
  });
  return [...own, ...ofMappers];
}

/** Users are linked to a provider, and would be new ones after it was removed: it is switched off. */
function planStale(declared: RealmDeclaration, { identityProviders }: LiveRealm): Change[] {
  const aliases = new Set(declared.identityProviders.map(({ alias }) => alias));
  return identityProviders
    .filter(({ alias, config, enabled }) => !aliases.has(alias) && config[MANAGED] === "true" && enabled === true)
    .map((live) => ({
      object: `identity provider ${live.alias}`,
      text: "is no longer declared, now disabled",
      request: put(PROVIDERS + path`/${live.alias}`, { ...without(live, ["mappers"]), enabled: false }),
    }));
}

function planComponent(declared: FederationDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  const { name, providerId, config } = declared;
  const object = `user federation ${name}`;
  const found = live.userFederation.find((one) => one.name === name);
  const parentId = String(live.settings["id"]);
  const at = (component: LiveComponent | undefined): string => path`/components/${component?.id ?? ""}`;
  const own = planOne(
    {
      object,
      fields: { providerId, config },
      create: post("/components", { name, providerId, providerType: FEDERATION_TYPE, parentId, config }),
      update: (body) => put(at(found), body),
    },
    found,
    options,
  );
  if (found === undefined) return own;
  const ofMappers = declared.mappers.flatMap((mapper) => {
    const there = found.mappers.find((one) => one.name === mapper.name);
    const fields = { providerId: mapper.providerId, config: mapper.config };
    const body = { name: mapper.name, ...fields, providerType: FEDERATION_MAPPER_TYPE, parentId: found.id };
    const wanted: Wanted = {
      object: `mapper ${mapper.name} of ${object}`,
      fields,
      create: post("/components", body),
      update: (changed) => put(at(there), changed),
    };
    return planOne(wanted, there, options);
  });
  return [...own, ...ofMappers];
}

/** Brokered logins and directories as declared. A directory is never removed: its users would go with it. */
export function planFederation(declared: RealmDeclaration, live: LiveRealm, options: DifferenceOptions): Change[] {
  return [
    ...declared.identityProviders.flatMap((one) => planProvider(one, live.identityProviders, options)),
    ...planStale(declared, live),
    ...declared.userFederation.flatMap((one) => planComponent(one, live, options)),
  ];
}
