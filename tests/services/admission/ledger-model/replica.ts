import type { Denial } from "../../../../quota/denial.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import { EXPIRY_MS, GroupLedger } from "../../../../services/admission/ledger/group-ledger.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { type Claim, keyOf } from "../../../../services/admission/ledger/plan.ts";
import { isAtLeast } from "../../../../services/lib/kube/resource-version.ts";
import { GROUP } from "./cluster.ts";
import { PodView } from "./pod-view.ts";
import type { World } from "./world.ts";

/** As the process sweeps: often enough that nothing outlives its request by 50 s. */
const SWEEP_MS = 1_000;
/** What a deleted ledger had is not shown: it is looked after now and then. */
const UNWATCHED_SWEEP_MS = 5_000;
const SETTLE_AFTER_MS = 500;
/** The part of the API server's 5 s that a decision may take. */
const DECISION_MS = 4_000;
/** What takes longer than this is a disturbance. */
const PROMPT_MS = 400;

interface Waiter {
  readonly version: string;
  readonly done: (reached: boolean) => void;
}

export interface Claimed {
  readonly claim: Claim;
  readonly answer: (verdict: Denial | undefined) => void;
}

/** One process of admission: the real decision code with its clock, its store and what its watches have shown. */
export class Replica {
  readonly number: number;
  readonly #world: World;
  readonly #speed: number;
  #ledger: GroupLedger;
  isAlive = true;
  /** Since when nothing has kept it from hearing and writing. */
  soundSinceMs = 0;
  /** Claims without an answer. */
  unanswered = 0;
  /** Requests to the API server that are under way. */
  calls = 0;
  policy: GroupPolicy;
  pods: PodView;
  wallMs = 0;
  /** Changes with every end and every start. */
  life = 0;
  #clockMs: number;
  #pausedUntilMs = 0;
  #stalledUntilMs = { pods: 0, ledgers: 0 };
  #delivering = { pods: false, ledgers: false };
  #watched: StoredLedger | undefined;
  #ledgerNext = 0;
  #waiters: Waiter[] = [];
  readonly #noted = new Map<string, number>();
  #sweepAtMs = Number.POSITIVE_INFINITY;
  #settles = false;

  constructor(world: World, number: number, speed: number) {
    this.#world = world;
    this.number = number;
    this.#speed = speed * (world.variant.clockSpeed ?? 1);
    this.#clockMs = number * 1e6;
    this.policy = world.policy;
    this.pods = new PodView(world.cluster);
    this.#ledger = this.#start();
  }

  get nowMs(): number {
    return this.#clockMs + this.#world.agenda.now * this.#speed;
  }

  get isIdle(): boolean {
    const isAwake = this.isAlive && this.#world.agenda.now >= this.#pausedUntilMs;
    return isAwake && this.unanswered === 0 && this.calls === 0;
  }

  /** Whether its watch has shown the ledger as it is. */
  get hasSeenLedger(): boolean {
    return this.#ledgerNext === this.#world.cluster.ledgerLog.length;
  }

  /** Whether its watches have shown everything. */
  get isCurrent(): boolean {
    const { policy } = this.#world;
    const isForgotten = this.#watched !== undefined || !this.#ledger.hasReservations;
    return this.pods.isCurrent && this.hasSeenLedger && isForgotten && this.policy === policy;
  }

  /** Lets something reach this process, unless it is another one by then. */
  after(ms: number, run: () => void, life = this.life): void {
    const { agenda } = this.#world;
    const arrive = (): void => {
      if (!this.isAlive || life !== this.life) return;
      if (agenda.now < this.#pausedUntilMs) agenda.after(this.#pausedUntilMs - agenda.now, arrive);
      else run();
    };
    agenda.after(ms, arrive);
  }

  /** Decides a claim that has reached this process. */
  decide({ claim, answer }: Claimed): void {
    const life = this.life;
    this.unanswered++;
    const patienceMs = DECISION_MS * (this.#world.variant.clockSpeed ?? 1);
    void this.#ledger.decide(claim, this.nowMs + patienceMs).then((verdict) => {
      if (life !== this.life) return;
      this.unanswered--;
      answer(verdict);
    });
  }

  kill(): void {
    this.isAlive = false;
    this.life++;
    this.unanswered = 0;
    this.calls = 0;
  }

  revive(): void {
    const { cluster, agenda, policy } = this.#world;
    this.isAlive = true;
    this.life++;
    this.soundSinceMs = agenda.now;
    this.policy = policy;
    this.pods = new PodView(cluster);
    this.#watched = cluster.ledger.resourceVersion === undefined ? undefined : cluster.ledger;
    this.#ledgerNext = cluster.ledgerLog.length;
    this.#stalledUntilMs = { pods: 0, ledgers: 0 };
    this.#delivering = { pods: false, ledgers: false };
    this.#pausedUntilMs = 0;
    this.#waiters = [];
    this.#noted.clear();
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
    this.#settles = false;
    this.#ledger = this.#start();
    this.#planSweep();
  }

  /** Stands still; with its clock, where the whole machine does. */
  pause(ms: number, stopsClock: boolean): void {
    if (!this.isAlive) return;
    const { now } = this.#world.agenda;
    if (stopsClock) this.#clockMs -= Math.max(0, now + ms - Math.max(now, this.#pausedUntilMs)) * this.#speed;
    this.#pausedUntilMs = Math.max(this.#pausedUntilMs, now + ms);
    this.soundSinceMs = Math.max(this.soundSinceMs, this.#pausedUntilMs);
    this.#world.agenda.after(ms, () => {});
  }

  stall(watch: "pods" | "ledgers", ms: number): void {
    const until = this.#world.agenda.now + ms;
    this.#stalledUntilMs[watch] = Math.max(this.#stalledUntilMs[watch], until);
    this.soundSinceMs = Math.max(this.soundSinceMs, until);
  }

  disturbed(ms: number): void {
    if (ms > PROMPT_MS) this.soundSinceMs = Math.max(this.soundSinceMs, this.#world.agenda.now + ms);
  }

  /** Hears later of what has changed: every prefix of the history may be what it knows. */
  hear(watch: "pods" | "ledgers"): void {
    if (!this.isAlive || this.#delivering[watch]) return;
    this.#delivering[watch] = true;
    const { agenda, cluster } = this.#world;
    const end = watch === "pods" ? cluster.podLog.length : cluster.ledgerLog.length;
    const lag = this.#world.lag();
    const ms = Math.max(lag, this.#stalledUntilMs[watch] - agenda.now);
    this.disturbed(lag);
    this.after(ms, () => {
      // What comes while it stands still comes later.
      const stalledMs = this.#stalledUntilMs[watch] - agenda.now;
      this.#delivering[watch] = false;
      if (stalledMs > 0) return this.hear(watch);
      if (watch === "pods") this.#showPods(end);
      else this.#showLedger(end);
    });
  }

  #showPods(end: number): void {
    this.pods.catchUp(end);
    const { version } = this.pods;
    this.#world.trace?.(`replica ${this.number} sees pods up to ${version}`);
    const waiters = this.#waiters;
    this.#waiters = waiters.filter((waiter) => !isAtLeast(version, waiter.version));
    for (const waiter of waiters) if (isAtLeast(version, waiter.version)) waiter.done(true);
    if (!this.pods.isCurrent) this.hear("pods");
    if (this.#settles) return;
    this.#settles = true;
    this.after(SETTLE_AFTER_MS * (0.5 + this.#world.random()), () => {
      this.#settles = false;
      if (this.#hasReservations) void this.#ledger.settle();
    });
  }

  #showLedger(end: number): void {
    const { ledgerLog } = this.#world.cluster;
    this.#watched = ledgerLog[end - 1];
    // The event of a deletion has the ledger as it was last.
    const deleted = this.#watched ? undefined : ledgerLog[end - 2];
    if (deleted) this.#ledger.saw(deleted);
    this.#ledgerNext = end;
    const open = new Set((this.#watched?.entries.reservations ?? []).map(keyOf));
    // It counts anew for what comes back.
    for (const key of this.#noted.keys()) if (!open.has(key)) this.#noted.delete(key);
    this.#world.trace?.(`replica ${this.number} sees ledger ${this.#watched?.resourceVersion ?? "deleted"}`);
    if (end < ledgerLog.length) this.hear("ledgers");
    this.#planSweep();
  }

  get #hasReservations(): boolean {
    return this.#watched ? this.#watched.entries.reservations.length > 0 : this.#ledger.hasReservations;
  }

  /** The next sweep that finds something to do: those between would change nothing. */
  #planSweep(): void {
    // After a deletion, what an answer brings that is under way is not shown.
    if (!this.#hasReservations && (this.#watched || this.#ledgerNext === 0)) return;
    const gapMs = SWEEP_MS * (0.5 + this.#world.random());
    let inMs = this.#watched ? EXPIRY_MS : UNWATCHED_SWEEP_MS;
    for (const reservation of this.#watched?.entries.reservations ?? []) {
      const since = this.#noted.get(keyOf(reservation));
      inMs = Math.min(inMs, since === undefined ? 0 : Math.max(0, since + EXPIRY_MS - this.nowMs) / this.#speed);
    }
    const { agenda } = this.#world;
    const atMs = agenda.now + inMs + gapMs;
    if (atMs >= this.#sweepAtMs) return;
    this.#sweepAtMs = atMs;
    this.after(inMs + gapMs, () => {
      if (this.#sweepAtMs === atMs) this.#sweep();
    });
  }

  #sweep(): void {
    this.#sweepAtMs = Number.POSITIVE_INFINITY;
    if (!this.#hasReservations) {
      this.#planSweep();
      return;
    }
    this.#world.trace?.(`replica ${this.number} sweeps`);
    const { life } = this;
    this.#note();
    void this.#ledger.settle().then(() => {
      if (life === this.life) this.#planSweep();
    });
  }

  /** Its ledger counts the time from now, as late as it may come to its turn. */
  #note(): void {
    for (const reservation of this.#watched?.entries.reservations ?? []) {
      const key = keyOf(reservation);
      if (!this.#noted.has(key)) this.#noted.set(key, this.nowMs);
    }
  }

  #reaches(version: string, deadlineMs: number): Promise<boolean> {
    if (isAtLeast(this.pods.version, version) || this.#world.variant.ignoresVersions) return Promise.resolve(true);
    return new Promise((done) => {
      this.#waiters.push({ version, done });
      this.after(Math.max(0, deadlineMs - this.nowMs) / this.#speed, () => done(false));
    });
  }

  #start(): GroupLedger {
    const world = this.#world;
    const pods = (): PodView => this.pods;
    return new GroupLedger({
      group: GROUP,
      store: {
        read: () => world.call(this, () => world.cluster.ledger),
        swap: (_group, base, entries) => world.swap(this, base, entries),
      },
      policy: () => this.policy,
      pods: {
        get revision() {
          return pods().revision;
        },
        seen: (uid) => pods().seen(uid),
        charged: (uid) => pods().charged(uid),
        total: () => pods().total(),
        ofMember: (group, user) => pods().ofMember(group, user),
      },
      reaches: (version, deadlineMs) => this.#reaches(version, deadlineMs),
      watched: () => this.#watched,
      podVersion: (_namespace, _name, uid) => world.call(this, () => world.versionOf(uid)),
      clock: {
        now: () => this.wallMs + this.nowMs,
        monotonicMs: () => this.nowMs,
        sleep: (ms) => new Promise((resolve) => this.after(ms / this.#speed, resolve)),
      },
      random: world.random,
      onWrite: () => {},
    });
  }
}
