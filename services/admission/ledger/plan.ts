import { MAX_RESERVATIONS, type Reservation } from "../../../crds/quota-ledger.ts";
import { type Scope, shortages } from "../../../quota/decide.ts";
import { type Denial, denial, quotaExceeded } from "../../../quota/denial.ts";
import {
  type Amounts,
  add,
  largest,
  mapResources,
  nothing,
  resourceNames,
  subtract,
} from "../../../quota/resources.ts";
import { isAtLeast, laterVersion } from "../../lib/kube/resource-version.ts";
import { type GroupPolicy, memberLimits } from "../group-policies.ts";

/** A pod that asks for its share. */
export interface Claim {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string | undefined;
  /** What the pod takes; for one that grows in place, what it takes then. */
  readonly amounts: Amounts;
  readonly dryRun: boolean;
  /** The pod lives already and changes its size. */
  readonly resize?: Resize;
}

/** A change of a live pod's size. The API server makes it to the version that it asked about, or asks again. */
export interface Resize {
  readonly podVersion: string;
  /** Tells this request from others about the same pod. */
  readonly request: string;
}

/** A ledger's content. */
export interface Entries {
  readonly observedPodVersion: string;
  readonly reservations: readonly Reservation[];
}

export const emptyEntries: Entries = { observedPodVersion: "", reservations: [] };

/** What the pod watch has shown. */
export interface Seen {
  /** Another one after every change of what is below. */
  readonly revision: number;
  /** The version at which a pod was seen, live, finished or deleted. */
  seen(uid: string): string | undefined;
  /** What a live pod is charged. */
  charged(uid: string): Amounts | undefined;
  total(group: string): Amounts;
  ofMember(group: string, user: string): Amounts;
}

/** What tells a reservation from those before it: a later request takes over the one of its pod. */
export const keyOf = ({ uid, request = "" }: Reservation): string => `${uid} ${request}`;

const RESIZE = "/resize";
const isResize = (uid: string): boolean => uid.endsWith(RESIZE);
/** The pod that a reservation is for. */
export const podUid = (uid: string): string => (isResize(uid) ? uid.slice(0, -RESIZE.length) : uid);

const amountsOf = ({ cpuMilli, memoryBytes, gpuMilli, ephemeralStorageBytes }: Reservation): Amounts => ({
  cpu: BigInt(cpuMilli),
  memory: BigInt(memoryBytes),
  gpu: BigInt(gpuMilli),
  "ephemeral-storage": BigInt(ephemeralStorageBytes),
  pods: 1n,
});

function reservationOf({ uid, namespace, name, user, resize }: Claim, amounts: Amounts): Reservation {
  return {
    uid: resize ? `${uid}${RESIZE}` : uid,
    ...resize,
    namespace,
    name,
    ...(user === undefined ? {} : { user }),
    cpuMilli: String(amounts.cpu),
    memoryBytes: String(amounts.memory),
    gpuMilli: String(amounts.gpu),
    ephemeralStorageBytes: String(amounts["ephemeral-storage"]),
  };
}

const isNothing = (amounts: Amounts): boolean => resourceNames.every((name) => amounts[name] === 0n);

/** What `amounts` are beyond `base`; never negative. */
const beyond = (amounts: Amounts, base: Amounts): Amounts =>
  mapResources((name) => (amounts[name] > base[name] ? amounts[name] - base[name] : 0n));

/** What a reservation adds to what the watch shows. */
function extraOf(reservation: Reservation, seen: Seen): Amounts {
  const amounts = amountsOf(reservation);
  return isResize(reservation.uid) ? beyond(amounts, seen.charged(podUid(reservation.uid)) ?? nothing) : amounts;
}

/**
 * Whether the watch has shown what became of a reservation. A resize is written only to the version that admission was
 * asked about, and asked about again when there is another; so any later version tells that it is done or void.
 */
function isShown(reservation: Reservation, seen: Seen): boolean {
  const version = seen.seen(podUid(reservation.uid));
  if (version === undefined || !isResize(reservation.uid)) return version !== undefined;
  return !isAtLeast(reservation.podVersion ?? "", version);
}

/**
 * The ledger without the reservations whose pod the watch has shown, which count as pods from now on, and without the
 * expired ones. Whoever reads it later has to have seen the pods that it relies on, so their versions are kept.
 */
export function settle(entries: Entries, seen: Seen, isExpired: (reservation: Reservation) => boolean): Entries {
  let { observedPodVersion } = entries;
  const reservations = entries.reservations.filter((reservation) => {
    if (!isShown(reservation, seen) && !isExpired(reservation)) return true;
    observedPodVersion = laterVersion(seen.seen(podUid(reservation.uid)) ?? "", observedPodVersion);
    return false;
  });
  return reservations.length === entries.reservations.length ? entries : { observedPodVersion, reservations };
}

export interface Plan {
  /** The ledger as it has to be written before anybody is told yes. */
  readonly entries: Entries;
  /** Whether claims were reserved, so that the write has to come first. */
  readonly reserves: boolean;
  /** In the order of the claims; nothing is a yes. */
  readonly verdicts: readonly (Denial | undefined)[];
}

/** What is reserved in a group and by each member. */
class Open {
  readonly #byUid = new Map<string, Reservation>();
  readonly #members = new Map<string, Amounts>();
  readonly #seen: Seen;
  #total = nothing;

  constructor(reservations: readonly Reservation[], seen: Seen) {
    this.#seen = seen;
    for (const reservation of reservations) this.put(reservation);
  }

  copy(): Open {
    const copy = new Open([], this.#seen);
    for (const [uid, reservation] of this.#byUid) copy.#byUid.set(uid, reservation);
    for (const [user, amounts] of this.#members) copy.#members.set(user, amounts);
    copy.#total = this.#total;
    return copy;
  }

  get size(): number {
    return this.#byUid.size;
  }

  get reservations(): readonly Reservation[] {
    return [...this.#byUid.values()];
  }

  get total(): Amounts {
    return this.#total;
  }

  get(uid: string): Reservation | undefined {
    return this.#byUid.get(uid);
  }

  ofMember(user: string): Amounts {
    return this.#members.get(user) ?? nothing;
  }

  put(reservation: Reservation): void {
    const old = this.#byUid.get(reservation.uid);
    const change = subtract(extraOf(reservation, this.#seen), old ? extraOf(old, this.#seen) : nothing);
    this.#byUid.set(reservation.uid, reservation);
    this.#total = add(this.#total, change);
    const { user } = reservation;
    if (user !== undefined) this.#members.set(user, add(this.ofMember(user), change));
  }
}

function scopesOf(policy: GroupPolicy, user: string | undefined, seen: Seen, open: Open): Scope[] {
  const used = add(seen.total(policy.name), open.total);
  const group: Scope = { kind: "group", name: policy.name, quota: policy.quota, used };
  if (user === undefined) return [group];
  const own = add(seen.ofMember(policy.name, user), open.ofMember(user));
  return [{ kind: "member", name: user, quota: memberLimits(policy, user), used: own }, group];
}

/** What claims are decided on: a settled ledger, and what it comes to. */
export interface Standing {
  readonly settled: Entries;
  readonly open: Open;
}

/** Holds for as long as the revision of what was seen is the same. */
export const standing = (settled: Entries, seen: Seen): Standing => ({
  settled,
  open: new Open(settled.reservations, seen),
});

interface Need {
  readonly extra: Amounts;
  readonly reservation: Reservation;
}

/** What a claim adds, and the reservation that covers it; nothing when it is covered already. */
function needOf(claim: Claim, seen: Seen, open: Open): Need | undefined {
  if (claim.resize) return growthOf(claim, claim.resize, seen, open);
  // The API server may ask twice about one pod.
  if (seen.seen(claim.uid) !== undefined || open.get(claim.uid)) return undefined;
  return { extra: claim.amounts, reservation: reservationOf(claim, claim.amounts) };
}

/** What a pod grows by. What is reserved for it already is reserved anew, to live as long as this request may. */
function growthOf(claim: Claim, resize: Resize, seen: Seen, open: Open): Need | undefined {
  const charged = seen.charged(claim.uid);
  // A pod that has ended takes nothing, whatever its size. So does one that is not there although the watch has come
  // past the version to change: it was deleted before the watch began.
  if (charged === undefined) return undefined;
  if (isNothing(beyond(claim.amounts, charged))) return undefined;
  const earlier = open.get(`${claim.uid}${RESIZE}`);
  const promised = earlier ? amountsOf(earlier) : nothing;
  const podVersion = laterVersion(resize.podVersion, earlier?.podVersion ?? "");
  return {
    extra: beyond(claim.amounts, largest(charged, promised)),
    reservation: reservationOf({ ...claim, resize: { ...resize, podVersion } }, largest(claim.amounts, promised)),
  };
}

/** What claims may reserve in: others are decided on the same standing. */
const openFor = (claims: readonly Claim[], { open }: Standing): Open =>
  claims.every(({ dryRun }) => dryRun) ? open : open.copy();

/** Decides claims in the order in which they came, each with what those before it have reserved. Pure. */
export function plan(policy: GroupPolicy, from: Standing, claims: readonly Claim[], seen: Seen): Plan {
  const { settled } = from;
  const open = openFor(claims, from);
  const verdicts: (Denial | undefined)[] = [];
  let reserves = false;
  for (const claim of claims) {
    const need = needOf(claim, seen, open);
    const broken = need ? shortages(scopesOf(policy, claim.user, seen, open), need.extra) : [];
    if (broken.length > 0) verdicts.push(quotaExceeded(broken, policy.name));
    else if (need && open.size >= MAX_RESERVATIONS) {
      const message = `group "${policy.name}" has ${open.size} pods under way: try again`;
      verdicts.push(denial("StateUnknown", message));
    } else {
      verdicts.push(undefined);
      if (!need || claim.dryRun) continue;
      open.put(need.reservation);
      reserves = true;
    }
  }
  return { entries: reserves ? { ...settled, reservations: open.reservations } : settled, reserves, verdicts };
}
