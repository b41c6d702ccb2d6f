import assert from "node:assert/strict";
import { parseAdditions } from "../../services/controllers/realm/declaration-file.ts";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { sharedKeycloak } from "../support/keycloak.ts";
import { type RealmUnderTest, realmUnderTest } from "./realm-under-test.ts";

const REALM = "federated";
const secrets: Record<string, string> = { github: "github-secret-of-the-site", ldap: "ldap-password-of-the-site" };

const ldapConfig = {
  enabled: ["true"],
  vendor: ["other"],
  connectionUrl: ["ldap://127.0.0.1:1"],
  usersDn: ["ou=people,dc=example,dc=org"],
  bindDn: ["cn=reader,dc=example,dc=org"],
  bindCredential: [{ secret: "ldap" }],
  authType: ["simple"],
  editMode: ["READ_ONLY"],
  rdnLDAPAttribute: ["uid"],
  usernameLDAPAttribute: ["uid"],
  uuidLDAPAttribute: ["entryUUID"],
  userObjectClasses: ["inetOrgPerson"],
  importEnabled: ["true"],
};

const ldapGroups = {
  name: "groups",
  providerId: "group-ldap-mapper",
  config: {
    "groups.dn": ["ou=groups,dc=example,dc=org"],
    "group.name.ldap.attribute": ["cn"],
    "group.object.classes": ["groupOfNames"],
    "membership.ldap.attribute": ["member"],
    "membership.attribute.type": ["DN"],
    mode: ["READ_ONLY"],
    "groups.path": ["/"],
    "drop.non.existing.groups.during.sync": ["false"],
  },
};

const saml = {
  alias: "university",
  providerId: "saml",
  config: {
    singleSignOnServiceUrl: "https://idp.example.org/sso",
    idpEntityId: "https://idp.example.org",
    nameIDPolicyFormat: "urn:oasis:names:tc:SAML:2.0:nameid-format:persistent",
    syncMode: "FORCE",
  },
};

const github = (clientId: string) => ({
  alias: "github",
  providerId: "github",
  fields: { displayName: "GitHub", trustEmail: true },
  config: { clientId, clientSecret: { secret: "github" }, syncMode: "IMPORT" },
  mappers: [
    { name: "to-group", type: "oidc-hardcoded-group-idp-mapper", config: { group: "/everyone", syncMode: "INHERIT" } },
  ],
});

/** What a site writes to have GitHub, SAML and LDAP. */
const written = (clientId: string): string =>
  JSON.stringify({
    identityProviders: [github(clientId), saml],
    userFederation: [{ name: "directory", providerId: "ldap", config: ldapConfig, mappers: [ldapGroups] }],
  });

describe("federation in a declared realm", function () {
  this.timeout(900_000);
  let realm: RealmUnderTest;
  let admin: KeycloakClient;
  let text: string | undefined = written("first-client");
  before(async function () {
    this.timeout(900_000);
    const keycloak = await sharedKeycloak();
    realm = realmUnderTest(keycloak, REALM, () =>
      text === undefined ? {} : parseAdditions(text, "realm.json", (name) => secrets[name]).additions,
    );
    admin = keycloak.adminOf(REALM);
  });
  const reconcile = async (): Promise<string[]> => {
    await realm.reconciler.reconcile();
    return realm.changes().filter((line) => /federation|identity provider|university|github/.test(line));
  };

  it("is made with its mappers, and then stays", async () => {
    assert.deepEqual(await reconcile(), [
      "identity provider github: was missing, now made",
      "identity provider university: was missing, now made",
      "user federation directory: was missing, now made",
      "mapper to-group of identity provider github: was missing, now made",
      "mapper groups of user federation directory: was missing, now made",
    ]);
    assert.deepEqual(await reconcile(), []);
  });

  it("is mended where it was changed by hand", async () => {
    const github = await admin.get<{ config: object }>("/identity-provider/instances/github");
    await admin.put("/identity-provider/instances/github", { ...github, trustEmail: false });
    assert.deepEqual(await reconcile(), ["identity provider github: trustEmail was false, now true"]);
  });

  it("is written with its hidden secrets again when the declaration changes, and only then", async () => {
    text = written("second-client");
    assert.deepEqual(await reconcile(), [
      'identity provider github: config.clientId was "first-client", now "second-client"; config.clientSecret is written again',
      "user federation directory: config.bindCredential is written again",
    ]);
    assert.deepEqual(await reconcile(), []);
  });

  it("is switched off, not removed, when it is no longer declared", async () => {
    text = undefined;
    assert.deepEqual(await reconcile(), [
      "identity provider github: is no longer declared, now disabled",
      "identity provider university: is no longer declared, now disabled",
    ]);
    const all = await admin.get<{ alias: string; enabled: boolean }[]>("/identity-provider/instances");
    assert.deepEqual(
      all.map(({ alias, enabled }) => [alias, enabled]),
      [
        ["github", false],
        ["university", false],
      ],
    );
    assert.deepEqual(await reconcile(), []);
  });

  it("never says a secret", () => {
    const said = JSON.stringify([realm.lines, realm.happenings, realm.findings]);
    for (const secret of Object.values(secrets)) assert.equal(said.includes(secret), false, secret);
  });
});
