import { standardAccelerators } from "../../../../quota/accelerators.ts";
import type { Denial } from "../../../../quota/denial.ts";
import { QuotaWebhook } from "../../../../services/admission/quota-webhook.ts";
import type { ReviewRequest } from "../../../../services/admission/review.ts";
import { State } from "../../../../services/admission/state.ts";
import type { KubeClient, KubeObject, ListOptions, ResourceRef } from "../../../../services/lib/kube/client.ts";
import { createLogger } from "../../../../services/lib/log.ts";
import { type ApiServer, gone, type Preconditions } from "./api-server.ts";
import { between, type Random, type VirtualTime } from "./time.ts";

export const LEDGERS = "carrel-system";
const WEBHOOK_MS = 5_000;

/** What goes wrong on purpose, each as a share of its occasions, and faults that a correct network never has. */
export interface Faults {
  readonly callFails: number;
  readonly slowWatch: number;
  /** The longest that a slow watch holds back an event, and all after it. */
  readonly slowWatchMs: number;
  readonly brokenWatch: number;
  /** Changes a ledger on its way to the API server. */
  readonly tamper?: (ledger: KubeObject) => KubeObject;
  /** How fast the process's own clock runs. */
  readonly clockSpeed?: number;
  /** Bytes of reservations in one ledger, so that small ones have pages too. */
  readonly pageBytes?: number;
  /** Longest time between two pages that somebody deletes by hand; without it nobody does. */
  readonly pagesDeletedWithinMs?: number;
}

export type Verdict = "allowed" | Denial | "no answer";

interface Stream {
  readonly push: (line: Buffer) => void;
  readonly fail: (error: Error) => void;
  readonly lines: AsyncIterable<Buffer> & { destroy(): void };
}

/** A watch's body: lines as they arrive, until it breaks. */
function streamOf(stop: () => void): Stream {
  const waiting: Buffer[] = [];
  let broken: Error | undefined;
  let wake = (): void => {};
  async function* read(): AsyncGenerator<Buffer> {
    for (;;) {
      if (broken) throw broken;
      const line = waiting.shift();
      if (line) yield line;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  return {
    push: (line) => {
      waiting.push(line);
      wake();
    },
    fail: (error) => {
      broken = error;
      wake();
    },
    lines: { [Symbol.asyncIterator]: read, destroy: stop },
  };
}

/** One process of admission, as real as it is without sockets: its watches, its ledgers and its webhook. */
export class Replica {
  readonly state: State;
  readonly #webhook: QuotaWebhook;
  readonly #api: ApiServer;
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #faults: Faults;
  readonly #stop = new AbortController();
  readonly #clockStartMs: number;

  constructor(api: ApiServer, time: VirtualTime, random: Random, faults: Faults) {
    this.#api = api;
    this.#time = time;
    this.#random = random;
    this.#faults = faults;
    this.#clockStartMs = between(random, 0, 1e6);
    const clock = time.clockOf(() => this.alive, this.#clockStartMs, faults.clockSpeed ?? 1);
    const log = createLogger({ write: () => {} });
    const accelerators = standardAccelerators;
    const onWrite = (): void => {};
    const paging = faults.pageBytes === undefined ? {} : { pageBytes: faults.pageBytes };
    const watching = { client: this.#client(), namespace: LEDGERS, clock, random, log };
    this.state = new State({ ...watching, ...paging, accelerators, onWrite });
    this.#webhook = new QuotaWebhook({
      problem: () => this.state.problem(),
      policy: (group) => this.state.policy(group),
      ledgerOf: (group) => this.state.ledgerOf(group),
      bypass: new Set(),
      accelerators,
    });
    void this.state.run(this.#stop.signal);
  }

  get alive(): boolean {
    return !this.#stop.signal.aborted;
  }

  /** What the API server hears within its patience. */
  review(request: ReviewRequest): Promise<Verdict> {
    const speed = this.#faults.clockSpeed ?? 1;
    return new Promise((resolve) => {
      const answer = (verdict: Verdict): void => this.#time.after(this.#latency(), () => resolve(verdict));
      this.#time.after(WEBHOOK_MS, () => resolve("no answer"));
      this.#stop.signal.addEventListener("abort", () => answer("no answer"), { once: true });
      this.#time.after(this.#latency(), () => {
        if (!this.alive) return answer("no answer");
        const deadline = this.#clockStartMs + (this.#time.now + 0.8 * WEBHOOK_MS) * speed;
        void this.#webhook.review(request, deadline).then((denied) => {
          if (this.alive) answer(denied ?? "allowed");
        });
      });
    });
  }

  /** At once, in the middle of everything; what was sent still arrives. */
  kill(): void {
    this.#stop.abort();
  }

  #latency(): number {
    return this.#random() < 0.02 ? between(this.#random, 0, 800) : between(this.#random, 0.2, 8);
  }

  /** A request to the API server: it is carried out even when its answer is lost, or nobody waits any more. */
  #call<T>(work: () => T): Promise<T> {
    const fault = this.#random() < this.#faults.callFails ? this.#random() : 1;
    return new Promise((resolve, reject) => {
      const lost = (): void => reject(new Error("connection reset in the simulation"));
      const carryOut = (): (() => void) => {
        if (fault < 0.5) return lost;
        try {
          const value = work();
          return fault < 1 ? lost : () => resolve(value);
        } catch (error) {
          return fault < 1 ? lost : () => reject(error);
        }
      };
      this.#time.after(this.#latency(), () => {
        const finish = carryOut();
        this.#time.after(this.#latency(), () => {
          if (this.alive) finish();
        });
      });
    });
  }

  #client(): KubeClient {
    const api = this.#api;
    const tamper = this.#faults.tamper ?? ((object: KubeObject) => object);
    const client: Pick<KubeClient, "get" | "list" | "create" | "replace" | "stream"> & Pick<KubeClient, "request"> = {
      get: async <T>(ref: ResourceRef, namespace: string | undefined, name: string) =>
        this.#call(() => api.get(ref.plural, namespace, name) as T),
      list: async <T>(ref: ResourceRef, _namespace?: string, { project }: ListOptions = {}) => {
        const { items, resourceVersion } = await this.#call(() => api.list(ref.plural));
        return { items: items.map((object) => project?.(object) ?? object) as T[], resourceVersion };
      },
      create: async <T>(ref: ResourceRef, _namespace: string | undefined, object: object) =>
        this.#call(() => api.create(ref.plural, tamper(object as KubeObject)) as T),
      replace: async <T extends KubeObject>(ref: ResourceRef, object: T) =>
        this.#call(() => api.replace(ref.plural, tamper(object)) as T),
      request: (async (_method: string, path: string, options: { body: { preconditions: Preconditions } }) => {
        const [plural = "", name = ""] = path.split("/").slice(-2);
        return this.#call(() => api.remove(plural, LEDGERS, name, options.body.preconditions));
      }) as unknown as KubeClient["request"],
      stream: (async (_method: string, path: string, options: { query: Record<string, string> }) =>
        this.#watch(path, Number(options.query["resourceVersion"]))) as unknown as KubeClient["stream"],
    };
    return client as KubeClient;
  }

  async #watch(path: string, after: number): Promise<Stream["lines"]> {
    if (await this.#call(() => this.#random() < this.#faults.brokenWatch)) throw gone();
    const plural = path.split("/").at(-1) ?? "";
    const ref = { apiVersion: "", kind: "", plural, namespaced: true };
    let lastAt = 0;
    let open = true;
    const deliver = (line: Buffer): void => {
      const lag =
        this.#random() < this.#faults.slowWatch ? between(this.#random, 0, this.#faults.slowWatchMs) : this.#latency();
      lastAt = Math.max(lastAt, this.#time.now + lag);
      this.#time.at(lastAt, () => stream.push(line));
    };
    const unsubscribe = this.#api.watch(ref, after, ({ line }) => deliver(line));
    const stream = streamOf(() => {
      open = false;
      unsubscribe();
    });
    this.#bookmarks(() => open, deliver);
    const brokenAfter = between(this.#random, 1_000, 200_000);
    this.#time.after(brokenAfter, () => stream.fail(new Error("the watch broke in the simulation")));
    this.#stop.signal.addEventListener("abort", () => stream.fail(new Error("killed")), { once: true });
    return stream.lines;
  }

  #bookmarks(isOpen: () => boolean, deliver: (line: Buffer) => void): void {
    this.#time.after(between(this.#random, 20_000, 40_000), () => {
      if (!isOpen()) return;
      const metadata = { name: "", resourceVersion: String(this.#api.version) };
      deliver(Buffer.from(`${JSON.stringify({ type: "BOOKMARK", object: { metadata } })}\n`));
      this.#bookmarks(isOpen, deliver);
    });
  }
}
