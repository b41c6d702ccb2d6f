import assert from "node:assert/strict";
import { changeText } from "../../../../services/controllers/realm/change.ts";
import type { RealmDeclaration } from "../../../../services/controllers/realm/declaration.ts";
import type { LiveRealm } from "../../../../services/controllers/realm/live.ts";
import { planRealm } from "../../../../services/controllers/realm/plan.ts";

const declared: RealmDeclaration = {
  realm: "r",
  settings: { registrationAllowed: false, attributes: { a: "1" } },
  userProfile: {},
  scopes: [{ name: "basic", description: "", attributes: {}, mappers: [], isDefault: true }],
  roles: [{ name: "admin", description: "d" }],
  groups: [{ name: "everyone", attributes: { "quota-cpu": ["0"] }, isDefault: true }],
  clients: [
    {
      clientId: "hub",
      fields: { enabled: true, redirectUris: ["https://a/*"] },
      attributes: { k: "v" },
      secret: "s3cret-value",
      scopes: ["basic"],
      mappers: [{ name: "m", type: "oidc-sub-mapper", config: { x: "1" } }],
      serviceAccountRoles: { "realm-management": ["view-users"] },
    },
  ],
  identityProviders: [],
  userFederation: [],
};

const ours = { "carrel.dev/managed": "true", "carrel.dev/part": "realm" };
const mapper = {
  id: "m1",
  name: "m",
  protocol: "openid-connect",
  protocolMapper: "oidc-sub-mapper",
  config: { x: "1", y: "2" },
};
const hub = {
  id: "c1",
  clientId: "hub",
  enabled: true,
  redirectUris: ["https://a/*"],
  attributes: { k: "v", other: "o" },
  secret: "s3cret-value",
  defaultClientScopes: ["basic", "email"],
  protocolMappers: [mapper],
  access: {},
};

/** A realm that is as declared. */
const settled: LiveRealm = {
  settings: { id: "r1", registrationAllowed: false, attributes: { a: "1", b: "2" } },
  userProfile: {},
  scopes: [{ id: "s1", name: "basic" }],
  defaultScopes: ["basic"],
  roles: [{ id: "r1", name: "admin" }],
  groups: [{ id: "g1", name: "everyone", path: "/everyone", attributes: { "quota-cpu": ["0"], x: ["y"] } }],
  defaultGroups: ["g1"],
  clients: [hub, { id: "c2", clientId: "realm-management" }],
  serviceAccounts: { hub: { userId: "u1", roles: { "realm-management": ["view-users"] } } },
  clientRoles: { "realm-management": [{ id: "v1", name: "view-users" }] },
  identityProviders: [],
  userFederation: [],
};

const options = { rewriteSecrets: false, secrets: new Set(["s3cret-value"]) };
const planned = (live: Partial<LiveRealm>) => planRealm(declared, { ...settled, ...live }, options);
const requests = (live: Partial<LiveRealm>): string[] =>
  planned(live).map(({ request }) => `${request.method} ${request.at}`);

describe("planRealm", () => {
  it("does nothing where all is as declared, whatever else is there", () => {
    assert.deepEqual(planned({}), []);
    const theirs = {
      id: "c9",
      clientId: "theirs",
      attributes: { "carrel.dev/managed": "true", "carrel.dev/part": "other" },
    };
    assert.deepEqual(
      planned({ clients: [...settled.clients, theirs], roles: [...settled.roles, { id: "x", name: "x" }] }),
      [],
    );
  });

  it("makes what is missing with its marks, scopes before clients", () => {
    assert.deepEqual(requests({ scopes: [], roles: [], groups: [], clients: [] }), [
      "POST /client-scopes",
      "POST /roles",
      "POST /groups",
      "POST /clients",
    ]);
    const [made] = planned({ clients: [] });
    assert.deepEqual(made?.request.body, {
      clientId: "hub",
      enabled: true,
      redirectUris: ["https://a/*"],
      attributes: { k: "v", ...ours },
      secret: "s3cret-value",
      defaultClientScopes: ["basic"],
      protocolMappers: [
        { name: "m", protocol: "openid-connect", protocolMapper: "oidc-sub-mapper", config: { x: "1" } },
      ],
    });
  });

  it("mends a client and leaves what it does not declare", () => {
    const changed = {
      ...hub,
      redirectUris: ["https://evil/*"],
      secret: "guessed",
      defaultClientScopes: ["email"],
      protocolMappers: [],
    };
    const changes = planned({ clients: [changed, { id: "c2", clientId: "realm-management" }] });
    assert.deepEqual(changes.map(changeText), [
      'client hub: redirectUris was ["https://evil/*"], now ["https://a/*"]; secret was another',
      "mapper m of client hub: was missing, now made",
      "client hub: default scope basic was missing, now added",
    ]);
    assert.deepEqual(changes[0]?.request, {
      method: "PUT",
      at: "/clients/c1",
      body: {
        id: "c1",
        clientId: "hub",
        enabled: true,
        redirectUris: ["https://a/*"],
        attributes: { k: "v", other: "o" },
        secret: "s3cret-value",
      },
    });
    assert.deepEqual(requests({ clients: [{ ...hub, protocolMappers: [{ ...mapper, config: { x: "2" } }] }] }), [
      "PUT /clients/c1/protocol-mappers/models/m1",
    ]);
  });

  it("mends settings key by key, and keeps the rest of a map", () => {
    const [change] = planned({ settings: { ...settled.settings, attributes: { a: "0", b: "2" } } });
    assert.deepEqual(change?.request, {
      method: "PUT",
      at: "",
      body: { registrationAllowed: false, attributes: { a: "1", b: "2" } },
    });
  });

  it("gives back rights and defaults", () => {
    assert.deepEqual(
      requests({ defaultScopes: [], defaultGroups: [], serviceAccounts: { hub: { userId: "u1", roles: {} } } }),
      ["PUT /default-default-client-scopes/s1", "PUT /default-groups/g1", "POST /users/u1/role-mappings/clients/c2"],
    );
  });

  it("removes what it made and what is no longer declared, but no group", () => {
    const attributes = { "carrel.dev/managed": ["true"], "carrel.dev/part": ["realm"] };
    assert.deepEqual(
      requests({
        scopes: [...settled.scopes, { id: "s2", name: "old", attributes: ours }],
        roles: [...settled.roles, { id: "r2", name: "old", attributes }],
        groups: [...settled.groups, { id: "g2", name: "old", path: "/old", attributes }],
        clients: [...settled.clients, { id: "c3", clientId: "old", attributes: ours }],
      }),
      ["DELETE /client-scopes/s2", "DELETE /roles/old", "DELETE /clients/c3"],
    );
  });
});
