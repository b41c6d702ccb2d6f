import { QuantityError } from "../../../quota/quantity.ts";
import { type ClaimOwner, claimName, claimOwner } from "../../lib/claims.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Outcome, WorkQueue } from "../../lib/controller/work-queue.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../lib/kube/client.ts";
import { isConflict, KubeError } from "../../lib/kube/errors.ts";
import { ListWatch } from "../../lib/kube/list-watch.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { EventWriter, Happening } from "../events.ts";
import { groupRef } from "../group/group-status.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { ClaimStatus } from "./claim-status.ts";
import {
  type ClaimAction,
  type ClaimFinding,
  type ClaimState,
  claimFinding,
  claimPatch,
  claimStates,
  foreignFinding,
  invalidFinding,
  type LiveClaim,
  planClaim,
  refusedFinding,
} from "./plan.ts";
import {
  type ClaimDefaults,
  claimObject,
  isOurs,
  MANAGED_SELECTOR,
  type OwnerObject,
  type WantedClaim,
  wantedClaim,
} from "./wanted.ts";

export interface ClaimControllerOptions {
  readonly kube: Pick<KubeClient, "list" | "stream" | "get" | "create" | "patch">;
  readonly events: Pick<EventWriter, "write">;
  readonly metrics: Pick<ControllerMetrics, "claimChanges" | "failures">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Where Volumes and claims are. */
  readonly workNamespace: string;
  readonly defaults: ClaimDefaults;
  readonly random?: () => number;
  /** How often everything is looked at, and what was refused is tried again. @default 300000 */
  readonly sweepMs?: number;
}

const SWEEP_MS = 300_000;
const WORKERS = 4;
/** Until all that may ask for claims is known. */
const NOT_READY_MS = 250;
const ALL = "";

const volumeRef: ResourceRef = { apiVersion: "carrel.dev/v1", kind: "Volume", plural: "volumes", namespaced: true };
const claimRef: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  namespaced: true,
};
const ownerRefs: Readonly<Record<ClaimOwner["kind"], ResourceRef>> = { Group: groupRef, Volume: volumeRef };

function ownerObject(object: KubeObject): OwnerObject {
  const { metadata, spec, status } = object as OwnerObject;
  const { volume, kind, size, storageClassName } = spec;
  return { metadata, spec: { volume, kind, size, storageClassName }, status } as OwnerObject;
}

/** Whether the API server will not have it, now or ever, rather than cannot. */
const isRefusal = (error: unknown): boolean => error instanceof KubeError && [400, 403, 422].includes(error.code);

/** Makes and grows the claims of Groups' and Volumes' storage; it removes none, because nobody else has the data. */
export class ClaimController {
  readonly queue: WorkQueue;
  readonly #options: ClaimControllerOptions;
  readonly #status: ClaimStatus;
  readonly #owners: Readonly<Record<ClaimOwner["kind"], ListWatch<OwnerObject>>>;
  readonly #claims: ListWatch<LiveClaim>;
  readonly #states = new Map<string, ClaimState>();
  /** Whether all claims were looked at once; what comes before that is found then. */
  #isSwept = false;

  constructor(options: ClaimControllerOptions) {
    const { kube, clock, log, metrics, random } = options;
    this.#options = options;
    this.#status = new ClaimStatus({ client: kube, clock });
    this.queue = new WorkQueue({
      clock,
      workers: WORKERS,
      ...(random === undefined ? {} : { backoff: { random } }),
      work: (key) => (key === ALL ? this.#sweep() : this.#reconcile(key)),
      onFailure: ({ key, error, delayMs }) => {
        metrics.failures.add({ queue: "claims" });
        log.warn("claim-waiting", { claim: key, reason: reasonOf(error), delayMs });
      },
    });
    this.#owners = {
      Group: this.#watch(groupRef, "Group", { project: ownerObject }),
      Volume: this.#watch(volumeRef, "Volume", { project: ownerObject }),
    };
    const project = (object: KubeObject): LiveClaim => {
      const { metadata, spec, status } = object as LiveClaim;
      return { metadata, spec, ...(status === undefined ? {} : { status }) };
    };
    this.#claims = this.#watch(claimRef, undefined, { project, labelSelector: MANAGED_SELECTOR });
  }

  /** How many claims there are in each state. */
  get counts(): Readonly<Record<ClaimState, number>> {
    const counts = Object.fromEntries(claimStates.map((state) => [state, 0])) as Record<ClaimState, number>;
    for (const state of this.#states.values()) counts[state]++;
    return counts;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.queue.add(ALL);
    await Promise.all([...this.#watches().map((watch) => watch.run(signal)), this.queue.run(signal)]);
  }

  /** @param kind of the owners that are watched; nothing for claims */
  #watch<T extends KubeObject>(
    ref: ResourceRef,
    kind: ClaimOwner["kind"] | undefined,
    more: { readonly project: (object: KubeObject) => T; readonly labelSelector?: string },
  ): ListWatch<T> {
    const { kube, clock, log, workNamespace, random } = this.#options;
    const changed = ({ metadata: { name } }: T): void => {
      if (this.#isSwept) this.queue.add(kind === undefined ? name : claimName({ kind, name }));
    };
    return new ListWatch<T>({
      client: kube,
      ref,
      ...(ref.namespaced ? { namespace: workNamespace } : {}),
      clock,
      log,
      ...(random === undefined ? {} : { random }),
      ...more,
      handlers: { added: changed, updated: changed, deleted: changed },
    });
  }

  #watches(): readonly ListWatch<KubeObject>[] {
    return [this.#owners.Group, this.#owners.Volume, this.#claims] as unknown as ListWatch<KubeObject>[];
  }

  #isKnown(): boolean {
    return this.#watches().every(({ synced }) => synced);
  }

  async #sweep(): Promise<Outcome> {
    if (!this.#isKnown()) return { againInMs: NOT_READY_MS };
    this.#isSwept = true;
    for (const kind of ["Group", "Volume"] as const) {
      for (const { metadata } of this.#owners[kind].store.values())
        this.queue.add(claimName({ kind, name: metadata.name }));
    }
    for (const { metadata } of this.#claims.store.values()) this.queue.add(metadata.name);
    return { againInMs: this.#options.sweepMs ?? SWEEP_MS };
  }

  async #reconcile(key: string): Promise<Outcome | undefined> {
    // What is not known to exist must not look as if nobody asked for its claim.
    if (!this.#isKnown()) return { againInMs: NOT_READY_MS };
    const owner = claimOwner(key);
    if (owner === undefined) return undefined;
    const { workNamespace } = this.#options;
    const object = this.#owners[owner.kind].store.get(owner.name, owner.kind === "Group" ? undefined : workNamespace);
    const found = await this.#settle(owner, object, this.#claims.store.get(key, workNamespace));
    if (found === undefined) this.#states.delete(key);
    else this.#states.set(key, found === "orphaned" ? found : found.state);
    if (object === undefined) return undefined;
    const finding = found === "orphaned" ? undefined : found;
    const isNews = await this.#status.tell(ownerRefs[owner.kind], object, finding);
    if (!isNews || finding?.status !== "False") return undefined;
    const { reason, message } = finding;
    await this.#event(key, { type: "Warning", reason: `Claim${reason}`, action: "Reconcile", note: message });
    this.#options.log.warn("claim-not-ready", { claim: key, reason: message });
    return undefined;
  }

  /** Does what has to be done for one claim. @returns how it is then; nothing where there is none, and need not be */
  async #settle(
    owner: ClaimOwner,
    object: OwnerObject | undefined,
    live: LiveClaim | undefined,
  ): Promise<ClaimFinding | "orphaned" | undefined> {
    let wanted: WantedClaim | undefined;
    try {
      wanted = object && wantedClaim(owner, object);
    } catch (error) {
      if (error instanceof QuantityError || error instanceof UserError) return invalidFinding(error.message);
      throw error;
    }
    if (live !== undefined && !isOurs(live)) return wanted && foreignFinding(wanted.name);
    const action = planClaim(wanted, live, this.#options.clock.now());
    if (live === undefined) return wanted && this.#create(wanted);
    if (wanted !== undefined) return this.#keep(wanted, live, action);
    await this.#patch(action, live);
    return "orphaned";
  }

  async #create(wanted: WantedClaim): Promise<ClaimFinding> {
    const { kube, workNamespace, defaults, metrics, log } = this.#options;
    const { name, size } = wanted;
    try {
      const made = await kube.create<LiveClaim>(claimRef, workNamespace, claimObject(wanted, workNamespace, defaults));
      metrics.claimChanges.add({ kind: "made" });
      log.info("claim-made", { claim: name, size });
      await this.#event(name, { type: "Normal", reason: "ClaimMade", action: "Create", note: `asks for ${size}` });
      return claimFinding(wanted, made);
    } catch (error) {
      if (isRefusal(error)) return refusedFinding(name, undefined, reasonOf(error));
      if (!isConflict(error)) throw error;
    }
    // One of ours that the watch has not shown yet, or one without our labels, which it never shows.
    const there = await kube.get<LiveClaim>(claimRef, workNamespace, name);
    return isOurs(there) ? claimFinding(wanted, there) : foreignFinding(name);
  }

  async #keep(wanted: WantedClaim, live: LiveClaim, action: ClaimAction): Promise<ClaimFinding> {
    try {
      return claimFinding(wanted, await this.#patch(action, live));
    } catch (error) {
      if (isRefusal(error)) return refusedFinding(wanted.name, live, reasonOf(error));
      throw error;
    }
  }

  /** @returns the claim as it is then */
  async #patch(action: ClaimAction, live: LiveClaim): Promise<LiveClaim> {
    const body = claimPatch(action, live);
    if (body === undefined) return live;
    const { kube, workNamespace, metrics, log } = this.#options;
    const { name } = live.metadata;
    const patched = await kube.patch<LiveClaim>(claimRef, workNamespace, name, body, { type: "merge" });
    if (action.kind === "grow") {
      const { from, to } = action;
      metrics.claimChanges.add({ kind: "grown" });
      log.info("claim-grown", { claim: name, from, to });
      await this.#event(name, { type: "Normal", reason: "ClaimGrown", action: "Grow", note: `from ${from} to ${to}` });
    } else if (action.kind === "mark" && action.since !== undefined) {
      const note = `nothing asks for claim ${name} any more; its data stays until you kubectl -n ${workNamespace} delete pvc ${name}`;
      log.warn("claim-orphaned", { claim: name });
      await this.#event(name, { type: "Warning", reason: "OrphanedClaim", action: "Reconcile", note });
    }
    return patched;
  }

  #event(name: string, happening: Happening): Promise<void> {
    const { events, workNamespace } = this.#options;
    const uid = this.#claims.store.get(name, workNamespace)?.metadata.uid;
    const regarding = { apiVersion: "v1", kind: claimRef.kind, namespace: workNamespace, name };
    return events.write({ ...regarding, ...(uid === undefined ? {} : { uid }) }, happening);
  }
}
