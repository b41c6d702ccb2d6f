import type { Reservation } from "../../../crds/quota-ledger.ts";
import { type Denial, denial } from "../../../quota/denial.ts";
import type { Clock } from "../../lib/clock.ts";
import { laterVersion } from "../../lib/kube/resource-version.ts";
import { reasonOf } from "../../lib/log.ts";
import type { GroupPolicy } from "../group-policies.ts";
import { type LedgerStore, newer, type StoredLedger } from "./ledger-store.ts";
import { type Claim, type Entries, keyOf, plan, podUid, type Seen, type Standing, settle, standing } from "./plan.ts";
import { Promises } from "./promises.ts";

/** An API request lives at most 34 s; after this long, a pod that did not come does not come. */
export const EXPIRY_MS = 45_000;
/** What was written longer ago was for a request that has ended. Less than EXPIRY_MS: nobody puts back what others dropped. */
const REQUEST_MS = 35_000;
/** How long the pod watch is waited for before a reservation of a resize is given up. */
const CATCH_UP_MS = 2_000;
/** Reads for evidence at once; decisions share the connections. */
const READS_AT_ONCE = 8;
const FIRST_RETRY_MS = 5;
const LAST_RETRY_MS = 200;

export interface GroupLedgerOptions {
  readonly group: string;
  readonly store: Pick<LedgerStore, "read" | "swap">;
  readonly policy: () => GroupPolicy | undefined;
  readonly pods: Seen;
  /** Whether the pod watch reaches a version before a moment of the monotonic clock. */
  readonly reaches: (version: string, deadlineMs: number) => Promise<boolean>;
  /** The ledger as the watch has it. */
  readonly watched: () => StoredLedger | undefined;
  /** A consistent read: the version of this very pod, or nothing when it does not exist. */
  readonly podVersion: (namespace: string, name: string, uid: string) => Promise<string | undefined>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly onWrite: (result: "written" | "conflict" | "failed") => void;
}

interface Waiting {
  readonly claim: Claim;
  readonly deadlineMs: number;
  readonly answer: (denied: Denial | undefined) => void;
}

interface Decided {
  readonly entries: Entries;
  /** Whether the ledger lacks something of the entries that the verdicts rely on. */
  readonly writes: boolean;
  readonly verdicts: readonly (Denial | undefined)[];
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
  /** Reservations that were asked about since they were last all asked about. */
  readonly #asked = new Set<string>();
  readonly #promises = new Promises(REQUEST_MS);
  /** What the last claims were decided on; many come between two changes of it. */
  #standing: (Standing & { readonly entries: Entries; readonly revision: number }) | undefined;

  constructor(options: GroupLedgerOptions) {
    this.#options = options;
  }

  /** Whether anything is reserved in the ledger as it was known last, which may have been deleted since. */
  get hasReservations(): boolean {
    return (this.#last?.entries.reservations.length ?? 0) > 0;
  }

  /** Takes a ledger that the watch has shown and somebody has deleted, so that what is on its way is not forgotten. */
  saw(watched: StoredLedger): void {
    this.#promises.saw(watched, this.#options.clock.monotonicMs());
  }

  /** Nothing when the pod may be created, with its reservation written; a denial otherwise. Never throws. */
  decide(claim: Claim, deadlineMs: number): Promise<Denial | undefined> {
    return new Promise((answer) => {
      const waiting = { claim, deadlineMs, answer };
      if (claim.dryRun && this.#last) void this.#foresee(waiting, this.#last);
      else this.#enqueue(waiting);
    });
  }

  #enqueue(waiting: Waiting): void {
    this.#queue.push(waiting);
    void this.#work();
  }

  /** Answers a dry run from what is known: it writes nothing, and need not wait for those who do. */
  async #foresee(waiting: Waiting, last: StoredLedger): Promise<void> {
    const { claim, deadlineMs, answer } = waiting;
    const base = newer(this.#options.watched(), last) ?? last;
    const planned = await this.#plan(base, [claim], deadlineMs).catch(() => undefined);
    if (planned) answer(planned.verdicts[0]);
    else this.#enqueue(waiting);
  }

  /** Drops what the watch has shown or what has expired, when nothing else is to be done. */
  async settle(): Promise<void> {
    this.#settleWanted = true;
    // A write whose answer is long in coming must not make a reservation look younger than it is.
    const known = newer(this.#options.watched(), this.#last);
    if (known) this.#note(known, this.#options.clock.monotonicMs());
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
    let obstacle: string | undefined = "no decision in time";
    try {
      for (;;) {
        waiting = this.#refuseLate(waiting, obstacle);
        if (waiting.length === 0) return;
        obstacle = await this.#tryBatch(waiting);
        if (obstacle === undefined) return;
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

  #refuseLate(waiting: readonly Waiting[], reason: string): Waiting[] {
    const now = this.#options.clock.monotonicMs();
    return waiting.filter(({ deadlineMs, answer }) => {
      if (now < deadlineMs) return true;
      answer(denial("StateUnknown", `group "${this.#options.group}": ${reason}: try again`));
      return false;
    });
  }

  /** Nothing when every claim has its answer; otherwise what was in the way, such as that somebody else wrote first. */
  async #tryBatch(waiting: readonly Waiting[]): Promise<string | undefined> {
    const { group, store, clock, onWrite } = this.#options;
    const base = await this.#current();
    const deadlineMs = Math.min(...waiting.map((item) => item.deadlineMs));
    const planned = await this.#plan(
      base,
      waiting.map(({ claim }) => claim),
      deadlineMs,
    );
    if (!planned) return "the pod watch is behind the ledger";
    if (planned.writes) {
      const sentMs = clock.monotonicMs();
      this.#last = await store.swap(group, base, planned.entries);
      onWrite(this.#last ? "written" : "conflict");
      if (!this.#last) return "no decision in time";
      this.#promises.wrote(base, this.#last, sentMs);
    }
    for (const [i, { answer }] of waiting.entries()) answer(planned.verdicts[i]);
    return undefined;
  }

  /** The verdicts, and what the ledger has to hold for them; nothing where the pod watch does not catch up in time. */
  async #plan(base: StoredLedger, claims: readonly Claim[], deadlineMs: number): Promise<Decided | undefined> {
    const { group, policy, pods, reaches, clock } = this.#options;
    // A ledger that was deleted relied on pods too: whoever remembers it has to have seen them.
    const entries = this.#promises.restored(base, clock.monotonicMs());
    // Who decides about a pod's size has to know the size that it has.
    const version = claims.reduce(
      (latest, { resize }) => laterVersion(latest, resize?.podVersion ?? ""),
      entries.observedPodVersion,
    );
    if (!(await reaches(version, deadlineMs))) return undefined;
    const rules = policy();
    if (!rules) {
      const unknown = denial("GroupUnknown", `unknown group "${group}": create it first`);
      return { entries, writes: false, verdicts: claims.map(() => unknown) };
    }
    const from = this.#standingOf(entries);
    const planned = plan(rules, from, claims, pods);
    return { ...planned, writes: planned.reserves || hasMore(from.settled, base.entries) };
  }

  async #settleOnce(): Promise<void> {
    const { group, store, clock, onWrite } = this.#options;
    const base = await this.#current();
    const now = clock.monotonicMs();
    this.#note(base, now);
    if (!(await this.#gatherEvidence(base, now))) return;
    const settled = this.#settled(base.entries);
    if (settled === base.entries) return;
    this.#last = await store.swap(group, base, settled);
    onWrite(this.#last ? "written" : "conflict");
  }

  /** Asks about what should have been seen by now; false where somebody came who waits for a decision. */
  async #gatherEvidence({ entries }: StoredLedger, now: number): Promise<boolean> {
    const old = this.#settled(entries).reservations.filter((reservation) => {
      const key = keyOf(reservation);
      return now - (this.#firstSeen.get(key) ?? now) >= EXPIRY_MS && !this.#asked.has(key);
    });
    for (let i = 0; i < old.length; i += READS_AT_ONCE) {
      if (i > 0 && this.#queue.length > 0) {
        this.#settleWanted = true;
        return false;
      }
      const ask = async (reservation: Reservation): Promise<void> => {
        this.#asked.add(keyOf(reservation));
        if (await this.#isOver(reservation, now)) this.#expire(reservation);
      };
      await Promise.all(old.slice(i, i + READS_AT_ONCE).map(ask));
    }
    this.#asked.clear();
    return true;
  }

  /** Whether the request behind a reservation ended without what it asked for. */
  async #isOver({ uid, namespace, name }: Reservation, now: number): Promise<boolean> {
    const { reaches, podVersion } = this.#options;
    const version = await podVersion(namespace, name, podUid(uid));
    if (version === undefined) return true;
    // A pod that is there counts once the watch has shown it; one that was to grow counts as it is by then.
    return podUid(uid) !== uid && reaches(version, now + CATCH_UP_MS);
  }

  #expire(reservation: Reservation): void {
    this.#expired.add(keyOf(reservation));
    this.#standing = undefined;
  }

  #settled(entries: Entries): Entries {
    return settle(entries, this.#options.pods, (reservation) => this.#expired.has(keyOf(reservation)));
  }

  #standingOf(entries: Entries): Standing {
    const { pods } = this.#options;
    const { revision } = pods;
    if (this.#standing?.entries !== entries || this.#standing.revision !== revision) {
      this.#standing = { ...standing(this.#settled(entries), pods), entries, revision };
    }
    return this.#standing;
  }

  /** Remembers since when each reservation is known, by this process's own clock. */
  #note({ entries }: StoredLedger, now: number): void {
    const open = new Set(entries.reservations.map(keyOf));
    for (const key of this.#firstSeen.keys()) {
      if (open.has(key)) continue;
      this.#firstSeen.delete(key);
      this.#expired.delete(key);
    }
    for (const key of open) if (!this.#firstSeen.has(key)) this.#firstSeen.set(key, now);
  }

  /** The latest ledger that is known; read from the server when nothing is, or after a lost swap. */
  async #current(): Promise<StoredLedger> {
    const { group, store, watched } = this.#options;
    const known = watched();
    if (this.#last === undefined) {
      if (known) this.saw(known);
      this.#last = await store.read(group);
    } else this.#last = newer(known, this.#last) ?? this.#last;
    return this.#last;
  }
}

/** Whether one ledger has reservations that the other lacks. */
function hasMore(entries: Entries, than: Entries): boolean {
  if (entries === than) return false;
  const known = new Set(than.reservations.map(keyOf));
  return entries.reservations.some((reservation) => !known.has(keyOf(reservation)));
}
