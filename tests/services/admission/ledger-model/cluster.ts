import { type Amounts, mapResources, nothing, unlimited } from "../../../../quota/resources.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { type Entries, emptyEntries } from "../../../../services/admission/ledger/plan.ts";

export const GROUP = "physics";
const MOST_SLOTS = 16;
const versions: readonly string[] = Array.from({ length: 4_000 }, (_, i) => String(i));
const amounts: readonly Amounts[] = Array.from({ length: MOST_SLOTS }, (_, slots) =>
  mapResources((name) => (name === "cpu" ? BigInt(slots) * 1000n : name === "pods" ? 1n : 0n)),
);
/** What a pod of a number of slots takes. */
export const amountsOf = (slots: number): Amounts => amounts[slots] ?? nothing;

const limits = (slots: number | undefined): GroupPolicy["quota"] =>
  slots === undefined ? unlimited : { ...unlimited, cpu: BigInt(slots) * 1000n };
const policies = new Map<string, GroupPolicy>();

export function policyOf(quota: number, memberQuota: number | undefined): GroupPolicy {
  const key = `${quota} ${memberQuota}`;
  const known = policies.get(key);
  if (known) return known;
  const policy: GroupPolicy = {
    name: GROUP,
    quota: limits(quota),
    memberQuota: limits(memberQuota),
    memberQuotas: new Map(),
    defaults: unlimited,
  };
  policies.set(key, policy);
  return policy;
}

export interface Pod {
  readonly uid: string;
  readonly user: string;
  /** The highest quota under which somebody may have decided about it. */
  bound: number;
  slots: number;
  /** What the kubelet has given it, which a resize changes later. */
  has: number;
  version: string;
  isLive: boolean;
  isThere: boolean;
}

/** A pod as a watch shows it at one version; without slots it has ended. */
export interface PodChange {
  readonly version: string;
  readonly uid: string;
  readonly user: string;
  readonly slots: number;
}

const missing: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };
export const takenBy = ({ isLive, slots, has }: Pod): number => (isLive ? Math.max(slots, has) : 0);

/** The API server: pods and the ledger of one group, with the history that watches show. */
export class Cluster {
  readonly pods = new Map<string, Pod>();
  readonly podLog: PodChange[] = [];
  readonly ledgerLog: (StoredLedger | undefined)[] = [];
  ledger = missing;
  #version = 100;
  #ledgers = 0;

  #next(): string {
    return versions[++this.#version] ?? String(this.#version);
  }

  /** The version of a list of pods at this moment. */
  get version(): string {
    return versions[this.#version] ?? String(this.#version);
  }

  addPod(uid: string, user: string, slots: number, bound: number): Pod {
    const pod: Pod = { uid, user, bound, slots, has: slots, version: "", isLive: true, isThere: true };
    this.pods.set(uid, pod);
    this.changed(pod);
    return pod;
  }

  /** Gives a pod that was changed its new version. */
  changed(pod: Pod): void {
    const { uid, user } = pod;
    pod.version = this.#next();
    this.podLog.push({ version: pod.version, uid, user, slots: takenBy(pod) });
  }

  /** Writes entries if the ledger is still what it was. */
  swap(base: StoredLedger, entries: Entries, compares: boolean): StoredLedger | undefined {
    const { resourceVersion, uid } = this.ledger;
    if (compares && (resourceVersion !== base.resourceVersion || uid !== base.uid)) return undefined;
    return this.#write(entries);
  }

  /** Somebody else writes the same again. */
  touch(): void {
    this.#write(this.ledger.entries);
  }

  deleteLedger(): void {
    this.#next();
    this.ledger = missing;
    this.ledgerLog.push(undefined);
  }

  #write(entries: Entries): StoredLedger {
    const uid = this.ledger.uid ?? `ledger-${++this.#ledgers}`;
    this.ledger = { resourceVersion: this.#next(), uid, entries };
    this.ledgerLog.push(this.ledger);
    return this.ledger;
  }

  taken(user?: string): number {
    let sum = 0;
    for (const pod of this.pods.values()) if (user === undefined || pod.user === user) sum += takenBy(pod);
    return sum;
  }
}
