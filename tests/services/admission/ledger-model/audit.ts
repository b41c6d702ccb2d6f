import type { Reservation } from "../../../../crds/quota-ledger.ts";
import type { Entries } from "../../../../services/admission/ledger/plan.ts";
import type { Cluster, Pod } from "./cluster.ts";

/** What is reserved longer than this for a request that has ended is a leak. */
export const LEAK_MS = 50_000;

interface Requested {
  readonly dryRun: boolean;
  open: number;
  endedMs: number;
  writtenMs: number;
  /** When somebody began to decide about it last. */
  askedMs: number;
}

const isResize = (uid: string): boolean => uid.endsWith("/resize");
/** One pod has one reservation at most, and one for its growth. */
const slotOf = ({ uid, name }: Reservation): string => (isResize(uid) ? `${name}/resize` : name);

/** What has to hold after every step. */
export class Audit {
  readonly violations: string[] = [];
  /** Somebody lost what nobody alive remembers: too much may be promised from now on. */
  isExcused = false;
  #returnsUntilMs = 0;
  readonly #cluster: Cluster;
  readonly #memberQuota: number;
  readonly #requests = new Map<string, Requested>();

  constructor(cluster: Cluster, memberQuota: number | undefined) {
    this.#cluster = cluster;
    this.#memberQuota = memberQuota ?? Number.POSITIVE_INFINITY;
  }

  opened(slot: string, dryRun: boolean): void {
    const known = this.#requests.get(slot);
    if (known) known.open++;
    else this.#requests.set(slot, { dryRun, open: 1, endedMs: 0, writtenMs: 0, askedMs: 0 });
  }

  ended(slot: string, nowMs: number): void {
    const request = this.#requests.get(slot);
    if (!request) return;
    request.open--;
    request.endedMs = nowMs;
  }

  /** Somebody begins to decide; whether the request is still open by then. */
  asked(slot: string, nowMs: number): boolean {
    const request = this.#requests.get(slot);
    if (request) request.askedMs = nowMs;
    return (request?.open ?? 0) > 0;
  }

  /** A ledger was written: nothing twice, nothing that nobody asked for, and nothing dropped too late. */
  wrote(before: Entries, after: Entries, nowMs: number, soundSinceMs: number): void {
    const slots = new Set<string>();
    const known = new Set(before.reservations.map(slotOf));
    for (const reservation of after.reservations) {
      const slot = slotOf(reservation);
      if (slots.has(slot)) this.violations.push(`${slot} is reserved twice`);
      slots.add(slot);
      const request = this.#requests.get(slot);
      if (!request) this.violations.push(`${slot} is reserved without a request`);
      else if (request.dryRun) this.violations.push(`the dry run of ${slot} is reserved`);
      else if (!known.has(slot) && this.#isNew(request, nowMs)) request.writtenMs = nowMs;
    }
    for (const reservation of before.reservations) {
      if (!slots.has(slotOf(reservation))) this.#timely(reservation, nowMs, soundSinceMs);
    }
  }

  /** Whether a reservation that appears is another one, and not one that was dropped and comes back. */
  #isNew({ writtenMs, askedMs }: Requested, nowMs: number): boolean {
    return writtenMs === 0 || askedMs > writtenMs || nowMs < this.#returnsUntilMs;
  }

  /** The ledger was deleted by hand, or somebody slept: until then, what comes back counts as new. */
  forgive(untilMs: number): void {
    this.#returnsUntilMs = untilMs;
  }

  /** Nothing is open for longer than it may be. */
  notLeaked({ reservations }: Entries, nowMs: number, soundSinceMs: number): void {
    for (const reservation of reservations) this.#timely(reservation, nowMs, soundSinceMs);
  }

  #timely(reservation: Reservation, nowMs: number, soundSinceMs: number): void {
    const slot = slotOf(reservation);
    const request = this.#requests.get(slot);
    if (!request || request.open > 0) return;
    const ms = nowMs - Math.max(request.endedMs, request.writtenMs, request.askedMs, soundSinceMs);
    if (ms > LEAK_MS) this.violations.push(`${slot} is reserved ${Math.round(ms)} ms after its request`);
  }

  /** A pod came or grew: what is live is within what somebody may have decided by. */
  grew(pod: Pod): void {
    if (this.isExcused) return;
    let [taken, ofMember, bound] = [0, 0, 0];
    for (const other of this.#cluster.pods.values()) {
      if (!other.isLive) continue;
      const slots = Math.max(other.slots, other.has);
      taken += slots;
      if (other.user === pod.user) ofMember += slots;
      bound = Math.max(bound, other.bound);
    }
    if (taken > bound) this.violations.push(`${taken} slots are taken of ${bound}`);
    if (ofMember > this.#memberQuota) this.violations.push(`${pod.user} takes ${ofMember} of ${this.#memberQuota}`);
  }

  /** Whether a reservation is for a request that may still come to something. */
  isOpen(reservation: Reservation): boolean {
    return (this.#requests.get(slotOf(reservation))?.open ?? 0) > 0;
  }
}
