import { type Amounts, add, nothing, unlimited } from "../../../../quota/resources.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import { GroupLedger } from "../../../../services/admission/ledger/group-ledger.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { type Claim, type Entries, emptyEntries, type Seen } from "../../../../services/admission/ledger/plan.ts";
import { isAtLeast } from "../../../../services/lib/kube/resource-version.ts";

const policy: GroupPolicy = {
  name: "g",
  quota: { ...unlimited, cpu: 1000n },
  memberQuota: unlimited,
  memberQuotas: new Map(),
  defaults: unlimited,
};
export const claim = (uid: string, cpu = 400n): Claim => ({
  uid,
  namespace: "work",
  name: `pod-${uid}`,
  user: "ada",
  amounts: { ...nothing, cpu, pods: 1n },
  dryRun: false,
});
/** A live pod of 400m, seen at version 7, that is to have more. */
export const resize = (cpu: bigint, request = "r1", podVersion = "7"): Claim => ({
  ...claim("1", cpu),
  resize: { podVersion, request },
});
export const live: Amounts = { ...nothing, cpu: 400n, pods: 1n };
export const uids = ({ reservations }: Entries): string[] => reservations.map(({ uid }) => uid);
export const unknown = (message: string): object => ({
  reason: "StateUnknown",
  message,
  causes: [{ reason: "StateUnknown", message }],
});

/** A ledger over a store in memory, with everything that it is told under control. */
export class Bench {
  now = 1_000;
  reads = 0;
  stored: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };
  rules: GroupPolicy | undefined = policy;
  /** Pods that a consistent read shows, with their versions. */
  existing: Record<string, string> = {};
  asked: string[] = [];
  /** How often it was asked whether a pod was seen. */
  looks = 0;
  #seen: Record<string, string> = {};
  #charged: Record<string, Amounts> = {};
  #revision = 0;
  /** The version that the pod watch has reached. */
  reached = "1000000";
  readonly waits: (readonly [string, number])[] = [];
  readonly writes: string[] = [];
  readonly swaps: Entries[] = [];
  /** Before each swap; may write first, throw, or wait. */
  onSwap: () => void | Promise<void> = () => {};
  /** After each write, before its answer. */
  onWritten: () => void = () => {};
  /** The ledger as its watch has it. */
  watched: StoredLedger | undefined;
  /** When the pod watch was waited for in vain. */
  onLate: () => void | Promise<void> = () => {};
  readonly ledger = new GroupLedger({
    group: "g",
    store: {
      read: async () => {
        this.reads++;
        return this.stored;
      },
      swap: (_group, base, entries) => this.#swap(base, entries),
    },
    policy: () => this.rules,
    pods: this.#pods(),
    reaches: async (version, deadlineMs) => {
      this.waits.push([version, deadlineMs]);
      if (isAtLeast(this.reached, version)) return true;
      this.now = Math.max(this.now, deadlineMs);
      await this.onLate();
      return false;
    },
    watched: () => this.watched,
    podVersion: async (namespace, name, uid) => {
      this.asked.push(`${namespace}/${name}`);
      return this.existing[uid];
    },
    clock: {
      now: () => this.now,
      monotonicMs: () => this.now,
      sleep: async (ms) => {
        this.now += ms;
      },
    },
    random: () => 0.5,
    onWrite: (result) => this.writes.push(result),
  });

  /** What the pod watch has shown; whoever takes it may be about to change it. */
  get seen(): Record<string, string> {
    this.#revision++;
    return this.#seen;
  }

  set seen(versions: Record<string, string>) {
    this.#revision++;
    this.#seen = versions;
  }

  set charged(amounts: Record<string, Amounts>) {
    this.#revision++;
    this.#charged = amounts;
  }

  decide(...claims: Claim[]): Promise<unknown[]> {
    return Promise.all(claims.map((item) => this.ledger.decide(item, this.now + 4_000)));
  }

  /** Somebody else's write. */
  write(entries: Entries): void {
    this.stored = { resourceVersion: String(Number(this.stored.resourceVersion ?? 0) + 1), uid: "u", entries };
  }

  #pods(): Seen {
    const revision = (): number => this.#revision;
    return {
      get revision() {
        return revision();
      },
      seen: (uid) => {
        this.looks++;
        return this.#seen[uid];
      },
      charged: (uid) => this.#charged[uid],
      total: () => Object.values(this.#charged).reduce(add, nothing),
      ofMember: () => nothing,
    };
  }

  async #swap(base: StoredLedger, entries: Entries): Promise<StoredLedger | undefined> {
    await this.onSwap();
    if (base.resourceVersion !== this.stored.resourceVersion) return undefined;
    this.swaps.push(entries);
    this.write(entries);
    this.onWritten();
    return this.stored;
  }
}
