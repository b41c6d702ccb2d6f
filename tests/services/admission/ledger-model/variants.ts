import type { Entries } from "../../../../services/admission/ledger/plan.ts";

/** What is broken on purpose; nothing of it is for the real design. */
export interface Variant {
  /** Changes what is written. */
  readonly tamper?: (entries: Entries) => Entries;
  /** Writes whatever somebody else has written meanwhile. */
  readonly overwrites?: boolean;
  /** How fast every process's own clock runs, beside what is usual. */
  readonly clockSpeed?: number;
  /** Decides although the pod watch is behind what the ledger relies on. */
  readonly ignoresVersions?: boolean;
  /** Takes each delivery of a claim for another pod. */
  readonly ignoresUids?: boolean;
}

export const sound: Variant = {};

export const broken = {
  "reservations are not written": { tamper: (entries) => ({ ...entries, reservations: [] }) },
  "reservations expire after 1 s": { clockSpeed: 45 },
  "reservations expire after 30 s": { clockSpeed: 1.5 },
  "ledgers do not say which pods they rely on": { tamper: (entries) => ({ ...entries, observedPodVersion: "" }) },
  "pod watches may be behind the ledger": { ignoresVersions: true },
  "writes do not compare": { overwrites: true },
  "uids are ignored": { ignoresUids: true },
  "growth is not reserved": {
    tamper: (entries) => ({
      ...entries,
      reservations: entries.reservations.filter(({ uid }) => !uid.endsWith("/resize")),
    }),
  },
} as const satisfies Readonly<Record<string, Variant>>;
export type Broken = keyof typeof broken;
