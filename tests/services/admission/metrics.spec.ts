import assert from "node:assert/strict";
import { AdmissionMetrics } from "../../../services/admission/metrics.ts";

describe("AdmissionMetrics", () => {
  it("renders what was counted and what is so at the moment", () => {
    const metrics = new AdmissionMetrics();
    metrics.exceeded.add({ group: "physics", reason: "GroupQuotaExceeded", resource: "cpu" });
    metrics.shed.add({ webhook: "quota", cause: "calls" });
    metrics.ledgerWrites.add({ result: "written" }, 2);
    const watch = { synced: true, relists: 3, lastContactAgeMs: () => 1_500 };
    const text = metrics.render({
      watches: [
        ["pods", watch],
        ["groups", { ...watch, synced: false }],
      ],
      certificates: { expiresAt: 1_800_000_000, clientCaExpiresAt: 1_900_000_000 },
      callsUnderWay: 5,
      reservations: [["physics", 4]],
    });
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    assert.deepEqual(samples, [
      'carrel_admission_shed_total{webhook="quota",cause="calls"} 1',
      'carrel_quota_exceeded_total{group="physics",reason="GroupQuotaExceeded",resource="cpu"} 1',
      'carrel_quota_ledger_writes_total{result="written"} 2',
      "carrel_admission_calls_under_way 5",
      'carrel_quota_reservations_open{group="physics"} 4',
      'carrel_watch_synced{kind="pods"} 1',
      'carrel_watch_synced{kind="groups"} 0',
      'carrel_watch_age_seconds{kind="pods"} 1.5',
      'carrel_watch_age_seconds{kind="groups"} 1.5',
      'carrel_watch_relists_total{kind="pods"} 3',
      'carrel_watch_relists_total{kind="groups"} 3',
      "carrel_certificate_expiry_timestamp_seconds 1800000000",
      "carrel_client_ca_expiry_timestamp_seconds 1900000000",
    ]);
  });

  it("tells of no end of clients' authorities where there are none", () => {
    const certificates = { expiresAt: 1, clientCaExpiresAt: undefined };
    const text = new AdmissionMetrics().render({ watches: [], certificates, reservations: [], callsUnderWay: 0 });
    assert.doesNotMatch(text, /^carrel_client_ca/m);
  });

  it("has buckets below the API server's first", () => {
    const metrics = new AdmissionMetrics();
    metrics.duration.observe(0.0007, { webhook: "quota" });
    assert.match(
      metrics.duration.render(),
      /_bucket\{webhook="quota",le="0\.0005"\} 0\n.*_bucket\{webhook="quota",le="0\.001"\} 1\n/,
    );
  });
});
