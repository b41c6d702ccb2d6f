import { between, oneOf, seeded } from "./time.ts";

type Amount = Readonly<Record<string, string>>;

/** Another size that somebody wants for a live pod. */
export interface Resizing {
  /** After the pod is there. */
  readonly afterMs: number;
  readonly limits: Amount;
  /** Whether it is asked for until it is there. */
  readonly insists: boolean;
}

/** A pod that somebody wants, until it is there. */
export interface Demand {
  readonly atMs: number;
  readonly group: string;
  readonly user: string;
  readonly limits: Amount;
  readonly dryRun: boolean;
  /** For ever when it is not said. */
  readonly livesMs: number | undefined;
  /** Whether it ends by itself before it is deleted. */
  readonly finishes: boolean;
  readonly resizes?: readonly Resizing[];
}

export interface Scenario {
  readonly seed: number;
  readonly replicas: number;
  readonly groups: readonly string[];
  readonly spec: { readonly quota: Amount; readonly memberQuota?: Amount };
  readonly demands: readonly Demand[];
  readonly kills: readonly { readonly replica: number; readonly atMs: number; readonly downMs: number }[];
  readonly failAfterAdmission: number;
  /** The longest pause between two attempts of the same demand. */
  readonly patienceMs: number;
  /** When what is not met by then is not met. */
  readonly untilMs: number;
}

const users = ["ada", "grace", "alan"];

function kills(random: () => number, replicas: number, count: number): Scenario["kills"] {
  return Array.from({ length: count }, () => ({
    replica: Math.floor(random() * replicas),
    atMs: between(random, 100, 20_000),
    downMs: between(random, 10, 3_000),
  }));
}

/** Pods come and go, so that everything that is wanted fits at some time. */
export function churn(seed: number): Scenario {
  const random = seeded(seed * 7919);
  const groups = ["physics", "chemistry"];
  const replicas = oneOf(random, [2, 3]);
  const demand = (): Demand => ({
    atMs: between(random, 300, 4_000),
    group: oneOf(random, groups),
    user: oneOf(random, users),
    limits: {
      cpu: oneOf(random, ["500m", "1", "2"]),
      memory: oneOf(random, ["512Mi", "1Gi"]),
      ...(random() < 0.3 ? { "nvidia.com/gpu": "1" } : {}),
    },
    dryRun: random() < 0.05,
    livesMs: between(random, 100, 6_000),
    finishes: random() < 0.5,
  });
  return {
    seed,
    replicas,
    groups,
    spec: {
      quota: { cpu: String(2 + Math.floor(random() * 4)), gpu: "1", memory: "3Gi" },
      ...(random() < 0.5 ? { memberQuota: { cpu: "2" } } : {}),
    },
    demands: Array.from({ length: 40 }, demand),
    kills: kills(random, replicas, Math.floor(random() * 5)),
    failAfterAdmission: 0.1,
    patienceMs: 2_000,
    untilMs: 600_000,
  };
}

export const SLOTS = 8;

/** More pods than fit, at the same time, and none of them ever ends. */
export function rush(seed: number): Scenario {
  const random = seeded(seed * 104_729);
  const demand = (): Demand => ({
    atMs: between(random, 300, 600),
    group: "physics",
    user: oneOf(random, users),
    limits: { cpu: "1", memory: "1Gi" },
    dryRun: false,
    livesMs: undefined,
    finishes: false,
  });
  return {
    seed,
    replicas: 3,
    groups: ["physics"],
    spec: { quota: { cpu: String(SLOTS) } },
    demands: Array.from({ length: SLOTS * 4 }, demand),
    kills: kills(random, 3, Math.floor(random() * 3)),
    failAfterAdmission: 0.1,
    patienceMs: 20_000,
    untilMs: 300_000,
  };
}

export const STAYERS = 4;
/** When pods shrink in `stretch`. */
const rounds = Array.from({ length: 6 }, (_, i) => 3_000 + i * 14_000);
const small: Amount = { cpu: "500m", memory: "1Gi" };

/** Pods shrink, and a little later all want to grow at once, again and again; others come and go in what they leave. */
export function stretch(seed: number): Scenario {
  const random = seeded(seed * 15_485_863);
  const resize = (afterMs: number, limits: Amount, insists = false): Resizing => {
    return { afterMs: afterMs + between(random, 0, oneOf(random, [20, 20, 500])), limits, insists };
  };
  const stayer = (): Demand => ({
    atMs: 300,
    group: "physics",
    user: oneOf(random, users),
    limits: { cpu: "1", memory: "1Gi" },
    dryRun: false,
    livesMs: undefined,
    finishes: false,
    resizes: [
      ...rounds.flatMap((atMs) => [
        resize(atMs, small, true),
        resize(atMs + 7_000, { cpu: oneOf(random, ["2", "3", "4"]), memory: oneOf(random, ["1Gi", "2Gi"]) }),
      ]),
      resize(100_000, small, true),
    ],
  });
  const guest = (): Demand => ({
    ...stayer(),
    atMs: between(random, 300, 90_000),
    livesMs: between(random, 500, 6_000),
    finishes: random() < 0.5,
    resizes: [],
  });
  return {
    seed,
    replicas: oneOf(random, [2, 3]),
    groups: ["physics"],
    spec: { quota: { cpu: "8", memory: "12Gi", pods: "9" }, ...(random() < 0.5 ? { memberQuota: { cpu: "5" } } : {}) },
    demands: [...Array.from({ length: STAYERS }, stayer), ...Array.from({ length: 12 }, guest)],
    kills: kills(random, 2, Math.floor(random() * 4)),
    failAfterAdmission: 0.1,
    patienceMs: 2_000,
    untilMs: 600_000,
  };
}
