import type { KubeObject } from "../lib/kube/client.ts";
import type { ListWatch } from "../lib/kube/list-watch.ts";
import { Counter, Gauge, Histogram, renderMetrics } from "../lib/metrics.ts";

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

type Watch = Pick<ListWatch<KubeObject>, "synced" | "relists" | "lastContactAgeMs">;
type Watches = readonly (readonly [kind: string, watch: Watch])[];

/** What this process counts and measures. */
export class ApiMetrics {
  readonly requests = new Counter("carrel_api_requests_total", "Requests by listener and HTTP status.");
  readonly duration = new Histogram("carrel_api_duration_seconds", "Time of a request by listener.", SECONDS);
  readonly errors = new Counter("carrel_api_errors_total", "Errors that callers were told of, by code.");
  readonly refusals = new Counter("carrel_api_unauthenticated_total", "Callers that were not recognised, by listener.");

  /** @param watches read at the moment of the scrape */
  render(watches: Watches): string {
    const gauges = [
      new Gauge("carrel_watch_synced", "Whether a collection was listed completely.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.synced ? 1 : 0] as const),
      ),
      new Gauge("carrel_watch_age_seconds", "Time since a watch last heard of the API server.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.lastContactAgeMs() / 1000] as const),
      ),
      new Gauge("carrel_watch_relists_total", "Complete lists of a collection.", () =>
        watches.map(([kind, watch]) => [{ kind }, watch.relists] as const),
      ),
    ];
    return renderMetrics([this.requests, this.duration, this.errors, this.refusals, ...gauges]);
  }
}
