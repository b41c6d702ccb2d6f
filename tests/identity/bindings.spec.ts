import assert from "node:assert/strict";
import { BindingController } from "../../services/controllers/bindings/controller.ts";
import type { Happening } from "../../services/controllers/events.ts";
import { ControllerMetrics } from "../../services/controllers/metrics.ts";
import { type Clock, systemClock } from "../../services/lib/clock.ts";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import type { Group, Role } from "../../services/lib/keycloak/types.ts";
import { eventually } from "../support/eventually.ts";
import { sharedKeycloak } from "../support/keycloak.ts";
import { KubeApi } from "./kube-api.ts";
import { accessTo, realmUnderTest, recordingLog } from "./realm-under-test.ts";

const REALM = "bound";

describe("roles of images, instance types and volumes", function () {
  this.timeout(180_000);
  let admin: KeycloakClient;
  let stop: () => Promise<void>;
  let laterMs = 0;
  const kube = new KubeApi();
  const metrics = new ControllerMetrics();
  const happenings: Happening[] = [];
  const clock: Clock = { ...systemClock, now: () => Date.now() + laterMs };
  before(async function () {
    this.timeout(900_000);
    const keycloak = await sharedKeycloak();
    await realmUnderTest(keycloak, REALM).reconciler.reconcile();
    admin = keycloak.adminOf(REALM);
    await admin.post("/roles", { name: "img:by-hand" });
    kube.put("images", { metadata: { name: "scipy" } });
    kube.put("instancetypes", { metadata: { name: "small", annotations: { "carrel.dev/global": "true" } } as never });
    kube.put("volumes", { metadata: { name: "corpus" } });
    const own = await accessTo(keycloak, REALM, undefined).client();
    const { log } = recordingLog();
    const status = { tell: async (happening: Happening) => void happenings.push(happening) };
    const options = {
      kube: kube.client,
      keycloak: () => own,
      status,
      metrics,
      clock,
      log,
      workNamespace: "carrel-work",
    };
    const controller = new BindingController({ ...options, sweepMs: 500 });
    const aborter = new AbortController();
    const running = controller.run(aborter.signal);
    stop = async () => {
      aborter.abort();
      await running;
    };
  });
  after(() => stop?.());

  const roles = async (): Promise<string> =>
    (await admin.all<Role>("/roles"))
      .map(({ name }) => name)
      .filter((name) => /^(img|it|ds):/.test(name))
      .sort()
      .join(" ");
  const has = (expected: string): Promise<true> =>
    eventually(expected, async () => ((await roles()) === expected ? true : undefined));
  const rolesOf = async (group: string): Promise<readonly string[]> =>
    (await admin.get<Group[]>("/groups", { search: group, exact: true, briefRepresentation: false }))[0]?.realmRoles ??
    [];

  it("are made, and what is global is bound to everybody", async () => {
    await has("ds:corpus ds:rw:corpus img:by-hand img:scipy it:small");
    await eventually("everyone has it", async () =>
      (await rolesOf("everyone")).join() === "it:small" ? true : undefined,
    );
  });

  it("are told where nothing stands for them, and stay when others made them", async () => {
    await eventually("the orphan is told", async () => (happenings.length > 0 ? true : undefined));
    assert.deepEqual(happenings, [
      {
        type: "Warning",
        reason: "OrphanedRole",
        action: "Reconcile",
        note: "nothing in Kubernetes stands for these roles any more: img:by-hand",
      },
    ]);
    assert.equal(metrics.orphans["role"], 1);
  });

  it("keep who is bound to them while their object is gone for less than an hour", async () => {
    await admin.post("/groups", { name: "physics" });
    const [physics] = await admin.get<Group[]>("/groups", { search: "physics", exact: true });
    await admin.post(`/groups/${physics!.id}/role-mappings/realm`, [await admin.get("/roles/img:scipy")]);
    const since = async (): Promise<string | undefined> =>
      (await admin.get<Role>("/roles/img:scipy")).attributes?.["carrel.dev/orphaned-since"]?.[0];
    kube.remove("images", "scipy");
    await eventually("it is marked", since);
    kube.put("images", { metadata: { name: "scipy" } });
    await eventually("it is forgotten", async () => ((await since()) === undefined ? true : undefined));
    assert.deepEqual(await rolesOf("physics"), ["img:scipy"]);
  });

  it("are removed with their object after that, and no others", async () => {
    kube.remove("volumes", "corpus");
    await eventually("both are orphans", async () => (metrics.orphans["role"] === 3 ? true : undefined));
    laterMs = 3_600_000;
    await has("img:by-hand img:scipy it:small");
  });

  it("are taken from everybody where the object says that it is not global", async () => {
    kube.put("instancetypes", { metadata: { name: "small", annotations: { "carrel.dev/global": "false" } } as never });
    await eventually("nobody has it", async () => ((await rolesOf("everyone")).length === 0 ? true : undefined));
  });
});
