import type { QuotaLedger } from "../../../../crds/quota-ledger.ts";
import { type Amounts, add, nothing, parseDeclared, resourceNames } from "../../../../quota/resources.ts";
import type { ReviewedPod } from "../../../../services/admission/review.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { ApiServer } from "./api-server.ts";
import { type Faults, LEDGERS, Replica, type Verdict } from "./replica.ts";
import type { Demand, Scenario } from "./scenario.ts";
import { between, oneOf, type Random, seeded, VirtualTime } from "./time.ts";

const NAMESPACE = "work";
/** An API request lives this long; so late may a pod still come after its admission. */
const REQUEST_MS = 34_000;

interface Pod extends KubeObject {
  readonly status: { readonly phase: string };
}

/** What one run came to. */
export interface Outcome {
  /** Limits that live pods broke, as they broke them. */
  readonly violations: readonly string[];
  readonly unmet: number;
  readonly refusals: ReadonlySet<string>;
  readonly live: readonly Pod[];
  /** When the last creation ended, for better or worse, and when the last reservation was gone. */
  readonly lastCreateMs: number;
  readonly clearedMs: number;
  readonly openReservations: number;
  readonly recount: Readonly<Record<string, Amounts>>;
  /** Of every replica that lives at the end. */
  readonly usage: readonly Readonly<Record<string, Amounts>>[];
}

function amountsOf({ limits }: Demand): Amounts {
  const { cpu, memory, gpu } = parseDeclared({ ...limits, gpu: limits["nvidia.com/gpu"] ?? null }, "limits");
  return { cpu: cpu ?? 0n, memory: memory ?? 0n, gpu: gpu ?? 0n };
}

/** A cluster with demand, replicas that die, and an API server that sees everything. */
export class World {
  readonly #scenario: Scenario;
  readonly #random: Random;
  readonly #time = new VirtualTime();
  readonly #api = new ApiServer();
  readonly #faults: Faults;
  readonly #replicas: (Replica | undefined)[];
  readonly #violations: string[] = [];
  readonly #refusals = new Set<string>();
  readonly #amounts = new Map<string, Amounts>();
  #failure: unknown;
  #isOver = false;
  #unmet: number;
  #underWay = 0;
  #lastCreateMs = 0;
  #clearedMs = 0;

  constructor(scenario: Scenario, faults: Faults) {
    this.#scenario = scenario;
    this.#faults = faults;
    this.#random = seeded(scenario.seed);
    this.#unmet = scenario.demands.length;
    for (const name of scenario.groups) {
      this.#api.create("groups", { metadata: { name }, spec: scenario.spec } as KubeObject);
    }
    this.#replicas = Array.from({ length: scenario.replicas }, () => undefined);
  }

  async run(): Promise<Outcome> {
    const { demands, kills, replicas, untilMs } = this.#scenario;
    for (let i = 0; i < replicas; i++) this.#start(i);
    for (const kill of kills) this.#time.after(kill.atMs, () => this.#kill(kill.replica, kill.downMs));
    for (const demand of demands) {
      this.#time.after(demand.atMs, () => {
        this.#pursue(demand).catch((error: unknown) => {
          this.#failure ??= error;
        });
      });
    }
    await this.#time.run(untilMs, () => this.#unmet === 0 && this.#underWay === 0);
    this.#isOver = true;
    await this.#time.run(this.#time.now + REQUEST_MS, () => this.#underWay === 0);
    await this.#time.run(this.#time.now + 180_000, () => this.#open().length === 0);
    this.#clearedMs = this.#time.now;
    const seenBy = this.#time.now + 30_000 + 2 * this.#faults.slowWatchMs;
    await this.#time.run(seenBy, () => false);
    if (this.#failure) throw this.#failure;
    const outcome = this.#outcome();
    for (const replica of this.#replicas) replica?.kill();
    await this.#time.run(this.#time.now, () => false);
    return outcome;
  }

  #start(i: number): void {
    this.#replicas[i] ??= new Replica(this.#api, this.#time, this.#random, this.#faults);
  }

  #kill(i: number, downMs: number): void {
    this.#replicas[i]?.kill();
    this.#replicas[i] = undefined;
    this.#time.after(downMs, () => this.#start(i));
  }

  /** Somebody who asks again until there is a pod. */
  async #pursue(demand: Demand): Promise<void> {
    const random = this.#random;
    for (let waitMs = 100; !this.#isOver; waitMs = Math.min(waitMs * 2, this.#scenario.patienceMs)) {
      this.#underWay++;
      const met = await this.#attempt(demand, this.#api.newUid());
      this.#underWay--;
      this.#lastCreateMs = this.#time.now;
      if (met) {
        this.#unmet--;
        return;
      }
      await this.#time.sleep(waitMs * between(random, 0.5, 1.5));
    }
  }

  /** One request of a client, as an API server carries it out; whether what was wanted is there. */
  async #attempt(demand: Demand, uid: string): Promise<boolean> {
    const random = this.#random;
    const began = this.#time.now;
    // A repeated question reaches another replica at the same time; both have to agree.
    const askers = random() < 0.05 ? 2 : 1;
    const verdicts = await Promise.all(Array.from({ length: askers }, () => this.#ask(demand, uid)));
    for (const verdict of verdicts) if (typeof verdict === "object") this.#refusals.add(verdict.reason);
    if (verdicts.some((verdict) => verdict !== "allowed")) return false;
    if (demand.dryRun) return true;
    const slow = random() < 0.04 ? REQUEST_MS - (this.#time.now - began) - 1 : 50;
    await this.#time.sleep(between(random, 0, slow));
    if (random() < this.#scenario.failAfterAdmission) return false;
    this.#persist(demand, uid);
    return true;
  }

  async #ask(demand: Demand, uid: string): Promise<Verdict> {
    const replica = oneOf(this.#random, this.#replicas);
    if (!replica) return "no answer";
    return replica.review({
      uid: `review-${uid}`,
      operation: "CREATE",
      resource: { group: "", version: "v1", resource: "pods" },
      namespace: NAMESPACE,
      dryRun: demand.dryRun,
      object: this.#podOf(demand, uid) as ReviewedPod,
    });
  }

  #podOf({ group, user, limits }: Demand, uid: string): Pod {
    const labels = { "carrel.dev/group": group, "carrel.dev/user": user };
    return {
      metadata: { name: `pod-${uid}`, namespace: NAMESPACE, uid, labels },
      spec: { containers: [{ name: "main", resources: { limits } }] },
      status: { phase: "Pending" },
    } as Pod;
  }

  #persist(demand: Demand, uid: string): void {
    this.#api.create("pods", this.#podOf(demand, uid));
    this.#amounts.set(uid, amountsOf(demand));
    this.#inspect(demand);
    if (demand.livesMs === undefined) return;
    const change = (phase: string): void => {
      const { metadata, ...pod } = this.#api.get("pods", NAMESPACE, `pod-${uid}`) as Pod;
      this.#api.replace("pods", { ...pod, metadata, status: { phase } } as Pod);
    };
    const remove = (): void => this.#api.delete("pods", this.#api.get("pods", NAMESPACE, `pod-${uid}`));
    this.#time.after(demand.livesMs * this.#random() * 0.9, () => change("Running"));
    this.#time.after(demand.livesMs, () => (demand.finishes ? change("Succeeded") : remove()));
    if (demand.finishes) this.#time.after(demand.livesMs * 1.5, remove);
  }

  #live(): readonly Pod[] {
    return this.#api.all<Pod>("pods").filter(({ status }) => status.phase !== "Succeeded");
  }

  /** What lives now, by group and by member. */
  #recount(): Record<string, Amounts> {
    const sums: Record<string, Amounts> = {};
    for (const { metadata } of this.#live()) {
      const amounts = this.#amounts.get(metadata.uid ?? "") ?? nothing;
      const group = metadata.labels?.["carrel.dev/group"] ?? "";
      for (const key of [group, `${group}/${metadata.labels?.["carrel.dev/user"]}`]) {
        sums[key] = add(sums[key] ?? nothing, amounts);
      }
    }
    return sums;
  }

  #inspect({ group, user }: Demand): void {
    const { quota, memberQuota } = this.#scenario.spec;
    const sums = this.#recount();
    for (const [key, declared] of [[group, quota] as const, [`${group}/${user}`, memberQuota] as const]) {
      const limits = parseDeclared(declared, key);
      for (const name of resourceNames) {
        const [limit, used] = [limits[name], sums[key]?.[name] ?? 0n];
        if (limit !== null && used > limit) {
          this.#violations.push(
            `seed ${this.#scenario.seed}, ${this.#time.now} ms, ${key}: ${name} ${used} > ${limit}`,
          );
        }
      }
    }
  }

  #open(): readonly unknown[] {
    const ledgers = this.#api.all("quotaledgers") as unknown as readonly QuotaLedger[];
    return ledgers
      .filter(({ metadata }) => metadata.namespace === LEDGERS)
      .flatMap(({ spec }) => spec.reservations ?? []);
  }

  #outcome(): Outcome {
    const recount = this.#recount();
    const usageOf = ({ state: { usage } }: Replica): Record<string, Amounts> =>
      Object.fromEntries(
        Object.keys(recount).map((key) => {
          const [group = "", user] = key.split("/");
          return [key, user === undefined ? usage.total(group) : usage.ofMember(group, user)];
        }),
      );
    return {
      violations: this.#violations,
      unmet: this.#unmet,
      refusals: this.#refusals,
      live: this.#live(),
      lastCreateMs: this.#lastCreateMs,
      clearedMs: this.#clearedMs,
      openReservations: this.#open().length,
      recount,
      usage: this.#replicas.flatMap((replica) => (replica ? [usageOf(replica)] : [])),
    };
  }
}
