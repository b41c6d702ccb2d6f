import type { QuotaLedger } from "../../crds/quota-ledger.ts";
import { API_VERSION } from "../../crds/schema.ts";
import type { Accelerators } from "../../quota/accelerators.ts";
import { type Limits, unlimited } from "../../quota/resources.ts";
import type { Clock } from "../lib/clock.ts";
import { collectionVersion, type KubeClient, type KubeObject, type ResourceRef } from "../lib/kube/client.ts";
import { isNotFound } from "../lib/kube/errors.ts";
import { ListWatch } from "../lib/kube/list-watch.ts";
import { isAtLeast } from "../lib/kube/resource-version.ts";
import { type Logger, reasonOf } from "../lib/log.ts";
import { type GroupPolicy, type WatchedGroup, watchedGroup } from "./group-policies.ts";
import { EXPIRY_MS, GroupLedger } from "./ledger/group-ledger.ts";
import { LedgerStore, ledgerRef } from "./ledger/ledger-store.ts";
import { openIn } from "./ledger/pages.ts";
import { LedgerUpkeep } from "./ledger/upkeep.ts";
import { type OwnedPod, ownedPod, UsageIndex } from "./usage-index.ts";

const podRef: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
const groupRef: ResourceRef = { apiVersion: API_VERSION, kind: "Group", plural: "groups", namespaced: false };

/** Bookmarks come about every minute; knowledge that is older than this decides nothing. */
const STALE_MS = 120_000;
const SETTLE_AFTER_MS = 500;
const SWEEP_MS = 1_000;

export interface StateOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** What counts as a GPU. */
  readonly accelerators: Accelerators;
  readonly onWrite: (result: "written" | "conflict" | "failed") => void;
  /** Bytes of reservations in one object. @default more, the more there are, below 256 KiB */
  readonly pageBytes?: number;
}

interface Waiter {
  readonly version: string;
  readonly done: (reached: boolean) => void;
}

/** Everything that decisions are made from: groups, pods and ledgers, kept by watches. */
export class State {
  readonly groups: ListWatch<WatchedGroup>;
  readonly pods: ListWatch<OwnedPod>;
  readonly ledgers: ListWatch<KubeObject>;
  readonly usage: UsageIndex;
  readonly #options: StateOptions;
  readonly #store: LedgerStore;
  readonly #upkeep: LedgerUpkeep;
  readonly #byGroup = new Map<string, GroupLedger>();
  readonly #unsettled = new Set<string>();
  #waiters: Waiter[] = [];

  constructor(options: StateOptions) {
    const { client, namespace, clock, random, log } = options;
    this.#options = options;
    this.usage = new UsageIndex((group) => this.#defaultsOf(group), options.accelerators);
    const shared = { client, clock, random, log };
    const recharge = (group: WatchedGroup): void => this.usage.recharge(group.metadata.name);
    this.groups = new ListWatch<WatchedGroup>({
      ...shared,
      ref: groupRef,
      project: watchedGroup,
      handlers: { added: recharge, updated: recharge, deleted: recharge },
    });
    const put = (pod: OwnedPod): void => {
      this.usage.put(pod);
      if (pod.owner) this.#unsettled.add(pod.owner.group);
    };
    this.pods = new ListWatch<OwnedPod>({
      ...shared,
      ref: podRef,
      project: ownedPod,
      handlers: { added: put, updated: put, deleted: (pod) => this.usage.remove(pod) },
      onProgress: () => this.#wake(),
    });
    const deleted = (object: KubeObject): void => this.#deleted(object as unknown as QuotaLedger);
    this.ledgers = new ListWatch({ ...shared, ref: ledgerRef, namespace, handlers: { deleted } });
    this.#upkeep = this.#newUpkeep();
    this.#store = this.#newStore();
  }

  get watches(): readonly (readonly [string, ListWatch<never> | ListWatch<KubeObject>])[] {
    return [
      ["groups", this.groups as unknown as ListWatch<KubeObject>],
      ["pods", this.pods as unknown as ListWatch<KubeObject>],
      ["quotaledgers", this.ledgers],
    ];
  }

  /** Why nothing can be decided now, if so. */
  problem(): string | undefined {
    for (const [kind, watch] of this.watches) {
      if (!watch.synced) return `${kind} are not known yet`;
      const age = watch.lastContactAgeMs();
      if (age > STALE_MS) return `${kind} were last heard of ${Math.round(age / 1000)} s ago`;
    }
    return undefined;
  }

  /** A group's rules; a text where the group cannot be read, nothing where it does not exist. */
  policy(group: string): GroupPolicy | string | undefined {
    const watched = this.groups.store.get(group);
    return watched?.policy ?? watched?.problem;
  }

  ledgerOf(group: string): GroupLedger {
    const known = this.#byGroup.get(group);
    if (known) return known;
    const ledger = this.#newLedger(group);
    this.#byGroup.set(group, ledger);
    return ledger;
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([
      this.groups.run(signal),
      this.pods.run(signal),
      this.ledgers.run(signal),
      this.#settleSeen(signal),
      this.#sweep(signal),
    ]);
  }

  #newStore(): LedgerStore {
    const { client, namespace, clock, pageBytes } = this.#options;
    return new LedgerStore({
      client,
      namespace,
      clock,
      watched: (name) => this.#ledger(name) ?? this.#upkeep.lost(name),
      podsVersion: () => collectionVersion(client, podRef),
      lifeMs: EXPIRY_MS,
      ...(pageBytes === undefined ? {} : { pageBytes }),
    });
  }

  #newUpkeep(): LedgerUpkeep {
    const { client, namespace, clock } = this.#options;
    return new LedgerUpkeep({
      client,
      namespace,
      clock,
      watched: { all: () => this.#allLedgers(), get: (name) => this.#ledger(name) },
      hasGroup: (name) => this.groups.store.get(name) !== undefined,
      onRemoved: (group) => this.#byGroup.delete(group),
    });
  }

  /** What somebody deletes is remembered for as long as anything in it may come to something. */
  #deleted(object: QuotaLedger): void {
    const { name } = object.metadata;
    this.#upkeep.deleted(object);
    const stored = this.#store.assembled(object);
    if (stored && this.groups.store.get(name)) this.ledgerOf(name).saw(stored);
  }

  /** A ledger or a page, as the watch has it. */
  #ledger(name: string): QuotaLedger | undefined {
    return this.ledgers.store.get(name, this.#options.namespace) as unknown as QuotaLedger | undefined;
  }

  #allLedgers(): readonly QuotaLedger[] {
    return [...this.ledgers.store.values()] as unknown as readonly QuotaLedger[];
  }

  #newLedger(group: string): GroupLedger {
    const { clock, random, onWrite } = this.#options;
    return new GroupLedger({
      group,
      store: this.#store,
      policy: () => {
        const policy = this.policy(group);
        return typeof policy === "string" ? undefined : policy;
      },
      pods: this.usage,
      reaches: (version, deadlineMs) => this.#reaches(version, deadlineMs),
      watched: () => this.#store.watched(group),
      podVersion: (podNamespace, name, uid) => this.#podVersion(podNamespace, name, uid),
      clock,
      random,
      onWrite,
    });
  }

  #defaultsOf(group: string): Limits {
    const policy = this.policy(group);
    return typeof policy === "object" ? policy.defaults : unlimited;
  }

  async #podVersion(namespace: string, name: string, uid: string): Promise<string | undefined> {
    try {
      const { metadata } = await this.#options.client.get<KubeObject>(podRef, namespace, name);
      return metadata.uid === uid ? metadata.resourceVersion : undefined;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #reaches(version: string, deadlineMs: number): Promise<boolean> {
    if (isAtLeast(this.pods.resourceVersion, version)) return true;
    const { clock } = this.#options;
    const stop = new AbortController();
    const { promise: reached, resolve: done } = Promise.withResolvers<boolean>();
    const waiter = { version, done };
    this.#waiters.push(waiter);
    const late = clock.sleep(Math.max(0, deadlineMs - clock.monotonicMs()), stop.signal).then(() => false);
    const answer = await Promise.race([reached, late]);
    stop.abort();
    this.#waiters = this.#waiters.filter((other) => other !== waiter);
    return answer;
  }

  #wake(): void {
    const { resourceVersion } = this.pods;
    const [reached, waiting] = [
      this.#waiters.filter(({ version }) => isAtLeast(resourceVersion, version)),
      this.#waiters.filter(({ version }) => !isAtLeast(resourceVersion, version)),
    ];
    this.#waiters = waiting;
    for (const { done } of reached) done(true);
  }

  /** Turns reservations into pods soon after the watch has shown them. */
  async #settleSeen(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(SETTLE_AFTER_MS * (0.5 + random()), signal);
      const groups = [...this.#unsettled];
      this.#unsettled.clear();
      await this.#settle(groups.filter((group) => this.#hasReservations(group)));
    }
  }

  /** Every ledger now and then: reservations of pods that never came expire. */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      await clock.sleep(SWEEP_MS * (0.5 + random()), signal);
      const stored = this.reservations.flatMap(([group, count]) => (count > 0 ? [group] : []));
      // A ledger that somebody deleted is not watched any more, and its reservations have to end all the same.
      const known = [...this.#byGroup].flatMap(([group, ledger]) => (ledger.hasReservations ? [group] : []));
      await this.#settle([...new Set([...stored, ...known])]);
      await this.#tidy();
    }
  }

  async #tidy(): Promise<void> {
    if (this.problem() !== undefined) return;
    await this.#upkeep.sweep().catch((error: unknown) => {
      this.#options.log.warn("ledger-upkeep-failed", { reason: reasonOf(error) });
    });
  }

  /** How many reservations each group's ledger has, as the watch knows it. */
  get reservations(): readonly (readonly [group: string, count: number])[] {
    const ledgers = this.#allLedgers().filter(({ spec }) => spec.pageOf === undefined);
    return ledgers.map((ledger) => [ledger.metadata.name, openIn(ledger)]);
  }

  #hasReservations(group: string): boolean {
    const ledger = this.#ledger(group);
    return ledger !== undefined && openIn(ledger) > 0;
  }

  async #settle(groups: readonly string[]): Promise<void> {
    if (this.problem() !== undefined) return;
    await Promise.all(groups.map((group) => this.ledgerOf(group).settle()));
  }
}
