import { between, oneOf, type Random, seeded } from "../simulation/time.ts";

/** What happens to the next write of the ledger. */
export const swapFaults = ["conflict", "fails", "answer lost", "crash"] as const;
export type SwapFault = (typeof swapFaults)[number];

interface Review {
  /** Who is asked, and who is asked too about the same. */
  readonly replica: number;
  readonly again: { readonly replica: number; readonly afterMs: number } | undefined;
  readonly answerLost: boolean;
  /** From the yes to the write; nothing when something else refuses, after as long. */
  readonly writtenAfterMs: number;
  readonly isWritten: boolean;
}

export interface Creation extends Review {
  readonly kind: "create";
  readonly number: number;
  readonly user: string;
  readonly slots: number;
  readonly dryRun: boolean;
  readonly livesMs: number | undefined;
  /** Whether it ends by itself before it is deleted. */
  readonly finishes: boolean;
}

export interface Resizing extends Review {
  readonly kind: "resize";
  /** Which pod, by the number of its creation. */
  readonly pod: number;
  readonly slots: number;
  readonly kubeletMs: number;
}

interface OfReplica {
  readonly replica: number;
  readonly forMs: number;
}

/** One thing that happens to the cluster from outside. */
export type Step = { readonly atMs: number } & (
  | Creation
  | Resizing
  | ({ readonly kind: "kill" } & OfReplica)
  | ({ readonly kind: "pause"; readonly stopsClock: boolean } & OfReplica)
  | ({ readonly kind: "stall"; readonly watch: "pods" | "ledgers" } & OfReplica)
  | { readonly kind: "swap"; readonly fault: SwapFault }
  | { readonly kind: "wall clock"; readonly replica: number; readonly byMs: number }
  | { readonly kind: "delete ledger" }
  | { readonly kind: "lower quota"; readonly slots: number }
);

export interface Script {
  readonly seed: number;
  /** Of each replica, how fast its clock runs. */
  readonly speeds: readonly number[];
  /** Pods are of 1 or 2 slots. */
  readonly quota: number;
  readonly memberQuota: number | undefined;
  readonly steps: readonly Step[];
}

const users = ["ada", "grace"];
/** Some things happen at once, most soon, and a few late. */
const delay = (random: Random, longestMs: number): number => {
  const at = random();
  if (at < 0.3) return 0;
  if (at < 0.7) return Math.floor(between(random, 0, Math.min(20, longestMs)));
  if (at < 0.85) return Math.floor(between(random, 0, Math.min(1_000, longestMs)));
  return Math.floor(between(random, 0, longestMs));
};

function review(random: Random, replicas: number): Review {
  const replica = Math.floor(random() * replicas);
  const other = (replica + 1 + Math.floor(random() * (replicas - 1))) % replicas;
  return {
    replica,
    again: random() < 0.2 ? { replica: other, afterMs: delay(random, 4_000) } : undefined,
    answerLost: random() < 0.08,
    writtenAfterMs: delay(random, 34_000),
    isWritten: random() < 0.8,
  };
}

const slotsOf = (random: Random): number => (random() < 0.75 ? 1 : 2);

function creation(random: Random, replicas: number, number: number): Creation {
  return {
    kind: "create",
    number,
    ...review(random, replicas),
    user: oneOf(random, users),
    slots: slotsOf(random),
    dryRun: random() < 0.08,
    livesMs: random() < 0.4 ? delay(random, 30_000) : undefined,
    finishes: random() < 0.5,
  };
}

type Kind = Exclude<Step["kind"], "create">;
const rest: readonly Kind[] = [
  ...Array<Kind>(7).fill("resize"),
  ...Array<Kind>(9).fill("swap"),
  ...Array<Kind>(5).fill("stall"),
  ...Array<Kind>(3).fill("kill"),
  ...Array<Kind>(2).fill("pause"),
  ...(["lower quota", "delete ledger", "wall clock"] as const),
];

function happening(random: Random, replicas: number, creations: number): Step {
  const kind = oneOf(random, rest);
  const replica = Math.floor(random() * replicas);
  const atMs = 0;
  switch (kind) {
    case "resize": {
      const pod = Math.floor(random() * creations);
      return { atMs, kind, ...review(random, replicas), pod, slots: slotsOf(random), kubeletMs: delay(random, 5_000) };
    }
    case "swap":
      return { atMs, kind, fault: oneOf(random, swapFaults) };
    case "stall":
      return { atMs, kind, replica, watch: oneOf(random, ["pods", "ledgers"]), forMs: delay(random, 80_000) };
    case "kill":
      return { atMs, kind, replica, forMs: delay(random, 60_000) };
    case "pause":
      return { atMs, kind, replica, forMs: delay(random, 60_000), stopsClock: random() < 0.5 };
    case "wall clock":
      return { atMs, kind, replica, byMs: Math.floor(between(random, -1e7, 1e7)) };
    case "lower quota":
      return { atMs, kind, slots: Math.floor(random() * 3) };
    case "delete ledger":
      return { atMs, kind };
  }
}

/** A small schedule, all of which a seed decides. */
export function scriptOf(seed: number): Script {
  const random = seeded(Math.imul(seed, 0x9e3779b1));
  const replicas = random() < 0.7 ? 2 : 3;
  const bursts = [0, Math.floor(between(random, 0, 5_000)), Math.floor(between(random, 0, 70_000))];
  const count = 4 + Math.floor(random() * 9);
  const steps: Step[] = [];
  let creations = 0;
  for (let i = 0; i < count; i++) {
    const isCreation = i === 0 || random() < 0.45;
    const step = isCreation ? creation(random, replicas, creations) : happening(random, replicas, creations);
    if (isCreation) creations++;
    const atMs = oneOf(random, bursts) + delay(random, 3_000);
    steps.push({ ...step, atMs } as Step);
  }
  return {
    seed,
    speeds: Array.from({ length: replicas }, () => (random() < 0.9 ? 1 : 1.2)),
    quota: 1 + Math.floor(random() * 3),
    memberQuota: random() < 0.3 ? 1 + Math.floor(random() * 2) : undefined,
    steps,
  };
}

/** A step in one line, with all that decides it. */
export function stepText({ atMs, kind, ...rest }: Step): string {
  return `${atMs} ms: ${kind} ${JSON.stringify(rest)}`;
}
