import { type Denial, denial } from "../../../quota/denial.ts";
import type { Clock } from "../../lib/clock.ts";
import { reasonOf } from "../../lib/log.ts";
import type { GroupPolicy } from "../group-policies.ts";
import { type LedgerStore, newer, type StoredLedger } from "./ledger-store.ts";
import { type Claim, type Plan, plan, type Seen, settle } from "./plan.ts";

/** An API request lives at most 34 s; after this long, a pod that did not come does not come. */
export const EXPIRY_MS = 45_000;
const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 200;

export interface GroupLedgerOptions {
  readonly group: string;
  readonly store: Pick<LedgerStore, "read" | "swap">;
  readonly policy: () => GroupPolicy | undefined;
  readonly pods: Seen & {
    /** Whether the pod watch reaches a version before a moment of the monotonic clock. */
    reaches(version: string, deadlineMs: number): Promise<boolean>;
  };
  /** The ledger as the watch has it. */
  readonly watched: () => StoredLedger | undefined;
  /** A consistent read: whether this very pod exists. */
  readonly podExists: (namespace: string, name: string, uid: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onWrite: (result: "written" | "conflict" | "failed") => void;
}

interface Waiting {
  readonly claim: Claim;
  readonly deadlineMs: number;
  readonly answer: (denied: Denial | undefined) => void;
}

/** Decides the claims on one group: one write at a time, shared by all that wait for it. */
export class GroupLedger {
  readonly #options: GroupLedgerOptions;
  #queue: Waiting[] = [];
  #last: StoredLedger | undefined;
  #working: Promise<void> | undefined;
  #settleWanted = false;
  readonly #firstSeen = new Map<string, number>();
  readonly #expired = new Set<string>();

  constructor(options: GroupLedgerOptions) {
    this.#options = options;
  }

  /** Nothing when the pod may be created, with its reservation written; a denial otherwise. Never throws. */
  decide(claim: Claim, deadlineMs: number): Promise<Denial | undefined> {
    return new Promise((answer) => {
      this.#queue.push({ claim, deadlineMs, answer });
      void this.#work();
    });
  }

  /** Drops what the watch has shown or what has expired, when nothing else is to be done. */
  async settle(): Promise<void> {
    this.#settleWanted = true;
    await this.#work();
  }

  #work(): Promise<void> {
    this.#working ??= this.#drain().finally(() => {
      this.#working = undefined;
      if (this.#queue.length > 0) void this.#work();
    });
    return this.#working;
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#settleWanted) {
      if (this.#queue.length > 0) {
        const batch = this.#queue;
        this.#queue = [];
        await this.#decideBatch(batch);
      } else {
        this.#settleWanted = false;
        await this.#settleOnce().catch(() => this.#options.onWrite("failed"));
      }
    }
  }

  async #decideBatch(batch: readonly Waiting[]): Promise<void> {
    let waiting = batch;
    let retryMs = FIRST_RETRY_MS;
    try {
      while (waiting.length > 0) {
        waiting = this.#refuseLate(waiting);
        const decided = waiting.length === 0 ? true : await this.#tryBatch(waiting);
        if (decided) return;
        await this.#options.clock.sleep(retryMs * (0.5 + this.#options.random()));
        retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
      }
    } catch (error) {
      this.#options.onWrite("failed");
      this.#last = undefined;
      const reason = denial("StateUnknown", `the quota ledger cannot be written: ${reasonOf(error)}: try again`);
      for (const { answer } of waiting) answer(reason);
    }
  }

  #refuseLate(waiting: readonly Waiting[]): Waiting[] {
    const now = this.#options.clock.monotonicMs();
    return waiting.filter(({ deadlineMs, answer }) => {
      if (now < deadlineMs) return true;
      answer(denial("StateUnknown", `group "${this.#options.group}": no decision in time: try again`));
      return false;
    });
  }

  /** Whether every claim has its answer; otherwise somebody else wrote first. */
  async #tryBatch(waiting: readonly Waiting[]): Promise<boolean> {
    const { group, store, policy, pods, onWrite } = this.#options;
    const base = await this.#current();
    const deadlineMs = Math.min(...waiting.map((item) => item.deadlineMs));
    if (!(await pods.reaches(base.entries.observedPodVersion, deadlineMs))) {
      const reason = denial("StateUnknown", `group "${group}": the pod watch is behind the ledger: try again`);
      for (const { answer } of waiting) answer(reason);
      return true;
    }
    const rules = policy();
    if (!rules) {
      for (const { answer } of waiting) answer(denial("GroupUnknown", `unknown group "${group}": create it first`));
      return true;
    }
    const planned = plan(
      rules,
      this.#settled(base),
      waiting.map(({ claim }) => claim),
      pods,
    );
    if (planned.reserves) {
      this.#last = await store.swap(group, base, planned.entries);
      onWrite(this.#last ? "written" : "conflict");
      if (!this.#last) return false;
    }
    for (const { claim, answer } of waiting) answer(verdictOf(planned, claim));
    return true;
  }

  async #settleOnce(): Promise<void> {
    const { group, store, pods, podExists, clock, onWrite } = this.#options;
    const base = await this.#current();
    const now = clock.monotonicMs();
    this.#note(base, now);
    for (const { uid, namespace, name } of base.entries.reservations) {
      const isOld = now - (this.#firstSeen.get(uid) ?? now) >= EXPIRY_MS;
      if (isOld && pods.seen(uid) === undefined && !(await podExists(namespace, name, uid))) this.#expired.add(uid);
    }
    const settled = this.#settled(base);
    if (settled === base.entries) return;
    this.#last = await store.swap(group, base, settled);
    onWrite(this.#last ? "written" : "conflict");
  }

  #settled(base: StoredLedger): StoredLedger["entries"] {
    return settle(base.entries, this.#options.pods, (uid) => this.#expired.has(uid));
  }

  /** Remembers since when each reservation is known, by this process's own clock. */
  #note({ entries }: StoredLedger, now: number): void {
    const open = new Set(entries.reservations.map(({ uid }) => uid));
    for (const uid of this.#firstSeen.keys()) {
      if (open.has(uid)) continue;
      this.#firstSeen.delete(uid);
      this.#expired.delete(uid);
    }
    for (const uid of open) if (!this.#firstSeen.has(uid)) this.#firstSeen.set(uid, now);
  }

  /** The latest ledger that is known; read from the server when nothing is, or after a lost swap. */
  async #current(): Promise<StoredLedger> {
    const { group, store, watched } = this.#options;
    this.#last = this.#last === undefined ? await store.read(group) : (newer(watched(), this.#last) ?? this.#last);
    return this.#last;
  }
}

function verdictOf({ verdicts }: Plan, { uid }: Claim): Denial | undefined {
  return verdicts.has(uid) ? verdicts.get(uid) : denial("StateUnknown", "no decision was made: try again");
}
