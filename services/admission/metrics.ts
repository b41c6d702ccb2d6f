import type { KubeObject } from "../lib/kube/client.ts";
import type { ListWatch } from "../lib/kube/list-watch.ts";
import { Counter, Gauge, Histogram, renderMetrics } from "../lib/metrics.ts";
import type { Certificates } from "./certificates.ts";

/** Below 5 ms too, where the API server's own histogram has one bucket. */
const SECONDS = [0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** What is measured of a watch. */
type Watch = Pick<ListWatch<KubeObject>, "synced" | "relists" | "lastContactAgeMs">;

/** What is read at the moment of a scrape. */
export interface Measured {
  readonly watches: readonly (readonly [kind: string, watch: Watch])[];
  readonly certificates: Pick<Certificates, "expiresAt" | "clientCaExpiresAt">;
  readonly callsUnderWay: number;
  readonly reservations: readonly (readonly [group: string, count: number])[];
}

/** What this process counts and measures. */
export class AdmissionMetrics {
  readonly requests = new Counter("carrel_admission_requests_total", "Reviews by webhook, operation and outcome.");
  readonly duration = new Histogram("carrel_admission_duration_seconds", "Time of a review by webhook.", SECONDS);
  readonly shed = new Counter(
    "carrel_admission_shed_total",
    "Reviews that overload left undecided, by webhook and cause.",
  );
  readonly exceeded = new Counter("carrel_quota_exceeded_total", "Limits that pods would have broken, by group.");
  readonly denialEvents = new Counter(
    "carrel_denial_events_total",
    "Refusals told to the pods' controllers, by result.",
  );
  readonly ledgerWrites = new Counter("carrel_quota_ledger_writes_total", "Writes of quota ledgers by result.");

  render({ watches, certificates, reservations, callsUnderWay }: Measured): string {
    const { expiresAt, clientCaExpiresAt } = certificates;
    const gauges = [
      new Gauge("carrel_admission_calls_under_way", "Calls of the API server without an answer yet.", () => [
        [{}, callsUnderWay] as const,
      ]),
      new Gauge("carrel_quota_reservations_open", "Pods that were admitted and not seen yet, by group.", () =>
        reservations.map(([group, count]) => [{ group }, count] as const),
      ),
      new Gauge("carrel_watch_synced", "Whether a collection was listed completely.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.synced ? 1 : 0] as const),
      ),
      new Gauge("carrel_watch_age_seconds", "Time since a watch last heard of the API server.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.lastContactAgeMs() / 1000] as const),
      ),
      new Gauge("carrel_watch_relists_total", "Complete lists of a collection.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.relists] as const),
      ),
      new Gauge("carrel_certificate_expiry_timestamp_seconds", "When the serving certificate ends.", () => [
        [{}, expiresAt] as const,
      ]),
      new Gauge("carrel_client_ca_expiry_timestamp_seconds", "When the first of the clients' authorities ends.", () =>
        clientCaExpiresAt === undefined ? [] : [[{}, clientCaExpiresAt] as const],
      ),
    ];
    const { requests, duration, shed, exceeded, denialEvents, ledgerWrites } = this;
    return renderMetrics([requests, duration, shed, exceeded, denialEvents, ledgerWrites, ...gauges]);
  }
}
