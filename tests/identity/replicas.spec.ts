import assert from "node:assert/strict";
import { join } from "node:path";
import { JGROUPS_PORTS } from "../../components/identity/keycloak-pod.ts";
import { versionOf } from "../../images/catalogue.ts";
import { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { eventually } from "../support/eventually.ts";
import { eventuallyEqual } from "../support/eventually-equal.ts";
import { distribution, ownFolder } from "../support/keycloak.ts";
import { askTokens, openForm, redeeming, sendForm, userinfo } from "./login.ts";
import { ownAddress } from "./loopback.ts";
import { startPostgres, type TestPostgres } from "./postgres.ts";
import { copyOf, type Replica, startReplica } from "./replica.ts";

const REALM = "pair";
const PUBLIC_URL = "https://id.carrel.localhost:8443";
const bootstrap = { clientId: "carrel-bootstrap", secret: "bootstrap-secret-of-the-test" };
const app = { realm: REALM, clientId: "app", secret: "app-secret", redirectUri: "https://app.test/callback" };
const ada = { user: "ada", password: "correct-horse-battery" };

const realm = {
  realm: REALM,
  enabled: true,
  clients: [{ clientId: app.clientId, secret: app.secret, redirectUris: [app.redirectUri] }],
  users: [
    {
      username: ada.user,
      enabled: true,
      ...{ email: "ada@example.org", emailVerified: true, firstName: "Ada", lastName: "Lovelace" },
      credentials: [{ type: "password", value: ada.password }],
    },
  ],
};

interface RealmName {
  readonly displayName?: string;
}

/** How many replicas a replica sees, itself among them. */
async function clusterSize(replica: Replica): Promise<number> {
  return Number(/^vendor_cluster_size(?:\{[^}]*\})? (\S+)$/m.exec(await replica.metrics())?.[1]);
}

describe("two replicas of Keycloak, as their StatefulSet starts them", function () {
  this.timeout(500_000);
  let postgres: TestPostgres;
  const running: (() => Promise<void>)[] = [];
  let first: Replica;
  let second: Replica;

  const adminOn = ({ url }: Replica, of = REALM): KeycloakClient =>
    new KeycloakClient({
      ...{ url, realm: of, timeoutMs: 60_000 },
      credentials: { realm: "master", clientId: bootstrap.clientId, secret: () => bootstrap.secret },
    });
  /** What the gateway does: who asks the public name reaches one of them. */
  const through = <T extends { action: string }>(form: T, { url }: Replica): T => ({
    ...form,
    action: form.action.replace(PUBLIC_URL, url),
  });
  const logInOn = async (replica: Replica): Promise<Record<string, string>> => {
    const form = await openForm(replica.url, app);
    return askTokens(replica.url, app, redeeming(await sendForm(through(form, replica), ada), form, app));
  };
  const refreshOn = ({ url }: Replica, { refresh_token = "" }: Record<string, string>) =>
    askTokens(url, app, { grant_type: "refresh_token", refresh_token });
  const whoOn = async ({ url }: Replica, { access_token = "" }: Record<string, string>): Promise<unknown> =>
    (await userinfo(url, REALM, access_token))["preferred_username"];

  before(async () => {
    postgres = await startPostgres(ownAddress(2));
    running.push(postgres.stop);
    const { database, password: databasePassword } = postgres;
    const common = { publicUrl: PUBLIC_URL, database, databasePassword, bootstrap };
    const folder = ownFolder();
    const home = copyOf(await distribution(), join(folder, "first"));
    first = await startReplica({ ...common, home, address: ownAddress(0), isOptimized: false });
    running.push(first.kill);
    // The first start has built it for what the platform asks of it.
    const built = copyOf(home, join(folder, "second"));
    second = await startReplica({ ...common, home: built, address: ownAddress(1), isOptimized: true });
    running.push(second.kill);
    await adminOn(first).createRealm(realm);
  });
  after(async () => {
    for (const stop of running.reverse()) await stop();
  });

  it("start from an image on which nobody ran kc.sh build, and from one on which somebody did", () => {
    const builds = /Updating the configuration and installing your custom providers, if any/;
    assert.match(first.log(), builds);
    assert.doesNotMatch(second.log(), builds);
    for (const { log } of [first, second]) assert.match(log(), new RegExp(`Keycloak ${versionOf("keycloak")} on JVM`));
  });

  it("see one another, on the ports that the network policy opens, and encrypt what they say", async () => {
    // The one that was first hears of the other by itself.
    const sizes = async (): Promise<number[]> => [await clusterSize(first), await clusterSize(second)];
    await eventuallyEqual("each sees both", sizes, [2, 2]);
    const [data, failureDetection] = JGROUPS_PORTS;
    for (const { address, log } of [first, second]) {
      assert.ok(log().includes(`physical addresses are \`[${address}:${data}]\``));
      assert.match(log(), new RegExp(`FD_SOCK2\\] \\([^)]+\\) server listening on /${address}:${failureDetection}\\n`));
      assert.ok(log().includes("JGroups Encryption enabled (mTLS)."));
    }
  });

  it("forget what the other one changes", async () => {
    const name = async (): Promise<unknown> => (await adminOn(second).get<RealmName>("")).displayName;
    assert.equal(await name(), undefined);
    await adminOn(first).put("", { realm: REALM, displayName: "Pair" });
    await eventually("the other one has read it again", async () => ((await name()) === "Pair" ? true : undefined));
  });

  it("go on with a session that began on the other one", async () => {
    const tokens = await logInOn(first);
    assert.equal(await whoOn(second, tokens), ada.user);
    const refreshed = await refreshOn(second, tokens);
    assert.equal(await whoOn(first, refreshed), ada.user);
  });

  it("keep sessions and half a login when the other one is killed", async () => {
    const tokens = await logInOn(first);
    const form = await openForm(first.url, app);
    await first.kill();
    assert.equal(await whoOn(second, await refreshOn(second, tokens)), ada.user);
    const code = await sendForm(through(form, second), ada);
    const others = await askTokens(second.url, app, redeeming(code, form, app));
    assert.equal(await whoOn(second, others), ada.user);
    await eventually("it is alone", async () => ((await clusterSize(second)) === 1 ? true : undefined));
  });

  it("stay behind their Service while they take themselves for the losing side of a split", async () => {
    const isUnready = async (): Promise<true | undefined> => ((await second.isReady()) ? undefined : true);
    // It looks every few seconds; a later Keycloak may know better.
    if (!(await eventually("it says so", isUnready, 20_000).catch(() => false))) return;
    // As old as it is when the readiness probe gives up.
    const seconds = second.unreadyMs / 1000;
    const ofTheDead = `ip = '${first.address}:${JGROUPS_PORTS[0]}'`;
    await postgres.execute(`UPDATE jgroups_ping SET last_update = last_update - ${seconds} WHERE ${ofTheDead}`);
    await eventually("it is ready", async () => (await second.isReady()) || undefined, 15_000);
  });
});
