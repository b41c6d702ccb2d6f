import { createHash } from "node:crypto";
import type { Clock } from "../../lib/clock.ts";
import type { Outcome } from "../../lib/controller/work-queue.ts";
import type { KeycloakClient } from "../../lib/keycloak/client.ts";
import { isUnavailable } from "../../lib/keycloak/errors.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import type { ControllerMetrics } from "../metrics.ts";
import type { Access } from "./access.ts";
import { applyRealm } from "./apply.ts";
import { type Change, changeText } from "./change.ts";
import type { RealmDeclaration } from "./declaration.ts";
import type { RealmStatus } from "./realm-status.ts";

/** A declaration with its secrets, which no text may show. */
export interface Declared {
  readonly declaration: RealmDeclaration;
  readonly secrets: ReadonlySet<string>;
}

export interface RealmReconcilerOptions {
  readonly access: Pick<Access, "client" | "isBootstrapGone">;
  /** Read anew each time: its files change. @throws UserError for what cannot be read */
  readonly read: () => Declared;
  readonly status: Pick<RealmStatus, "applied" | "report" | "tell">;
  readonly metrics: Pick<ControllerMetrics, "realmChanges" | "realmReconciles" | "realmReadyAt">;
  readonly clock: Clock;
  readonly log: Logger;
  /** How often drift is looked for. @default 60000 */
  readonly intervalMs?: number;
}

const INTERVAL_MS = 60_000;

/** Changes with everything that is declared, secrets too, and tells nothing of it. */
const digestOf = (declaration: RealmDeclaration): string =>
  createHash("sha256").update(JSON.stringify(declaration)).digest("hex");

/** Keeps the realm as declared: level-based, so that it may run any time, any number of times. */
export class RealmReconciler {
  readonly #options: RealmReconcilerOptions;
  #client: KeycloakClient | undefined;

  constructor(options: RealmReconcilerOptions) {
    this.#options = options;
  }

  /** The client of the realm, once there is a way in. */
  get client(): KeycloakClient | undefined {
    return this.#client;
  }

  /** Looks once, and mends what is not as declared. @throws UserError after it has said why it could not */
  async reconcile(): Promise<Outcome> {
    const { read, access, status, metrics, intervalMs = INTERVAL_MS } = this.#options;
    const changes: Change[] = [];
    try {
      const { declaration, secrets } = read();
      const digest = digestOf(declaration);
      const isNew = (await status.applied()) !== digest;
      const client = await access.client();
      const onChange = (change: Change): void => void changes.push(change);
      try {
        await applyRealm(client, declaration, { rewriteSecrets: isNew, secrets }, onChange);
      } finally {
        await this.#tell(changes, isNew);
      }
      this.#client = client;
      metrics.realmReconciles.add({ result: "ok" });
      metrics.realmReadyAt = this.#options.clock.now();
      await status.report(
        { type: "Ready", status: "True", reason: "Applied", message: "the realm is as declared" },
        { declaration: digest, changes: changes.map(changeText) },
      );
      return { againInMs: intervalMs };
    } catch (error) {
      metrics.realmReconciles.add({ result: isUnavailable(error) ? "unavailable" : "failed" });
      await this.#reportFailure(error, changes);
      throw error;
    }
  }

  async #reportFailure(error: unknown, changes: readonly Change[]): Promise<void> {
    const { status, log } = this.#options;
    const isAway = isUnavailable(error);
    const finding = {
      type: "Ready",
      status: isAway ? "Unknown" : "False",
      reason: isAway ? "KeycloakUnavailable" : "NotApplied",
      message: reasonOf(error),
    } as const;
    await status.report(finding, { changes: changes.map(changeText) }).catch((cause: unknown) => {
      log.warn("realm-status-unwritten", { reason: reasonOf(cause) });
    });
  }

  /** What was changed though the declaration is the one that was applied before is drift, and somebody else's doing. */
  async #tell(changes: readonly Change[], isNew: boolean): Promise<void> {
    const { status, metrics, log } = this.#options;
    const cause = isNew ? "declaration" : "drift";
    for (const change of changes) {
      metrics.realmChanges.add({ cause, object: change.object.split(" ")[0] ?? "" });
      log[isNew ? "info" : "warn"]("realm-changed", { cause, object: change.object, change: change.text });
    }
    if (changes.length === 0) return;
    await status.tell({
      type: isNew ? "Normal" : "Warning",
      reason: isNew ? "RealmApplied" : "DriftRepaired",
      action: "Reconcile",
      note: changes.map(changeText).join("; "),
    });
  }
}
