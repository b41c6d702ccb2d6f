import assert from "node:assert/strict";
import { KeycloakDirectory } from "../../services/api/keycloak-directory.ts";
import { Accounts } from "../../services/api/welcome/accounts.ts";
import { First } from "../../services/api/welcome/first.ts";
import { Invitations } from "../../services/api/welcome/invitations.ts";
import { Join } from "../../services/api/welcome/join.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { Membership } from "../../services/lib/keycloak/membership.ts";
import type { Group, User } from "../../services/lib/keycloak/types.ts";
import { sharedKeycloak, type TestKeycloak } from "../support/keycloak.ts";
import { type Login, logIn } from "./login.ts";
import { realmUnderTest, recordingLog, secretsOf } from "./realm-under-test.ts";

const REALM = "welcoming";
const PUBLIC_URL = "https://carrel.localhost:8443";

const person = (userName: string, password = "a-long-enough-password") =>
  new URLSearchParams({
    ...{ userName, firstName: "Ada", lastName: "Lovelace-O'Neil", email: `${userName}@example.org` },
    ...{ password, repeat: password },
  });

/** The parts of the pages as the API puts them together, with the rights that its own client has. */
function apiOf(keycloak: TestKeycloak) {
  const { log, lines } = recordingLog();
  const secret = () => secretsOf(REALM)["carrel-api"];
  const credentials = { realm: REALM, clientId: "carrel-api", secret };
  const client = new KeycloakClient({ url: keycloak.url, realm: REALM, credentials, timeoutMs: 60_000 });
  const membership = new Membership({ client, clock: systemClock, maxAgeMs: 0 });
  const directory = new KeycloakDirectory({ client, membership, log });
  const accounts = new Accounts({ client, log });
  const key = Buffer.alloc(32, 7);
  const invitations = new Invitations({ key: () => key, publicUrl: PUBLIC_URL, clock: systemClock });
  const shared = { accounts, home: `${PUBLIC_URL}/`, log };
  return {
    ...{ client, directory, invitations, lines },
    first: new First({ ...shared, isFirstToken: (token) => token === "right" }),
    join: new Join({ ...shared, invitations, directory, displayName: (group) => group }),
  };
}

describe("accounts by a link", function () {
  this.timeout(120_000);
  let keycloak: TestKeycloak;
  let admin: KeycloakClient;
  let api: ReturnType<typeof apiOf>;
  before(async function () {
    this.timeout(900_000);
    keycloak = await sharedKeycloak();
    await realmUnderTest(keycloak, REALM).reconciler.reconcile();
    admin = keycloak.adminOf(REALM);
    api = apiOf(keycloak);
  });

  const usersOf = async (): Promise<string[]> => (await admin.all<User>("/users")).map(({ username }) => username);
  const enter = (user: string): Promise<Login> =>
    logIn({
      ...{ url: keycloak.url, realm: REALM, clientId: "hub", secret: secretsOf(REALM).hub, user },
      ...{ redirectUri: `${PUBLIC_URL}/hub/oauth_callback`, password: "a-long-enough-password" },
    });
  const tokenFor = (email?: string): string => {
    const { url } = api.invitations.make({ group: "physics", inviter: "ada", email, days: 1 });
    return new URL(url).searchParams.get("token") ?? "";
  };

  it("say what Keycloak has against a password in its words, and make nobody", async () => {
    const short = await api.first.take("right", person("ada", "short"));
    assert.equal(short.status, 422);
    assert.match(short.body.markup, /id="password-error">Invalid password: minimum length 12\.</);
    const name = await api.first.take("right", person("a.long.user.name", "a.long.user.name"));
    assert.match(name.body.markup, /id="password-error">Invalid password: must not be equal to the username\.</);
    const address = await api.first.take("right", person("ada", "ada@example.org"));
    assert.match(address.body.markup, /id="password-error">Invalid password: must not be equal to the email\.</);
    assert.deepEqual(await usersOf(), []);
  });

  it("make the first administrator, once, with no more rights of the API's own than the realm gives it", async () => {
    assert.equal((await api.first.show("right")).status, 200);
    assert.equal((await api.first.take("right", person("ada"))).status, 200);
    assert.equal((await api.directory.person("ada"))?.isAdmin, true);
    const { accessToken } = await enter("ada");
    assert.ok((accessToken["roles"] as string[]).includes("carrel-admin"));
    assert.deepEqual(
      [(await api.first.show("right")).status, (await api.first.take("right", person("eve"))).status],
      [410, 410],
    );
    assert.deepEqual(await usersOf(), ["ada"]);
  });

  it("make a member of the group that the invitation is for, once", async () => {
    await admin.post("/groups", { name: "physics" });
    const token = tokenFor("grace@example.org");
    assert.equal((await api.join.show(token)).status, 200);
    assert.equal((await api.join.take(token, person("grace"))).status, 200);
    const { idToken } = await enter("grace");
    assert.deepEqual([...(idToken["groups"] as string[])].sort(), ["everyone", "physics"]);
    assert.equal(idToken["email"], "grace@example.org");
    assert.equal((await api.directory.person("grace"))?.isAdmin, false);
    const again = await api.join.take(token, person("eve"));
    assert.equal(again.status, 410);
    assert.match(again.body.markup, /It made the account grace\./);
    assert.deepEqual((await usersOf()).sort(), ["ada", "grace"]);
  });

  it("tell what is taken beside its field", async () => {
    const name = await api.join.take(tokenFor("other@example.org"), person("grace"));
    assert.match(name.body.markup, /id="userName-error">This name is taken: choose another one\.</);
    const address = await api.join.take(tokenFor("grace@example.org"), person("eve"));
    assert.match(
      address.body.markup,
      /id="email-error">This address has an account: log in with it, or write another one\.</,
    );
    assert.deepEqual((await usersOf()).sort(), ["ada", "grace"]);
  });

  it("never stay by two of one invitation, whoever uses it at the same time on however many replicas", async () => {
    const token = tokenFor();
    const replicas = Array.from({ length: 4 }, () => apiOf(keycloak));
    const pages = await Promise.all(replicas.map(({ join }, i) => join.take(token, person(`rival-${i}`))));
    const made = pages.filter(({ status }) => status === 200).length;
    const left = (await usersOf()).filter((name) => name.startsWith("rival"));
    assert.ok(made <= 1, `${made} made`);
    assert.equal(left.length, made);
    const retried = await api.join.take(token, person("rival-9"));
    assert.equal(retried.status, made === 1 ? 410 : 200);
  });

  it("never stay by two as the first administrator", async () => {
    const found = await admin.get<User[]>("/users", { username: "ada", exact: true });
    await admin.delete(`/users/${found[0]?.id}`);
    const replicas = Array.from({ length: 4 }, () => apiOf(keycloak));
    const pages = await Promise.all(replicas.map(({ first }, i) => first.take("right", person(`boss-${i}`))));
    const made = pages.filter(({ status }) => status === 200).length;
    const holders = await admin.get<User[]>("/roles/carrel-admin/users");
    assert.ok(made <= 1, `${made} made`);
    assert.equal(holders.length, made);
    assert.equal((await usersOf()).filter((name) => name.startsWith("boss")).length, made);
    assert.equal((await api.first.show("right")).status, made === 1 ? 410 : 200);
  });

  it("are not made once a group gives the role to a member", async () => {
    for (const { id } of await admin.get<User[]>("/roles/carrel-admin/users")) await admin.delete(`/users/${id}`);
    assert.equal((await api.first.show("right")).status, 200);
    const group = await admin.post("/groups", { name: "operators" });
    await admin.post(`/groups/${group}/role-mappings/realm`, [await admin.get("/roles/carrel-admin")]);
    assert.equal((await api.first.show("right")).status, 200);
    const [grace] = await admin.get<User[]>("/users", { username: "grace", exact: true });
    await admin.put(`/users/${grace?.id}/groups/${group}`);
    assert.equal((await api.first.show("right")).status, 410);
  });

  it("leave nobody behind where the group goes meanwhile", async () => {
    const token = tokenFor();
    const [physics] = await admin.get<Group[]>("/groups", { search: "physics", exact: true });
    const invitation = api.invitations.read(token);
    assert.ok(invitation.ok);
    await admin.delete(`/groups/${physics?.id}`);
    const accounts = new Accounts({ client: api.client, log: recordingLog().log });
    const account = { userName: "late", firstName: "L", lastName: "L", email: "late@example.org" };
    const made = accounts.makeMember({ ...account, password: "a-long-enough-password" }, invitation.invitation);
    await assert.rejects(made, /there is no group "physics" any more/);
    assert.equal((await usersOf()).includes("late"), false);
  });

  it("have neither a password nor a token in the log", () => {
    const text = api.lines.join("");
    assert.ok(api.lines.length > 5);
    assert.doesNotMatch(text, /a-long-enough-password|"right"/);
  });
});
