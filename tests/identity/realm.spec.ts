import assert from "node:assert/strict";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import type { Client, ClientScope, Group } from "../../services/lib/keycloak/types.ts";
import { sharedKeycloak, type TestKeycloak } from "../support/keycloak.ts";
import { logIn } from "./login.ts";
import { type RealmUnderTest, realmUnderTest, secretsOf } from "./realm-under-test.ts";

const REALM = "declared";

describe("a declared realm", function () {
  this.timeout(120_000);
  let keycloak: TestKeycloak;
  let realm: RealmUnderTest;
  let admin: KeycloakClient;
  before(async function () {
    this.timeout(900_000);
    keycloak = await sharedKeycloak();
    realm = realmUnderTest(keycloak, REALM);
    admin = keycloak.adminOf(REALM);
  });

  const reconcile = async (): Promise<string[]> => {
    await realm.reconciler.reconcile();
    return realm.changes();
  };
  const clientOf = async (clientId: string): Promise<Client> => {
    const [found] = await admin.get<Client[]>("/clients", { clientId });
    assert.ok(found, clientId);
    return found;
  };

  it("is made from nothing, and each part of it is told", async () => {
    const made = await reconcile();
    const objects = made.filter((line) => line.endsWith("was missing, now made")).map((line) => line.split(":")[0]);
    assert.deepEqual(objects, [
      "client scope carrel",
      "role carrel-admin",
      "group everyone",
      "client hub",
      "client console",
      "client grafana",
      "client dashboard",
      "client carrel-api",
    ]);
    assert.deepEqual(made.slice(-2), [
      "group everyone: was no default of new users, now it is",
      "client carrel-api: its service account had no query-groups, query-users, view-users, manage-users, view-realm of realm-management, now it has",
    ]);
    assert.deepEqual(
      realm.happenings.map(({ reason, type }) => [reason, type]),
      [["RealmApplied", "Normal"]],
    );
  });

  it("is not changed by a second run", async () => {
    assert.deepEqual(await reconcile(), []);
    assert.deepEqual(realm.findings.at(-1), {
      type: "Ready",
      status: "True",
      reason: "Applied",
      message: "the realm is as declared",
    });
  });

  it("gives groups in ID token, access token and userinfo, and a subject", async () => {
    const group = await admin.post("/groups", { name: "physics", attributes: { "quota-cpu": ["8"] } });
    const user = { username: "ada", enabled: true, email: "ada@example.org", firstName: "Ada", lastName: "Lovelace" };
    const credentials = [{ type: "password", value: "a-long-enough-password", temporary: false }];
    const id = await admin.post("/users", { ...user, emailVerified: true, credentials });
    await admin.put(`/users/${id}/groups/${group}`);
    await admin.post("/roles", { name: "img:scipy" });
    await admin.post(`/groups/${group}/role-mappings/realm`, [await admin.get("/roles/img:scipy")]);
    const { idToken, accessToken, userinfo } = await logIn({
      url: keycloak.url,
      realm: REALM,
      clientId: "hub",
      secret: secretsOf(REALM).hub,
      redirectUri: "https://carrel.localhost:8443/hub/oauth_callback",
      user: "ada",
      password: "a-long-enough-password",
    });
    for (const claims of [idToken, accessToken, userinfo]) {
      assert.deepEqual([...(claims["groups"] as string[])].sort(), ["everyone", "physics"]);
      assert.deepEqual([claims["sub"], claims["preferred_username"], claims["email"]], [id, "ada", "ada@example.org"]);
    }
    for (const claims of [accessToken, userinfo]) assert.ok((claims["roles"] as string[]).includes("img:scipy"));
    assert.equal(idToken["roles"], undefined);
    assert.ok([accessToken["aud"]].flat().includes("carrel-api"));
    assert.equal(idToken["aud"], "hub");
  });

  it("is mended where somebody changed it by hand, and says what", async () => {
    const hub = await clientOf("hub");
    const scopes = await admin.get<ClientScope[]>("/client-scopes");
    const basic = scopes.find(({ name }) => name === "basic")!;
    const groups = scopes.find(({ name }) => name === "carrel")!;
    const mapper = groups.protocolMappers!.find(({ name }) => name === "groups")!;
    await admin.put(`/clients/${hub.id}`, {
      ...hub,
      redirectUris: ["https://evil.example/*"],
      secret: "somebody-elses",
    });
    await admin.delete(`/client-scopes/${groups.id}/protocol-mappers/models/${mapper.id}`);
    await admin.delete(`/clients/${hub.id}/default-client-scopes/${basic.id}`);
    await admin.delete(`/default-default-client-scopes/${basic.id}`);
    await admin.delete("/roles/carrel-admin");
    await admin.put("", { registrationAllowed: true });
    const [everyone] = await admin.get<Group[]>("/groups", { search: "everyone", exact: true });
    await admin.delete(`/default-groups/${everyone!.id}`);
    realm.happenings.length = 0;
    const changes = await reconcile();
    assert.deepEqual(changes, [
      "realm: registrationAllowed was true, now false",
      "client scope basic: was no default of new clients, now it is",
      "mapper groups of client scope carrel: was missing, now made",
      "role carrel-admin: was missing, now made",
      "group everyone: was no default of new users, now it is",
      'client hub: redirectUris was ["https://evil.example/*"], now ["https://carrel.localhost:8443/hub/oauth_callback"]; secret was another',
      "client hub: default scope basic was missing, now added",
    ]);
    assert.deepEqual(
      realm.happenings.map(({ reason, type, note }) => [reason, type, note]),
      [["DriftRepaired", "Warning", changes.join("; ")]],
    );
    const text = realm.metrics.render({ queues: [], isBootstrapGone: true });
    assert.match(text, /carrel_realm_changes_total\{cause="drift",object="client"\} 3\n/);
    assert.deepEqual(await reconcile(), []);
  });

  it("leaves alone what others have made", async () => {
    await admin.post("/clients", { clientId: "theirs", enabled: true, redirectUris: ["https://theirs.example/*"] });
    await admin.post("/roles", { name: "their-role" });
    const group = await admin.post("/groups", { name: "their-group", attributes: { a: ["b"] } });
    const hub = await clientOf("hub");
    const theirMapper = { name: "theirs", protocol: "openid-connect", protocolMapper: "oidc-sub-mapper", config: {} };
    await admin.post(`/clients/${hub.id}/protocol-mappers/models`, theirMapper);
    const before = [
      await clientOf("theirs"),
      await admin.get("/roles/their-role"),
      await admin.get(`/groups/${group}`),
    ];
    assert.deepEqual(await reconcile(), []);
    assert.deepEqual(
      [await clientOf("theirs"), await admin.get("/roles/their-role"), await admin.get(`/groups/${group}`)],
      before,
    );
    const mappers = (await clientOf("hub")).protocolMappers?.map(({ name }) => name).sort();
    assert.deepEqual(mappers, ["api-audience", "theirs"]);
  });

  it("never says a secret, neither in its log nor to anybody", () => {
    const said = JSON.stringify([realm.lines, realm.happenings, realm.findings]);
    for (const secret of [...Object.values(secretsOf(REALM)), keycloak.admin.secret, "somebody-elses"]) {
      assert.equal(said.includes(secret), false, secret);
    }
    assert.ok(realm.lines.length > 10);
  });
});
