import assert from "node:assert/strict";
import type { Group as GroupObject } from "../../crds/index.ts";
import { GroupController } from "../../services/controllers/group/controller.ts";
import type { WatchedGroup } from "../../services/controllers/group/group-status.ts";
import { ControllerMetrics } from "../../services/controllers/metrics.ts";
import { systemClock } from "../../services/lib/clock.ts";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { KeycloakClient as Client } from "../../services/lib/keycloak/client.ts";
import { Membership } from "../../services/lib/keycloak/membership.ts";
import type { Group } from "../../services/lib/keycloak/types.ts";
import { eventually } from "../support/eventually.ts";
import { sharedKeycloak, type TestKeycloak } from "../support/keycloak.ts";
import { KubeApi } from "./kube-api.ts";
import { accessTo, realmUnderTest, recordingLog, secretsOf } from "./realm-under-test.ts";

const REALM = "grouped";

/** How long after now somebody still asked and was told the old: how fast this machine asks and answers is not counted. */
async function staleMs(what: string, isNew: () => Promise<boolean>): Promise<number> {
  const startedMs = performance.now();
  let lastMs = 0;
  await eventually(what, async () => {
    const askedMs = performance.now() - startedMs;
    if (await isNew()) return true;
    lastMs = askedMs;
    return undefined;
  });
  return lastMs;
}

describe("groups of a cluster in Keycloak", function () {
  this.timeout(300_000);
  let keycloak: TestKeycloak;
  let admin: KeycloakClient;
  let kube: KubeApi;
  let controller: GroupController;
  let stop: () => Promise<void>;
  const metrics = new ControllerMetrics();
  const { log, lines } = recordingLog();
  before(async function () {
    this.timeout(900_000);
    keycloak = await sharedKeycloak();
    await realmUnderTest(keycloak, REALM).reconciler.reconcile();
    admin = keycloak.adminOf(REALM);
    kube = new KubeApi();
    kube.put("groups", {
      metadata: { name: "physics" },
      spec: {
        displayName: "Physics",
        quota: { cpu: "40", memory: "160Gi" },
        memberQuota: { gpu: 1, memory: "1536Mi" },
        volume: { size: "200Gi" },
      },
    });
    const own = await accessTo(keycloak, REALM, undefined).client();
    controller = new GroupController({
      kube: kube.client,
      keycloak: () => own,
      metrics,
      clock: systemClock,
      log,
      sweepMs: 2_000,
      pollMs: 300,
    });
    const aborter = new AbortController();
    const running = controller.run(aborter.signal);
    stop = async () => {
      aborter.abort();
      await running;
    };
  });
  after(() => stop?.());

  const live = async (name: string): Promise<Group | undefined> =>
    (await admin.get<Group[]>("/groups", { search: name, exact: true, briefRepresentation: false }))[0];
  const object = (name: string): WatchedGroup | undefined => kube.get<WatchedGroup>("groups", name);
  const statusWith = (name: string, field: "members", value: number): Promise<GroupObject["status"]> =>
    eventually(`${name} has ${value} ${field}`, async () => {
      const status = object(name)?.status;
      return status?.[field] === value ? status : undefined;
    });
  const user = async (username: string): Promise<string> =>
    (await admin.post("/users", {
      username,
      enabled: true,
      firstName: "F",
      lastName: "L",
      email: `${username}@example.org`,
    })) ?? "";

  it("are made with their quota in PrimeHub's form, and the Group says so", async () => {
    const status = await statusWith("physics", "members", 0);
    const found = await live("physics");
    assert.deepEqual(found?.attributes, {
      displayName: ["Physics"],
      "quota-gpu": ["1"],
      "quota-memory": ["1.5G"],
      "project-quota-cpu": ["40"],
      "project-quota-memory": ["160G"],
      "enabled-shared-volume": ["true"],
      "shared-volume-capacity": ["200G"],
      "carrel.dev/group": ["physics"],
      "carrel.dev/managed": ["true"],
      "carrel.dev/part": ["group"],
    });
    const { lastTransitionTime, ...condition } = status!.conditions![0]!;
    assert.deepEqual(
      [status!.id, condition],
      [found.id, { type: "Synced", status: "True", reason: "Mirrored", message: "", observedGeneration: 1 }],
    );
    assert.ok(!Number.isNaN(Date.parse(lastTransitionTime)));
  });

  it("count their members as Keycloak has them, within seconds of a change", async () => {
    const found = await live("physics");
    const ada = await user("ada");
    await admin.put(`/users/${ada}/groups/${found!.id}`);
    const startedMs = performance.now();
    await statusWith("physics", "members", 1);
    await admin.delete(`/users/${ada}/groups/${found!.id}`);
    await statusWith("physics", "members", 0);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 10_000, `it took ${tookMs} ms`);
  });

  it("follow their Group, and get back what somebody changed; what others keep there stays", async () => {
    const found = (await live("physics"))!;
    await admin.put(`/groups/${found.id}`, {
      ...found,
      attributes: { ...found.attributes, admins: ["ada"], "mlflow-ui-url": ["u"], "project-quota-cpu": ["4000"] },
    });
    const mended = async (): Promise<Group | undefined> => {
      const now = await live("physics");
      return now?.attributes?.["project-quota-cpu"]?.[0] === "40" ? now : undefined;
    };
    const { attributes } = await eventually("the quota is mended", mended);
    assert.deepEqual([attributes!["admins"], attributes!["mlflow-ui-url"]], [["ada"], ["u"]]);
    // Keycloak has it a moment before the controller hears so.
    await eventually("the log tells it", async () =>
      lines.find((line) => line.includes("project-quota-cpu was 4000, now 40")),
    );
    kube.put("groups", { metadata: { name: "physics" }, spec: { displayName: "Physics", quota: { cpu: "1500m" } } });
    const followed = await eventually("the new quota", async () => {
      const now = await live("physics");
      return now?.attributes?.["project-quota-cpu"]?.[0] === "1.5" ? now : undefined;
    });
    assert.deepEqual([followed.attributes!["quota-gpu"], followed.attributes!["admins"]], [undefined, ["ada"]]);
  });

  it("keep their members when they are renamed by hand", async () => {
    const found = (await live("physics"))!;
    await admin.put(`/groups/${found.id}`, { ...found, name: "renamed" });
    const back = await eventually("its name is back", () => live("physics"));
    assert.equal(back.id, found.id);
  });

  it("have exact names that Kubernetes cannot have", async () => {
    const name = "Über/Lab 1";
    kube.put("groups", {
      metadata: { name: "wrong", annotations: { "carrel.dev/group-name": name } } as never,
      spec: {},
    });
    const refused = await eventually("the refusal", async () => object("wrong")?.status?.conditions?.[0]);
    const [, should] = /whose Group would be (\S+): /.exec(refused.message) ?? [];
    assert.equal(refused.reason, "Invalid");
    kube.put("groups", {
      metadata: { name: should!, annotations: { "carrel.dev/group-name": name } } as never,
      spec: {},
    });
    await statusWith(should!, "members", 0);
    assert.equal((await live(name))?.name, name);
    kube.remove("groups", should!);
    await eventually("the empty group is removed", async () => ((await live(name)) === undefined ? true : undefined));
  });

  it("stay while they have members, and are counted, when their Group is deleted", async () => {
    kube.put("groups", { metadata: { name: "leaving" }, spec: {} });
    await statusWith("leaving", "members", 0);
    const bob = await user("bob");
    await admin.put(`/users/${bob}/groups/${(await live("leaving"))!.id}`);
    await statusWith("leaving", "members", 1);
    kube.remove("groups", "leaving");
    await eventually("it is an orphan", async () => (metrics.orphans["group"] === 1 ? true : undefined));
    assert.ok(await live("leaving"));
  });

  it("let a change of membership be seen within 5 s, without a new login", async () => {
    const credentials = { realm: REALM, clientId: "carrel-api", secret: () => secretsOf(REALM)["carrel-api"] };
    const api = new Client({ url: keycloak.url, realm: REALM, credentials, timeoutMs: 60_000 });
    const membership = new Membership({ client: api, clock: systemClock });
    const eve = await user("eve");
    const group = (await live("physics"))!.id;
    const groupsOf = async (): Promise<string> =>
      (await membership.of("Eve"))!.groups.map(({ name }) => name).join(", ");
    assert.equal(await groupsOf(), "everyone");
    await admin.put(`/users/${eve}/groups/${group}`);
    const inMs = await staleMs("she is in", async () => (await groupsOf()) === "everyone, physics");
    await admin.delete(`/users/${eve}/groups/${group}`);
    const outMs = await staleMs("she is out", async () => (await groupsOf()) === "everyone");
    assert.ok(inMs < 5_000 && outMs < 5_000, `${inMs} ms in, ${outMs} ms out`);
    const below = await admin.post(`/groups/${group}/children`, { name: "everyone-else" });
    await admin.put(`/users/${eve}/groups/${below}`);
    await admin.put(`/users/${eve}`, { enabled: false });
    await eventually("she is disabled", async () => ((await membership.of("eve")) === undefined ? true : undefined));
  });
});
