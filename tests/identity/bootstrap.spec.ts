import assert from "node:assert/strict";
import { Access } from "../../services/controllers/realm/access.ts";
import { applyRealm } from "../../services/controllers/realm/apply.ts";
import { withAdditions } from "../../services/controllers/realm/declaration.ts";
import { controllersClient } from "../../services/controllers/realm/standard.ts";
import { systemClock } from "../../services/lib/clock.ts";
import { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { sharedKeycloak, type TestKeycloak } from "../support/keycloak.ts";
import { accessTo, declarationOf, recordingLog, secretsOf } from "./realm-under-test.ts";

const REALM = "bootstrapped";

/** A token as anybody would get it, and whether the Admin API takes it. */
async function tokenOf(url: string, realm: string, clientId: string, secret: string): Promise<string | undefined> {
  const body = new URLSearchParams({ grant_type: "client_credentials", client_id: clientId, client_secret: secret });
  const answer = await fetch(`${url}/realms/${realm}/protocol/openid-connect/token`, { method: "POST", body });
  return answer.ok ? ((await answer.json()) as { access_token: string }).access_token : undefined;
}
const adminStatus = async (url: string, realm: string, token: string): Promise<number> =>
  (await fetch(`${url}/admin/realms/${realm}`, { headers: { authorization: `Bearer ${token}` } })).status;

describe("bootstrap of a new Keycloak", () => {
  let keycloak: TestKeycloak;
  before(async function () {
    this.timeout(900_000);
    keycloak = await sharedKeycloak();
  });

  it("makes the realm and its own client, and removes the bootstrap account", async function () {
    this.timeout(120_000);
    const { bootstrap, url } = keycloak;
    const early = await tokenOf(url, "master", bootstrap.clientId, bootstrap.secret);
    assert.ok(early);
    assert.equal(await adminStatus(url, "master", early), 200);
    const { log, lines } = recordingLog();
    const access = accessTo(keycloak, REALM, bootstrap, log);
    const own = await access.client();
    assert.equal(access.isBootstrapGone, true);
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { event: string }).event),
      ["realm-made", "bootstrap-client-removed"],
    );
    assert.equal(await tokenOf(url, "master", bootstrap.clientId, bootstrap.secret), undefined);
    // A token from before is refused too: its account is gone.
    assert.ok([401, 403].includes(await adminStatus(url, "master", early)));
    assert.deepEqual(await keycloak.adminOf("master").get("/clients", { clientId: bootstrap.clientId }), []);
    const { realm } = await own.get<{ realm: string }>("");
    assert.equal(realm, REALM);
    const mine = await own.get<{ name: string }[]>("/roles");
    assert.ok(mine.length > 0);
  });

  it("leaves the own client no way into another realm", async () => {
    const own = await accessTo(keycloak, REALM, undefined).client();
    const credentials = {
      realm: REALM,
      clientId: own.clientId,
      secret: () => `${REALM}-carrel-controllers-very-secret-0123456789`,
    };
    const master = new KeycloakClient({ url: keycloak.url, realm: "master", credentials, timeoutMs: 60_000 });
    await assert.rejects(master.get("/clients"), { code: "keycloak-403" });
  });

  it("gives its own client the role that somebody who was interrupted has left out", async function () {
    this.timeout(120_000);
    const realm = "interrupted";
    const master = keycloak.adminOf(realm);
    await master.createRealm({ realm, enabled: true });
    const secret = secretsOf(realm)["carrel-controllers"];
    const client = { clientId: "carrel-controllers", secret, publicClient: false, serviceAccountsEnabled: true };
    await master.post("/clients", client);
    const alone = accessTo(keycloak, realm, undefined);
    await assert.rejects((await alone.client()).get("/clients"), { code: "keycloak-403" });
    const access = accessTo(keycloak, realm, keycloak.admin);
    const own = await access.client();
    assert.equal((await own.get<{ realm: string }>("")).realm, realm);
    assert.equal(await access.client(), own);
  });

  it("says how to get in again where both are refused", async () => {
    const refused = accessTo(keycloak, "never-made", keycloak.bootstrap);
    await assert.rejects(refused.client(), {
      name: "UserError",
      message:
        'Keycloak refuses carrel-controllers of realm "never-made" and the bootstrap client "carrel-bootstrap" too: ' +
        "make one with `kc.sh bootstrap-admin service` and put it into the secret keycloak-bootstrap",
    });
  });

  it("keeps an administrator's client that is not temporary", async function () {
    this.timeout(120_000);
    const { log, lines } = recordingLog();
    await accessTo(keycloak, "by-admin", keycloak.admin, log).client();
    assert.deepEqual(
      lines.map((line) => (JSON.parse(line) as { event: string }).event),
      ["realm-made", "bootstrap-client-kept"],
    );
    assert.equal(await keycloak.adminOf("master").isKnown(), true);
  });

  it("sets a new secret of its own with the old one", async function () {
    this.timeout(120_000);
    let secret = secretsOf(REALM)["carrel-controllers"];
    const { log } = recordingLog();
    const access = new Access({ url: keycloak.url, realm: REALM, ownSecret: () => secret, clock: systemClock, log });
    await access.client();
    secret = "another-secret-0123456789";
    const own = await access.client();
    const declaration = withAdditions(declarationOf(REALM), { clients: [controllersClient(secret)] });
    await applyRealm(own, declaration, { rewriteSecrets: false, secrets: new Set([secret]) });
    const next = new Access({ url: keycloak.url, realm: REALM, ownSecret: () => secret, clock: systemClock, log });
    assert.equal((await next.client()).clientId, "carrel-controllers");
    assert.ok((await (await access.client()).get<object>("")) !== undefined);
  });
});
