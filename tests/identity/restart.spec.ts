import assert from "node:assert/strict";
import { systemClock } from "../../services/lib/clock.ts";
import { type Failure, WorkQueue } from "../../services/lib/controller/work-queue.ts";
import { reasonOf } from "../../services/lib/log.ts";
import { eventually } from "../support/eventually.ts";
import { sharedKeycloak, type TestKeycloak } from "../support/keycloak.ts";
import { type RealmUnderTest, realmUnderTest } from "./realm-under-test.ts";

/** @throws Error with what is in the way */
async function readiness({ findings }: RealmUnderTest): Promise<true> {
  const { status, message } = findings.at(-1) ?? {};
  if (status === "True") return true;
  throw new Error(message);
}

describe("a realm whose Keycloak is killed", function () {
  this.timeout(900_000);
  let keycloak: TestKeycloak;
  const aborter = new AbortController();
  before(async () => {
    keycloak = await sharedKeycloak();
  });
  // Other specs share this Keycloak.
  afterEach(async () => {
    aborter.abort();
    if (!(await fetch(keycloak.url).catch(() => undefined))) await keycloak.start();
  });

  it("waits, says so, and converges after it is back", async () => {
    const realm = realmUnderTest(keycloak, "restarted");
    const failures: Failure[] = [];
    const queue = new WorkQueue({
      clock: systemClock,
      work: () => realm.reconciler.reconcile(),
      onFailure: (failure) => void failures.push(failure),
      backoff: { firstMs: 200, lastMs: 2_000 },
    });
    queue.add("realm");
    const running = queue.run(aborter.signal);
    const admin = keycloak.adminOf("restarted");
    // Half of it is there, the other half not.
    await eventually("it has begun", async () => (await admin.get<object>("/roles/carrel-admin")) && true, 240_000);
    await keycloak.kill();
    // Whoever was faster than the kill looks again.
    queue.add("realm");
    await eventually("it has waited twice", async () => (failures.length >= 2 ? true : undefined), 120_000);
    const finding = realm.findings.at(-1);
    assert.deepEqual([finding?.type, finding?.status, finding?.reason], ["Ready", "Unknown", "KeycloakUnavailable"]);
    assert.match(
      finding?.message ?? "",
      /^Keycloak at http:\S+ does not answer \w+ \S+: see whether it runs and is reachable from here: .*ECONN/,
    );
    assert.ok(
      failures.every(({ error }) => reasonOf(error).includes("does not answer")),
      failures.map(({ error }) => reasonOf(error)).join("\n"),
    );
    assert.ok(failures.at(-1)!.delayMs > 100);
    await keycloak.start();
    await eventually("it is ready", () => readiness(realm), 240_000);
    aborter.abort();
    await running;
    realm.changes();
    await realm.reconciler.reconcile();
    assert.deepEqual(realm.changes(), []);
  });
});
