import type { QuotaLedger } from "../../../../crds/quota-ledger.ts";
import { type Amounts, parseDeclared, resourceNames } from "../../../../quota/resources.ts";
import { openIn } from "../../../../services/admission/ledger/pages.ts";
import type { ReviewRequest } from "../../../../services/admission/review.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { ApiServer } from "./api-server.ts";
import { livePods, NAMESPACE, nameOf, type Pod, podOf, takenIn } from "./pods.ts";
import { type Faults, LEDGERS, Replica, type Verdict } from "./replica.ts";
import { Resizer } from "./resizing.ts";
import type { Demand, Scenario } from "./scenario.ts";
import { between, oneOf, type Random, seeded, VirtualTime } from "./time.ts";

/** An API request lives this long; so late may a pod still come after its admission. */
const REQUEST_MS = 34_000;

/** What one run came to. */
export interface Outcome {
  /** Limits that live pods broke, as they broke them. */
  readonly violations: readonly string[];
  readonly unmet: number;
  readonly refusals: ReadonlySet<string>;
  readonly live: readonly Pod[];
  /** How many pods changed their size. */
  readonly resized: number;
  /** When the last request ended, for better or worse, and when the last reservation was gone. */
  readonly lastRequestMs: number;
  readonly clearedMs: number;
  readonly openReservations: number;
  /** How many pages of ledgers were deleted by hand. */
  readonly pagesDeleted: number;
  readonly recount: Readonly<Record<string, Amounts>>;
  /** Of every replica that lives at the end. */
  readonly usage: readonly Readonly<Record<string, Amounts>>[];
}

function reviewOf(demand: Demand, uid: string): ReviewRequest {
  return {
    uid: `review-${uid}`,
    operation: "CREATE",
    resource: { group: "", version: "v1", resource: "pods" },
    namespace: NAMESPACE,
    dryRun: demand.dryRun,
    object: podOf(demand, uid),
  };
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
  readonly #resizer: Resizer;
  #failure: unknown;
  #isOver = false;
  #unmet: number;
  #pagesDeleted = 0;
  #underWay = 0;
  #lastRequestMs = 0;
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
    this.#resizer = new Resizer({
      api: this.#api,
      time: this.#time,
      random: this.#random,
      failAfterAdmission: scenario.failAfterAdmission,
      requestMs: REQUEST_MS,
      ask: (request) => this.#ask(request),
      isOver: () => this.#isOver,
      changed: ({ metadata: { labels = {} } }) => {
        this.#inspect(labels["carrel.dev/group"] ?? "", labels["carrel.dev/user"] ?? "");
      },
    });
  }

  async run(): Promise<Outcome> {
    const { demands, kills, replicas, untilMs } = this.#scenario;
    for (let i = 0; i < replicas; i++) this.#start(i);
    for (const kill of kills) this.#time.after(kill.atMs, () => this.#kill(kill.replica, kill.downMs));
    for (const demand of demands) {
      this.#time.after(demand.atMs, () => this.#watchOver(this.#pursue(demand)));
    }
    const { pagesDeletedWithinMs } = this.#faults;
    if (pagesDeletedWithinMs !== undefined) this.#deletePages(pagesDeletedWithinMs);
    await this.#time.run(untilMs, () => this.#unmet === 0 && this.#busy === 0);
    this.#isOver = true;
    await this.#time.run(this.#time.now + REQUEST_MS, () => this.#busy === 0);
    await this.#time.run(this.#time.now + 180_000, () => this.#open() === 0);
    this.#clearedMs = this.#time.now;
    const seenBy = this.#time.now + 30_000 + 2 * this.#faults.slowWatchMs;
    await this.#time.run(seenBy, () => false);
    if (this.#failure) throw this.#failure;
    const outcome = this.#outcome();
    for (const replica of this.#replicas) replica?.kill();
    await this.#time.run(this.#time.now, () => false);
    return outcome;
  }

  get #busy(): number {
    return this.#underWay + this.#resizer.underWay;
  }

  #watchOver(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#failure ??= error;
    });
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
      this.#lastRequestMs = this.#time.now;
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
    const verdicts = await Promise.all(Array.from({ length: askers }, () => this.#ask(reviewOf(demand, uid))));
    if (verdicts.some((verdict) => verdict !== "allowed")) return false;
    if (demand.dryRun) return true;
    const slow = random() < 0.04 ? REQUEST_MS - (this.#time.now - began) - 1 : 50;
    await this.#time.sleep(between(random, 0, slow));
    if (random() < this.#scenario.failAfterAdmission) return false;
    this.#persist(demand, uid);
    return true;
  }

  async #ask(request: ReviewRequest): Promise<Verdict> {
    const replica = oneOf(this.#random, this.#replicas);
    const verdict = replica ? await replica.review(request) : "no answer";
    if (typeof verdict === "object") this.#refusals.add(verdict.reason);
    return verdict;
  }

  #persist(demand: Demand, uid: string): void {
    const { group, user, livesMs, finishes, resizes = [] } = demand;
    this.#api.create("pods", podOf(demand, uid));
    this.#inspect(group, user);
    for (const resizing of resizes) {
      this.#watchOver(this.#resizer.pursue(uid, resizing));
      // The kubelet reports all the time, and mostly nothing that matters here.
      this.#time.after(resizing.afterMs + between(this.#random, -3_000, 3_000), () =>
        this.#resizer.report(uid, "Running", "as before"),
      );
    }
    const runsAfterMs = (livesMs ?? 4_000) * this.#random() * 0.9;
    this.#time.after(runsAfterMs, () => this.#resizer.report(uid, "Running", "spec"));
    if (livesMs === undefined) return;
    const remove = (): void => this.#api.delete("pods", this.#api.get("pods", NAMESPACE, nameOf(uid)));
    this.#time.after(livesMs, () => (finishes ? this.#resizer.report(uid, "Succeeded", "as before") : remove()));
    if (finishes) this.#time.after(livesMs * 1.5, remove);
  }

  /** What lives now, by group and by member. */
  #recount(): Record<string, Amounts> {
    const keys = this.#scenario.demands.flatMap(({ group, user }) => [group, `${group}/${user}`]);
    return Object.fromEntries([...new Set(keys)].map((key) => [key, takenIn(this.#api, key)]));
  }

  #inspect(group: string, user: string): void {
    const { quota, memberQuota } = this.#scenario.spec;
    for (const [key, declared] of [[group, quota] as const, [`${group}/${user}`, memberQuota] as const]) {
      const limits = parseDeclared(declared, key);
      const taken = takenIn(this.#api, key);
      for (const name of resourceNames) {
        const [limit, used] = [limits[name], taken[name]];
        if (limit !== null && used > limit) {
          this.#violations.push(
            `seed ${this.#scenario.seed}, ${this.#time.now} ms, ${key}: ${name} ${used} > ${limit}`,
          );
        }
      }
    }
  }

  /** Reservations that are open still; leftover pages speak for nobody. */
  #open(): number {
    const ledgers = this.#api.all("quotaledgers") as unknown as readonly QuotaLedger[];
    return ledgers
      .filter(({ metadata }) => metadata.namespace === LEDGERS)
      .reduce((sum, ledger) => sum + openIn(ledger), 0);
  }

  /** Somebody with too many rights, who deletes a page now and then. */
  #deletePages(withinMs: number): void {
    this.#time.after(between(this.#random, 500, withinMs), () => {
      const ledgers = this.#api.all("quotaledgers") as unknown as readonly QuotaLedger[];
      const pages = ledgers.filter(({ spec }) => spec.pageOf !== undefined);
      if (pages.length > 0) {
        this.#api.delete("quotaledgers", oneOf(this.#random, pages) as unknown as KubeObject);
        this.#pagesDeleted++;
      }
      if (!this.#isOver) this.#deletePages(withinMs);
    });
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
      live: livePods(this.#api),
      resized: this.#resizer.done,
      lastRequestMs: Math.max(this.#lastRequestMs, this.#resizer.lastMs),
      clearedMs: this.#clearedMs,
      openReservations: this.#open(),
      pagesDeleted: this.#pagesDeleted,
      recount,
      usage: this.#replicas.flatMap((replica) => (replica ? [usageOf(replica)] : [])),
    };
  }
}
