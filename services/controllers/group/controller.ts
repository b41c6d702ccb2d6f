import { QuantityError } from "../../../quota/quantity.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Outcome, WorkQueue } from "../../lib/controller/work-queue.ts";
import { AdminEventFeed } from "../../lib/keycloak/admin-events.ts";
import { type KeycloakClient, path } from "../../lib/keycloak/client.ts";
import { isNotFound } from "../../lib/keycloak/errors.ts";
import type { AdminEvent, Group } from "../../lib/keycloak/types.ts";
import type { KubeClient, KubeObject } from "../../lib/kube/client.ts";
import { ListWatch } from "../../lib/kube/list-watch.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { GroupStatus, groupRef, type WatchedGroup } from "./group-status.ts";
import { nameOf, objectOf, planGroup } from "./plan.ts";

export interface GroupControllerOptions {
  readonly kube: Pick<KubeClient, "list" | "stream" | "patch">;
  /** Of the realm; none before there is a way in. */
  readonly keycloak: () => KeycloakClient | undefined;
  readonly metrics: Pick<ControllerMetrics, "groupChanges" | "failures" | "orphans">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random?: () => number;
  /** How often everything is compared. @default 300000 */
  readonly sweepMs?: number;
  /** How often changes of membership are asked for. @default 2000 */
  readonly pollMs?: number;
}

const SWEEP_MS = 300_000;
const POLL_MS = 2_000;
/** Between two counts of a group's members without news of them, as from a directory. */
const RECOUNT_MS = 1_800_000;
const WORKERS = 4;
/** Until the realm and the cluster's Groups may be known. */
const NOT_READY_MS = 250;
const ALL = "";

/** Keeps a group in Keycloak for each Group, with its quota as attributes; members are Keycloak's, and only counted here. */
export class GroupController {
  readonly queue: WorkQueue;
  readonly watch: ListWatch<WatchedGroup>;
  readonly #options: GroupControllerOptions;
  readonly #status: GroupStatus;
  /** Names of Groups by the id of their group in Keycloak. */
  readonly #byId = new Map<string, string>();
  #feed: AdminEventFeed | undefined;

  constructor(options: GroupControllerOptions) {
    const { kube, clock, log, metrics, random } = options;
    this.#options = options;
    this.#status = new GroupStatus({ client: kube, clock });
    const more = random === undefined ? {} : { random };
    this.queue = new WorkQueue({
      clock,
      workers: WORKERS,
      backoff: more,
      work: (key) => (key === ALL ? this.#sweep() : this.#reconcile(key)),
      onFailure: ({ key, error, delayMs }) => {
        metrics.failures.add({ queue: "groups" });
        log.warn("group-waiting", { group: key, reason: reasonOf(error), delayMs });
      },
    });
    this.watch = new ListWatch<WatchedGroup>({
      client: kube,
      ref: groupRef,
      clock,
      log,
      ...more,
      handlers: {
        // Before the first list is whole, the sweep finds in a few requests what has to be done.
        added: ({ metadata }) => {
          if (this.watch.synced) this.queue.add(metadata.name);
        },
        // Our own writes of the status change no generation.
        updated: ({ metadata }, old) => {
          if (metadata.generation !== old.metadata.generation || nameChanged(metadata, old.metadata))
            this.queue.add(metadata.name);
        },
        deleted: () => this.queue.add(ALL),
      },
      project: (object: KubeObject) => object as WatchedGroup,
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.queue.add(ALL);
    await Promise.all([this.watch.run(signal), this.queue.run(signal), this.#follow(signal)]);
  }

  /** Looks at all of Keycloak's groups at once, so that only what differs costs a request of its own. */
  async #sweep(): Promise<Outcome> {
    const { keycloak, metrics, log, sweepMs = SWEEP_MS } = this.#options;
    const client = keycloak();
    if (client === undefined || !this.watch.synced) return { againInMs: NOT_READY_MS };
    const live = await client.all<Group>("/groups", { briefRepresentation: false });
    const byName = new Map(live.map((group) => [group.name, group]));
    for (const object of this.watch.store.values()) {
      if (!this.#isSettled(object, byName)) this.queue.add(object.metadata.name);
    }
    const orphans = live.filter((group) => {
      const name = objectOf(group);
      return name !== undefined && this.watch.store.get(name) === undefined;
    });
    let kept = 0;
    for (const orphan of orphans) if (!(await this.#removeOrphan(client, orphan))) kept++;
    metrics.orphans = { ...metrics.orphans, group: kept };
    if (kept > 0) log.warn("groups-orphaned", { count: kept });
    return { againInMs: sweepMs };
  }

  #isSettled(object: WatchedGroup, byName: ReadonlyMap<string, Group>): boolean {
    try {
      const live = byName.get(nameOf(object));
      if (live === undefined || planGroup(object, live).kind !== "none") return false;
      this.#byId.set(live.id, object.metadata.name);
      return this.#status.isSynced(object, live.id);
    } catch {
      // What is wrong with it is told when it is looked at by itself.
      return this.#status.isRefused(object);
    }
  }

  /** A group whose Group is gone: removed when nobody is in it; members are known nowhere else. @returns whether it is gone */
  async #removeOrphan(client: KeycloakClient, { id, name }: Group): Promise<boolean> {
    const members = await client.get<unknown[]>(path`/groups/${id}/members`, { max: 1, briefRepresentation: true });
    if (members.length > 0) return false;
    await client.delete(path`/groups/${id}`);
    this.#byId.delete(id);
    this.#options.metrics.groupChanges.add({ kind: "removed" });
    this.#options.log.info("group-removed", { group: name });
    return true;
  }

  async #reconcile(key: string): Promise<Outcome | undefined> {
    const client = this.#options.keycloak();
    if (client === undefined) return { againInMs: NOT_READY_MS };
    const object = this.watch.store.get(key);
    if (object === undefined) return undefined;
    try {
      const id = await this.#apply(client, object);
      this.#byId.set(id, key);
      const members = await client.all<unknown>(path`/groups/${id}/members`, { briefRepresentation: true });
      await this.#status.synced(object, id, members.length);
    } catch (error) {
      const isTheirs = error instanceof QuantityError || (error instanceof UserError && error.code === "group-name");
      await this.#status.failed(object, error, isTheirs);
      // Only another spec mends it.
      if (isTheirs) return undefined;
      throw error;
    }
    const { random = Math.random } = this.#options;
    return { againInMs: RECOUNT_MS * (0.75 + 0.5 * random()) };
  }

  /** @returns the id in Keycloak */
  async #apply(client: KeycloakClient, object: WatchedGroup): Promise<string> {
    const { metrics, log } = this.#options;
    const action = planGroup(object, await this.#find(client, object));
    const { name } = object.metadata;
    if (action.kind === "none") return action.id;
    if (action.kind === "update") {
      await client.put(path`/groups/${action.id}`, action.body);
      metrics.groupChanges.add({ kind: "changed" });
      log.info("group-changed", { group: name, change: action.text });
      return action.id;
    }
    const id = await client.post("/groups", action.body);
    if (id === undefined) throw new UserError("group-unmade", `Keycloak does not say which group it made for ${name}`);
    metrics.groupChanges.add({ kind: "made" });
    log.info("group-made", { group: name });
    return id;
  }

  /** By its id, because names change; else by its exact name. */
  async #find(client: KeycloakClient, object: WatchedGroup): Promise<Group | undefined> {
    const known = object.status?.id;
    if (known !== undefined) {
      const found = await client.get<Group>(path`/groups/${known}`).catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
      if (found !== undefined) return found;
    }
    const name = nameOf(object);
    const all = await client.get<Group[]>("/groups", { search: name, exact: true, briefRepresentation: false });
    return all.find((group) => group.name === name && group.parentId === undefined);
  }

  /** Follows changes of membership, and counts again where one was. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { clock, log, keycloak, pollMs = POLL_MS } = this.#options;
    let isFailing = false;
    while (!signal.aborted) {
      const client = keycloak();
      try {
        if (client) {
          this.#feed ??= new AdminEventFeed({ client, resourceTypes: ["GROUP_MEMBERSHIP", "GROUP"] });
          const { events, isIncomplete } = await this.#feed.next(signal);
          for (const event of events) this.#heard(event);
          if (isIncomplete) this.queue.add(ALL);
        }
        isFailing = false;
      } catch (error) {
        if (!isFailing && !signal.aborted) log.warn("membership-unfollowed", { reason: reasonOf(error) });
        isFailing = true;
      }
      await clock.sleep(pollMs, signal);
    }
  }

  #heard({ resourceType, resourcePath }: AdminEvent): void {
    const id = /(?:^|\/)groups\/([^/]+)/.exec(resourcePath)?.[1] ?? "";
    const name = this.#byId.get(id);
    if (name !== undefined) this.queue.add(name);
    // One that was made or renamed by hand may be the one that a Group waits for.
    else if (resourceType === "GROUP") this.queue.add(ALL);
  }
}

function nameChanged(now: KubeObject["metadata"], old: KubeObject["metadata"]): boolean {
  return JSON.stringify(now.annotations) !== JSON.stringify(old.annotations);
}
