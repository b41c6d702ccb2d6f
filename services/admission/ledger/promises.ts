import type { Reservation } from "../../../crds/quota-ledger.ts";
import { laterVersion } from "../../lib/kube/resource-version.ts";
import type { StoredLedger } from "./ledger-store.ts";
import { type Entries, keyOf } from "./plan.ts";

interface Promised {
  readonly reservation: Reservation;
  sinceMs: number;
  /** Whether this process wrote it. */
  isOurs: boolean;
}

/**
 * What this process knows to be promised, beside the ledger. A ledger that was deleted, or edited by hand, would forget
 * pods that are on their way; whoever remembers them puts them back with the next write.
 */
export class Promises {
  readonly #lifeMs: number;
  /** By uid of the reservation. */
  readonly #known = new Map<string, Promised>();
  #uid: string | undefined;
  #observedPodVersion = "";
  /** What was taken last: claims between two writes come with the same ledger again and again. */
  #taken: { readonly ledger: StoredLedger; readonly sinceMs: number } | undefined;

  /** @param lifeMs how long a request may still come to something */
  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  /** Takes a ledger that was watched, where this process has read none itself or the same. */
  saw(watched: StoredLedger, nowMs: number): void {
    if (this.#uid === undefined || this.#uid === watched.uid) this.#take(watched, nowMs);
  }

  /** Takes a ledger as it was written by this process. */
  wrote(base: StoredLedger, written: StoredLedger, nowMs: number): void {
    const before = new Set(base.entries.reservations.map(keyOf));
    this.#take(written, nowMs);
    for (const reservation of written.entries.reservations) {
      const promised = this.#known.get(reservation.uid);
      if (promised && !before.has(keyOf(reservation))) promised.isOurs = true;
    }
  }

  /**
   * The ledger with what it should have too. Others' reservations are put back only into a ledger that was made anew:
   * out of the same one they may have been settled.
   */
  restored(base: StoredLedger, nowMs: number): Entries {
    const isAnew = this.#uid !== undefined && base.uid !== this.#uid;
    const present = new Set(base.entries.reservations.map(({ uid }) => uid));
    const missing: Reservation[] = [];
    for (const [uid, { reservation, sinceMs, isOurs }] of this.#known) {
      if (nowMs - sinceMs >= this.#lifeMs) this.#known.delete(uid);
      else if (!present.has(uid) && (isAnew || isOurs)) missing.push(reservation);
    }
    const { observedPodVersion } = base.entries;
    const version = isAnew ? laterVersion(this.#observedPodVersion, observedPodVersion) : observedPodVersion;
    if (!isAnew) this.#take(base, nowMs);
    if (missing.length === 0 && version === observedPodVersion) return base.entries;
    return { observedPodVersion: version, reservations: [...base.entries.reservations, ...missing] };
  }

  #take(ledger: StoredLedger, nowMs: number): void {
    if (this.#taken?.ledger === ledger && this.#taken.sinceMs <= nowMs) return;
    this.#taken = { ledger, sinceMs: nowMs };
    const { uid, entries } = ledger;
    this.#uid = uid ?? this.#uid;
    this.#observedPodVersion = laterVersion(entries.observedPodVersion, this.#observedPodVersion);
    for (const reservation of entries.reservations) {
      const known = this.#known.get(reservation.uid);
      // A later request of the same pod takes the place of the earlier one. The watch may show what is written before the
      // answer comes to who writes it, and knows since when.
      if (known && keyOf(known.reservation) === keyOf(reservation)) known.sinceMs = Math.min(known.sinceMs, nowMs);
      else this.#known.set(reservation.uid, { reservation, sinceMs: nowMs, isOurs: false });
    }
  }
}
