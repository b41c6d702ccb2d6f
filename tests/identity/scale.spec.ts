import assert from "node:assert/strict";
import { GroupController } from "../../services/controllers/group/controller.ts";
import type { WatchedGroup } from "../../services/controllers/group/group-status.ts";
import { ControllerMetrics } from "../../services/controllers/metrics.ts";
import { systemClock } from "../../services/lib/clock.ts";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import { Membership } from "../../services/lib/keycloak/membership.ts";
import { eventually } from "../support/eventually.ts";
import { sharedKeycloak } from "../support/keycloak.ts";
import { KubeApi } from "./kube-api.ts";
import { accessTo, realmUnderTest, recordingLog } from "./realm-under-test.ts";

const REALM = "large";
/** `GROUPS/USERS`; `CARREL_IDENTITY_SCALE=2000/20000` is what the platform is made for. */
const [GROUPS = 200, USERS = 2_000] = (process.env["CARREL_IDENTITY_SCALE"] ?? "200/2000").split("/").map(Number);
const nameOf = (i: number): string => `group-${String(i % GROUPS).padStart(4, "0")}`;

describe(`${GROUPS} groups and ${USERS} users`, function () {
  this.timeout(900_000);
  let own: KeycloakClient;
  let admin: KeycloakClient;
  const kube = new KubeApi();
  const stopped = new AbortController();
  const running: Promise<void>[] = [];
  const took = (what: string, startedMs: number): number => {
    const seconds = (performance.now() - startedMs) / 1000;
    console.log(`      ${what}: ${seconds.toFixed(2)} s`);
    return seconds;
  };
  before(async () => {
    const keycloak = await sharedKeycloak();
    await realmUnderTest(keycloak, REALM).reconciler.reconcile();
    own = await accessTo(keycloak, REALM, undefined).client();
    admin = keycloak.adminOf(REALM);
    for (let i = 0; i < GROUPS; i++)
      kube.put("groups", { metadata: { name: nameOf(i) }, spec: { quota: { cpu: 8, memory: "32Gi" } } });
  });
  after(async () => {
    stopped.abort();
    await Promise.all(running);
  });

  const start = (): { metrics: ControllerMetrics; lines: string[] } => {
    const metrics = new ControllerMetrics();
    const { log, lines } = recordingLog();
    const controller = new GroupController({
      kube: kube.client,
      keycloak: () => own,
      metrics,
      clock: systemClock,
      log,
    });
    running.push(controller.run(stopped.signal));
    return { metrics, lines };
  };
  const members = (): number =>
    Array.from({ length: GROUPS }, (_, i) => kube.get<WatchedGroup>("groups", nameOf(i))?.status?.members ?? -1).reduce(
      (a, b) => a + b,
      0,
    );

  it("converge, and are not written again by the next process", async () => {
    const startedMs = performance.now();
    start();
    await eventually("every group is there", async () => (members() === 0 ? true : undefined), 600_000);
    took("groups made", startedMs);
    assert.equal((await admin.get<{ count: number }>("/groups/count")).count, GROUPS + 1);
    const { writes } = kube;
    const again = start();
    await eventually(
      "the next process has compared",
      async () => again.metrics.orphans["group"] !== undefined || undefined,
    );
    assert.deepEqual([kube.writes, again.lines], [writes, []]);
  });

  it("count their members while users come", async () => {
    const startedMs = performance.now();
    for (let first = 0; first < USERS; first += 500) {
      const users = Array.from({ length: Math.min(500, USERS - first) }, (_, i) => ({
        username: `user-${first + i}`,
        enabled: true,
        groups: ["/everyone", `/${nameOf(first + i)}`],
      }));
      await admin.post("/partialImport", { ifResourceExists: "SKIP", users });
    }
    took("users imported", startedMs);
    // An import tells no single membership: the count comes with the next look at each group, as here of a new process.
    const countedMs = performance.now();
    for (let i = 0; i < GROUPS; i++) kube.put("groups", { metadata: { name: nameOf(i) }, spec: { quota: { cpu: 9 } } });
    await eventually("every member is counted", async () => (members() === USERS ? true : undefined), 600_000);
    took("groups changed and members counted", countedMs);
  });

  it("do not make it slower to ask for one user", async () => {
    const membership = new Membership({ client: own, clock: systemClock });
    const times: number[] = [];
    for (let i = 0; i < 50; i++) {
      const startedMs = performance.now();
      const member = await membership.of(`user-${(i * 37) % USERS}`);
      times.push(performance.now() - startedMs);
      assert.equal(member?.groups.length, 2);
    }
    times.sort((a, b) => a - b);
    console.log(`      membership of one user: p50 ${times[25]?.toFixed(1)} ms, p95 ${times[47]?.toFixed(1)} ms`);
    assert.ok(times[25]! < 1_000);
  });
});
