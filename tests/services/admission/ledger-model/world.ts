import type { Denial } from "../../../../quota/denial.ts";
import type { GroupPolicy } from "../../../../services/admission/group-policies.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import type { Entries } from "../../../../services/admission/ledger/plan.ts";
import { type Random, seeded } from "../simulation/time.ts";
import { Agenda } from "./agenda.ts";
import { Audit } from "./audit.ts";
import { amountsOf, Cluster, type Pod, policyOf } from "./cluster.ts";
import { Replica } from "./replica.ts";
import { nameOf, Requests } from "./requests.ts";
import { type Script, type Step, type SwapFault, stepText } from "./script.ts";
import type { Variant } from "./variants.ts";

/** A process remembers for 45 s by its clock what it wrote, from when it heard that it was written. */
const REMEMBERED_MS = 65_000;
/** After the last thing that is wrong, everything is in order within this. */
const SETTLED_WITHIN_MS = 250_000;
/** Pods that were promised longer ago are forgotten, seen or not. */
const BLIND_MS = 30_000;
const NOTHING: Entries = { observedPodVersion: "", reservations: [] };
/** One for all: a stack costs more than the rest of a schedule. */
const reset = new Error("connection reset");
export type Counts = Map<string, number>;

/** One schedule over real decision code, step by step. */
export class World {
  readonly agenda = new Agenda();
  readonly cluster = new Cluster();
  readonly random: Random;
  readonly variant: Variant;
  readonly audit: Audit;
  readonly replicas: readonly Replica[];
  readonly trace: ((line: string) => void) | undefined;
  policy: GroupPolicy;
  readonly #script: Script;
  readonly #requests = new Requests(this);
  readonly #counts: Counts;
  readonly #armed: SwapFault[] = [];
  #stepsLeft: number;
  #endMs = 0;
  #rememberedUntilMs = 0;
  #isCalm = false;
  #probes: (readonly [slots: number, verdict: Denial | undefined])[] | undefined;

  constructor(script: Script, variant: Variant, counts: Counts, write?: (line: string) => void) {
    this.#script = script;
    this.#counts = counts;
    this.variant = variant;
    this.random = seeded(script.seed ^ 0x2545f491);
    this.trace = write ? (line) => write(`${this.agenda.now.toFixed(0).padStart(8)} ms  ${line}`) : undefined;
    this.policy = policyOf(script.quota, script.memberQuota);
    this.audit = new Audit(this.cluster, script.memberQuota);
    this.replicas = script.speeds.map((speed, i) => new Replica(this, i, speed));
    this.#stepsLeft = script.steps.length;
    for (const step of script.steps) {
      const forMs = "forMs" in step ? step.forMs : 0;
      this.#endMs = Math.max(this.#endMs, step.atMs + forMs + SETTLED_WITHIN_MS);
      this.agenda.after(step.atMs, () => this.#take(step));
    }
  }

  count(what: string): void {
    this.#counts.set(what, (this.#counts.get(what) ?? 0) + 1);
  }

  /** Lets one thing happen; false once the schedule has ended. What was promised has to happen before the next step. */
  step(): boolean {
    const { violations } = this.audit;
    if (violations.length > 0) return false;
    if (this.#probes) return this.#probed(this.#probes);
    if (this.#isQuiet) this.#probe();
    else if (!this.agenda.step() || this.agenda.now > this.#endMs) violations.push(`not in order: ${this.#disorder}`);
    return true;
  }

  /** How long a message takes. */
  lag(): number {
    if (this.#isCalm) return 0;
    const at = this.random();
    if (at < 0.4) return 0;
    if (at < 0.94) return this.random() * 20;
    return this.random() * (at < 0.985 ? 800 : 8_000);
  }

  heard(watch: "pods" | "ledgers"): void {
    for (const replica of this.replicas) replica.hear(watch);
  }

  podChanged(pod: Pod, what: string): void {
    this.cluster.changed(pod);
    this.trace?.(`${pod.uid} ${what} at ${pod.version}`);
    this.heard("pods");
  }

  versionOf(uid: string): string | undefined {
    const pod = this.cluster.pods.get(uid);
    return pod?.isThere ? pod.version : undefined;
  }

  /** In slots, of all that somebody may still decide by. */
  highestQuota(): number {
    const slots = ({ quota }: GroupPolicy): number => Number(quota.cpu) / 1000;
    return Math.max(slots(this.policy), ...this.replicas.map(({ policy }) => slots(policy)));
  }

  /** A request of a replica to the API server: it is carried out also where nobody waits for the answer any more. */
  call<T>(replica: Replica, work: () => T): Promise<T> {
    const [thereMs, backMs] = [this.lag(), this.lag()];
    const isLost = !this.#isCalm && this.random() < 0.01;
    replica.disturbed(isLost ? 8_000 : thereMs + backMs);
    replica.calls++;
    const { life } = replica;
    return new Promise((resolve, reject) => {
      const carryOut = (): void => {
        const hear = (finish: () => void): void =>
          replica.after(
            backMs,
            () => {
              replica.calls--;
              finish();
            },
            life,
          );
        const lost = (): void => reject(reset);
        try {
          const value = work();
          hear(() => (isLost ? lost() : resolve(value)));
        } catch {
          hear(lost);
        }
      };
      if (thereMs === 0) carryOut();
      else this.agenda.after(thereMs, carryOut);
    });
  }

  swap(replica: Replica, base: StoredLedger, entries: Entries): Promise<StoredLedger | undefined> {
    const fault = this.#armed.shift();
    // Done again with the next sweep.
    if (fault) replica.disturbed(8_000);
    return this.call(replica, () => {
      if (fault === "fails") throw reset;
      if (fault === "conflict" && this.cluster.ledger.uid !== undefined) this.#touch();
      const written = this.#write(base, entries);
      this.trace?.(`replica ${replica.number} writes ${base.resourceVersion ?? "anew"}: ${this.#shown(written)}`);
      if (written) this.heard("ledgers");
      if (written && fault === "crash") this.#kill(replica, this.lag() * 10);
      if (written && fault === "answer lost") throw reset;
      return written;
    });
  }

  #write(base: StoredLedger, entries: Entries): StoredLedger | undefined {
    const before = this.cluster.ledger.entries;
    const { tamper, overwrites = false } = this.variant;
    const written = this.cluster.swap(base, tamper ? tamper(entries) : entries, !overwrites);
    this.count(written ? "written" : "conflict");
    if (written) this.audit.wrote(before, written.entries, this.agenda.now, this.#soundSinceMs);
    return written;
  }

  #shown(ledger: StoredLedger | undefined): string {
    if (!ledger) return "conflict";
    const { observedPodVersion, reservations } = ledger.entries;
    return `${ledger.resourceVersion} [${reservations.map(({ uid }) => uid).join(", ")}] after ${observedPodVersion}`;
  }

  /** Since when some replica hears and writes without trouble. */
  get #soundSinceMs(): number {
    let since = Number.POSITIVE_INFINITY;
    for (const { isAlive, soundSinceMs } of this.replicas) if (isAlive) since = Math.min(since, soundSinceMs);
    return since;
  }

  #touch(): void {
    this.cluster.touch();
    this.trace?.(`somebody writes the ledger: ${this.cluster.ledger.resourceVersion}`);
    this.heard("ledgers");
  }

  #take(step: Step): void {
    this.#stepsLeft--;
    this.trace?.(`-- ${stepText(step)}`);
    this.count(step.kind);
    const replica = "replica" in step ? this.replicas[step.replica] : undefined;
    if (step.kind === "create") this.#requests.create(step);
    else if (step.kind === "resize") this.#requests.resize(step);
    else if (step.kind === "swap") this.#armed.push(step.fault);
    else if (step.kind === "delete ledger") this.#deleteLedger();
    else if (step.kind === "lower quota") this.#lowerQuota(step.slots);
    else if (replica && step.kind === "kill") this.#kill(replica, step.forMs);
    else if (replica && step.kind === "pause") this.#pause(replica, step);
    else if (replica && step.kind === "stall") replica.stall(step.watch, step.forMs);
    else if (replica && step.kind === "wall clock") replica.wallMs += step.byMs;
  }

  #kill(replica: Replica, downMs: number): void {
    if (!replica.isAlive) return;
    replica.kill();
    this.trace?.(`replica ${replica.number} is killed`);
    this.agenda.after(downMs, () => {
      this.trace?.(`replica ${replica.number} starts`);
      replica.revive();
      if (this.#isForgotten) this.audit.isExcused = true;
    });
  }

  #deletions = 0;
  #lost: Entries = NOTHING;
  /** Whether somebody sees no pods for longer than processes remember what they promised. */
  get #isBlindLong(): boolean {
    return this.#script.steps.some((step) => {
      const isBlind = step.kind === "pause" || (step.kind === "stall" && step.watch === "pods");
      return isBlind && step.forMs > BLIND_MS;
    });
  }

  /** Whether a deleted ledger held what may still come, and nobody has written it again. */
  get #isForgotten(): boolean {
    const { reservations } = this.cluster.ledger.entries;
    const lost = this.#lost.observedPodVersion !== "" && this.cluster.ledger.uid === undefined;
    const isThere = (uid: string): boolean => reservations.some((other) => other.uid === uid);
    return lost || this.#lost.reservations.some((each) => this.audit.isOpen(each) && !isThere(each.uid));
  }

  #deleteLedger(): void {
    const { ledger } = this.cluster;
    if (ledger.uid === undefined) return;
    this.#lost = ledger.entries;
    this.awaitForgetting();
    // Who has seen it remembers it, unless a write is under way that takes it for one that never was. A second one that
    // is deleted too is beyond that.
    const knows = (each: Replica): boolean => !each.isAlive || (each.hasSeenLedger && each.calls === 0);
    const isKnown = ++this.#deletions === 1 && !this.#isBlindLong && this.replicas.every(knows);
    const matters = ledger.entries.observedPodVersion !== "" || ledger.entries.reservations.length > 0;
    if (matters && (!isKnown || this.replicas.every(({ isAlive }) => !isAlive))) {
      this.audit.isExcused = true;
      this.count("excused");
    }
    this.cluster.deleteLedger();
    this.heard("ledgers");
  }

  #pause(replica: Replica, { forMs, stopsClock }: { readonly forMs: number; readonly stopsClock: boolean }): void {
    replica.pause(forMs, stopsClock);
    // Who slept remembers for longer than others, and takes up requests that have ended.
    this.agenda.after(forMs, () => this.awaitForgetting());
  }

  /** Until somebody's memory ends, what others have dropped may be put back, and is as new then. */
  awaitForgetting(): void {
    this.#rememberedUntilMs = Math.max(this.agenda.now, this.#endMs - SETTLED_WITHIN_MS) + REMEMBERED_MS;
    this.audit.forgive(this.#rememberedUntilMs);
    this.agenda.after(this.#rememberedUntilMs - this.agenda.now, () => {});
  }

  #lowerQuota(slots: number): void {
    const lower = Math.min(slots, Number(this.policy.quota.cpu) / 1000);
    this.policy = policyOf(lower, this.#script.memberQuota);
    for (const replica of this.replicas) {
      replica.after(this.lag(), () => {
        replica.policy = this.policy;
      });
    }
  }

  get #isQuiet(): boolean {
    if (this.#stepsLeft > 0 || this.#requests.open > 0 || this.cluster.ledger.entries.reservations.length > 0) {
      return false;
    }
    if (this.agenda.now < this.#rememberedUntilMs) return false;
    return this.replicas.every((replica) => replica.isIdle && replica.isCurrent);
  }

  get #disorder(): string {
    const { reservations } = this.cluster.ledger.entries;
    const each = this.replicas.map(
      ({ isAlive, unanswered, calls, isCurrent }) =>
        `${isAlive ? "alive" : "dead"}, ${unanswered} unanswered, ${calls} calls, ${isCurrent ? "current" : "behind"}`,
    );
    return `${this.#requests.open} requests, ${reservations.map(({ name }) => name)} reserved; ${each.join("; ")}`;
  }

  /** When everything is over, exactly what is left of the quota can be had. */
  #probe(): void {
    this.#isCalm = true;
    this.#armed.length = 0;
    const { quota, memberQuota } = this.policy;
    const left = Math.min(
      Number(quota.cpu) / 1000 - this.cluster.taken(),
      memberQuota.cpu === null ? Number.POSITIVE_INFINITY : Number(memberQuota.cpu) / 1000 - this.cluster.taken("ada"),
    );
    const replica = this.replicas[this.#script.seed % this.replicas.length];
    const wanted = left > 0 ? [left, left + 1] : [1];
    const probes: (readonly [number, Denial | undefined])[] = [];
    this.#probes = probes;
    for (const slots of wanted) {
      this.trace?.(`probe: ${slots} slots, ${left} are left`);
      const claim = { uid: `probe-${slots}`, namespace: "work", name: nameOf(99), user: "ada", dryRun: true };
      replica?.decide({
        claim: { ...claim, amounts: amountsOf(slots) },
        answer: (denied) => {
          probes.push([slots, denied]);
          const isRight = slots <= left ? denied === undefined : denied?.reason === "QuotaExceeded";
          if (!isRight) this.audit.violations.push(`${slots} of ${left} slots: ${denied ? denied.message : "yes"}`);
        },
      });
    }
  }

  #probed(probes: readonly unknown[]): boolean {
    const isOver = probes.length > 0 && this.replicas.every(({ unanswered }) => unanswered === 0);
    if (isOver) return false;
    if (!this.agenda.step()) this.audit.violations.push("a claim has no answer");
    return true;
  }
}
