import assert from "node:assert/strict";
import { ControllerMetrics } from "../../../services/controllers/metrics.ts";

describe("ControllerMetrics", () => {
  it("tells changes, orphans, queues and the last time that all was well", () => {
    const metrics = new ControllerMetrics();
    metrics.realmChanges.add({ cause: "drift", object: "client" });
    metrics.orphans = { role: 2 };
    const queues = [["groups", { size: 3, failing: 1 }]] as const;
    const measured = { queues, isBootstrapGone: false, claims: { bound: 2, orphaned: 0 } };
    const values = (): string[] =>
      metrics
        .render(measured)
        .split("\n")
        .filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(values(), [
      'carrel_realm_changes_total{cause="drift",object="client"} 1',
      "carrel_realm_bootstrap_present 1",
      'carrel_realm_orphans{kind="role"} 2',
      'carrel_claims{state="bound"} 2',
      'carrel_claims{state="orphaned"} 0',
      'carrel_controller_queue_depth{queue="groups"} 3',
      'carrel_controller_failing{queue="groups"} 1',
    ]);
    metrics.realmReadyAt = 5_000;
    assert.ok(values().includes("carrel_realm_ready_timestamp_seconds 5"));
  });
});
