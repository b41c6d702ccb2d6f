import type { WorkQueue } from "../lib/controller/work-queue.ts";
import { Counter, Gauge, renderMetrics } from "../lib/metrics.ts";

/** What is read at the moment of a scrape. */
export interface Measured {
  readonly queues: readonly (readonly [name: string, queue: Pick<WorkQueue, "size" | "failing">])[];
  readonly isBootstrapGone: boolean;
  /** By state. */
  readonly claims?: Readonly<Record<string, number>>;
}

/** What this process counts and measures. */
export class ControllerMetrics {
  readonly realmChanges = new Counter("carrel_realm_changes_total", "Changes made to the realm by cause and object.");
  readonly realmReconciles = new Counter("carrel_realm_reconciles_total", "Looks at the realm by result.");
  readonly groupChanges = new Counter("carrel_group_changes_total", "Changes made to groups in Keycloak by kind.");
  readonly roleChanges = new Counter("carrel_binding_role_changes_total", "Roles made and removed, by kind.");
  readonly claimChanges = new Counter("carrel_claim_changes_total", "Claims of volumes made and grown, by kind.");
  readonly failures = new Counter("carrel_controller_failures_total", "Work that failed and is tried again, by queue.");
  /** Milliseconds since the epoch; none before the first time. */
  realmReadyAt = Number.NaN;
  /** What nobody declares any more and is still there, by kind. */
  orphans: Readonly<Record<string, number>> = {};

  render({ queues, isBootstrapGone, claims = {} }: Measured): string {
    const { realmChanges, realmReconciles, groupChanges, roleChanges, claimChanges, failures } = this;
    return renderMetrics([
      realmChanges,
      realmReconciles,
      groupChanges,
      roleChanges,
      claimChanges,
      failures,
      new Gauge("carrel_realm_ready_timestamp_seconds", "When the realm was last found as declared.", () => [
        [{}, this.realmReadyAt / 1000] as const,
      ]),
      new Gauge("carrel_realm_bootstrap_present", "Whether Keycloak's bootstrap account may still be there.", () => [
        [{}, isBootstrapGone ? 0 : 1] as const,
      ]),
      new Gauge("carrel_realm_orphans", "Groups and roles that nothing in Kubernetes stands for any more.", () =>
        Object.entries(this.orphans).map(([kind, count]) => [{ kind }, count] as const),
      ),
      new Gauge("carrel_claims", "Claims of groups' and data volumes by how they are.", () =>
        Object.entries(claims).map(([state, count]) => [{ state }, count] as const),
      ),
      new Gauge("carrel_controller_queue_depth", "Keys that wait for work, by queue.", () =>
        queues.map(([queue, { size }]) => [{ queue }, size] as const),
      ),
      new Gauge("carrel_controller_failing", "Keys whose last work failed, by queue.", () =>
        queues.map(([queue, { failing }]) => [{ queue }, failing] as const),
      ),
    ]);
  }
}
