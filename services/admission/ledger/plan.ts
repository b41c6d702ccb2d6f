import type { Reservation } from "../../../crds/quota-ledger.ts";
import { MAX_RESERVATIONS } from "../../../crds/quota-ledger.ts";
import { type Scope, shortages } from "../../../quota/decide.ts";
import { type Denial, denial, quotaExceeded } from "../../../quota/denial.ts";
import { type Amounts, add, nothing } from "../../../quota/resources.ts";
import { laterVersion } from "../../lib/kube/resource-version.ts";
import { type GroupPolicy, memberLimits } from "../group-policies.ts";

/** A pod that asks for its share. */
export interface Claim {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly user: string | undefined;
  readonly amounts: Amounts;
  readonly dryRun: boolean;
}

/** A ledger's content. */
export interface Entries {
  readonly observedPodVersion: string;
  readonly reservations: readonly Reservation[];
}

export const emptyEntries: Entries = { observedPodVersion: "", reservations: [] };

/** What the pod watch has shown. */
export interface Seen {
  seen(uid: string): string | undefined;
  total(group: string): Amounts;
  ofMember(group: string, user: string): Amounts;
}

const amountsOf = ({ cpuMilli, memoryBytes, gpu }: Reservation): Amounts => ({
  cpu: BigInt(cpuMilli),
  memory: BigInt(memoryBytes),
  gpu: BigInt(gpu),
});

function reservationOf({ uid, namespace, name, user, amounts }: Claim): Reservation {
  return {
    uid,
    namespace,
    name,
    ...(user === undefined ? {} : { user }),
    cpuMilli: String(amounts.cpu),
    memoryBytes: String(amounts.memory),
    gpu: String(amounts.gpu),
  };
}

/**
 * The ledger without the reservations whose pod the watch has shown, which count as pods from now on, and without the
 * expired ones. Whoever reads it later has to have seen the pods that it relies on, so their versions are kept.
 */
export function settle(entries: Entries, seen: Seen, isExpired: (uid: string) => boolean): Entries {
  let { observedPodVersion } = entries;
  const reservations = entries.reservations.filter(({ uid }) => {
    const version = seen.seen(uid);
    if (version !== undefined) observedPodVersion = laterVersion(version, observedPodVersion);
    return version === undefined && !isExpired(uid);
  });
  return reservations.length === entries.reservations.length ? entries : { observedPodVersion, reservations };
}

export interface Plan {
  /** The ledger as it has to be written before anybody is told yes. */
  readonly entries: Entries;
  /** Whether claims were reserved, so that the write has to come first. */
  readonly reserves: boolean;
  /** By uid; nothing is a yes. */
  readonly verdicts: ReadonlyMap<string, Denial | undefined>;
}

function scopesOf(policy: GroupPolicy, claim: Claim, seen: Seen, open: readonly Reservation[]): Scope[] {
  const sum = (reservations: readonly Reservation[]): Amounts =>
    reservations.reduce((total, reservation) => add(total, amountsOf(reservation)), nothing);
  const { user } = claim;
  const group: Scope = {
    kind: "group",
    name: policy.name,
    quota: policy.quota,
    used: add(seen.total(policy.name), sum(open)),
  };
  if (user === undefined) return [group];
  const own = open.filter((reservation) => reservation.user === user);
  const used = add(seen.ofMember(policy.name, user), sum(own));
  return [{ kind: "member", name: user, quota: memberLimits(policy, user), used }, group];
}

/** Decides claims in the order in which they came, each with what those before it have reserved. Pure. */
export function plan(policy: GroupPolicy, settled: Entries, claims: readonly Claim[], seen: Seen): Plan {
  const open = [...settled.reservations];
  const verdicts = new Map<string, Denial | undefined>();
  for (const claim of claims) {
    // The API server may ask twice about one pod.
    if (seen.seen(claim.uid) !== undefined || open.some(({ uid }) => uid === claim.uid)) {
      verdicts.set(claim.uid, undefined);
      continue;
    }
    const broken = shortages(scopesOf(policy, claim, seen, open), claim.amounts);
    if (broken.length > 0) verdicts.set(claim.uid, quotaExceeded(broken, policy.name));
    else if (open.length >= MAX_RESERVATIONS) {
      verdicts.set(
        claim.uid,
        denial("StateUnknown", `group "${policy.name}" has ${open.length} pods under way: try again`),
      );
    } else {
      verdicts.set(claim.uid, undefined);
      if (!claim.dryRun) open.push(reservationOf(claim));
    }
  }
  const reserves = open.length > settled.reservations.length;
  return { entries: reserves ? { ...settled, reservations: open } : settled, reserves, verdicts };
}
