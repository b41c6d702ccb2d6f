import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { createLogger } from "../../../services/lib/log.ts";
import { eventually } from "../../support/eventually.ts";
import { type FaultKind, FaultProxy, type FaultRates, seededRandom } from "../../support/fault-proxy.ts";
import { labName, labUnderTest } from "../../support/lab.ts";
import { restartApiServer } from "./api-server.ts";
import { type Changes, type ChurnOptions, churn, fill } from "./churn.ts";
import { configMaps, fastClock, lines, Observer, type View } from "./observer.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const run = randomBytes(3).toString("hex");
const [first, second] = [`kube-a-${run}`, `kube-b-${run}`];
/** The namespace of each writer. */
const writers = [first, second, first, second];
const OBSERVERS = 72;
const FAULTS = 10_000;
const OF_EACH_KIND = 500;
/** After so many faults the API server is killed; the first kill finds lists and watches in their beginning. */
const KILLS: readonly number[] = [1_000, 4_000, 7_000];
const COLLECTIONS = 5;
/** What may come to be in use in each half of the faults: what is lost grows in both, what is made once only in one. */
const GROWTH_BYTES = 8 << 20;

/** Every watch ends by a fault; of lists, which take many requests, most have to get through. */
const watchRates: FaultRates = {
  ...{ "reset-before-request": 0.09, "reset-before-answer": 0.09, "half-line-reset": 0.17, "half-line-end": 0.12 },
  ...{ gone: 0.06, "gone-in-stream": 0.07, "error-in-stream": 0.09, busy: 0.08 },
  ...{ "status-500": 0.08, "status-503": 0.08, stall: 0.06, "stall-in-error": 0.01 },
};
const otherRates: FaultRates = {
  ...{ "reset-before-request": 0.005, "reset-before-answer": 0.005, "half-line-reset": 0.01, "half-line-end": 0.01 },
  ...{ gone: 0.06, busy: 0.01, "status-500": 0.005, "status-503": 0.005, stall: 0.002, "stall-in-error": 0.001 },
};
const important: readonly FaultKind[] = [
  ...(["reset-before-request", "reset-before-answer", "half-line-reset", "half-line-end", "gone"] as const),
  ...(["gone-in-stream", "error-in-stream", "busy", "status-500", "status-503", "stall"] as const),
];

const shortened = ({ metadata }: KubeObject): KubeObject => {
  const { name, namespace, uid, resourceVersion } = metadata;
  return {
    metadata: {
      name,
      ...(namespace && { namespace }),
      ...(uid && { uid }),
      ...(resourceVersion && { resourceVersion }),
    },
  };
};
const views: readonly View[] = [
  { namespace: first },
  { namespace: first, labelSelector: "tier=red" },
  { namespace: first, labelSelector: "tier in (red,blue)", project: shortened },
  { labelSelector: `run=${run}` },
  { namespace: second, project: shortened },
  { namespace: second, labelSelector: "tier!=red", fieldSelector: "metadata.name!=kube-root-ca.crt" },
];

/** What is known of objects, without the kind, which only a watch tells of each. */
const contents = (objects: Iterable<KubeObject>): unknown[] =>
  [...objects]
    .map(({ metadata, ...rest }) => ({ metadata, data: (rest as { data?: unknown }).data }))
    .sort((a, b) => (lines([a])[0] ?? "").localeCompare(lines([b])[0] ?? ""));

/** Bytes in use once everything that is not was collected: what is native is given back only after a collection. */
async function usedBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < COLLECTIONS; i++) {
    collect();
    await pause(200);
    const { heapUsed, external } = process.memoryUsage();
    least = Math.min(least, heapUsed + external);
  }
  return least;
}

/** Open sockets and servers of this process. */
function sockets(): number {
  const kinds = ["TCPSocketWrap", "TCPServerWrap", "TLSWrap"];
  return process.getActiveResourcesInfo().filter((kind) => kinds.includes(kind)).length;
}

describe(`ListWatch over ${FAULTS} faults and ${KILLS.length} restarts of the API server`, function () {
  this.timeout(900_000);
  let direct: KubeClient;
  let proxy: FaultProxy;
  let client: KubeClient;
  const stop = new AbortController();
  let watching: Promise<unknown> = Promise.resolve();
  const rejections: unknown[] = [];
  const onRejection = (reason: unknown): void => void rejections.push(reason);

  before(async function () {
    const lab = await labUnderTest();
    if (lab.endpoints.variant !== "built") this.skip();
    const upstream = kubeConfigFromFile(lab.endpoints.kubeconfig, lab.endpoints.context);
    direct = new KubeClient(upstream, { timeoutMs: 5_000 });
    for (const name of [first, second]) await direct.create(namespaces, undefined, { metadata: { name } });
    // As many objects from the beginning as there are later on, or more of them would look like a leak.
    await Promise.all([first, second].map((namespace, i) => fill(writing(namespace, writers.length + i))));
    const rates = { watch: watchRates, other: otherRates };
    proxy = await FaultProxy.start({ upstream, seed: 20_261_121, rates, delay: 0.1, rechunk: 0.3 });
    // Long enough for a busy machine: who gives up too early only makes more connections.
    client = new KubeClient(proxy.config, { timeoutMs: 8_000, maxSockets: OBSERVERS });
    process.on("unhandledRejection", onRejection);
  });
  const end = async (): Promise<void> => {
    stop.abort();
    await watching;
    client?.close();
    await proxy?.close();
    direct?.close();
  };
  after(async () => {
    process.off("unhandledRejection", onRejection);
    for (const name of [first, second]) await direct?.delete(namespaces, undefined, name);
    // Also when an expectation has failed: watches that go on would keep the process.
    await end();
  });

  const enough = (): boolean => proxy.total >= FAULTS && important.every((kind) => proxy.counts[kind] >= OF_EACH_KIND);
  const restartOnTheWay = async (kills: readonly number[]): Promise<void> => {
    for (const faults of kills) {
      while (proxy.total < faults) await pause(50, undefined, { signal: stop.signal });
      await restartApiServer(labName(), direct);
    }
  };
  const listed = async ({ namespace, labelSelector, fieldSelector, project }: View): Promise<KubeObject[]> => {
    const selectors = { ...(labelSelector && { labelSelector }), ...(fieldSelector && { fieldSelector }) };
    const options = { ...selectors, withoutManagedFields: true };
    const { items } = await direct.list<KubeObject>(configMaps, namespace, options);
    return project ? items.map(project) : items;
  };
  const observe = (): Observer[] => {
    const [clock, log] = [fastClock(50), createLogger({ write: () => {} })];
    return Array.from({ length: OBSERVERS }, (_, i) => {
      const view = views[i % views.length] ?? {};
      return new Observer({ client, view, clock, log, pageSize: 40 });
    });
  };
  const writing = (namespace: string, seed: number): ChurnOptions => {
    return { client: direct, namespace, labels: { run }, names: 150, pauseMs: 30, random: seededRandom(seed) };
  };
  /** Goes through faults until `done`, with changes and restarts. */
  const endure = async (done: () => boolean, kills: readonly number[]): Promise<Changes[]> => {
    proxy.spoil();
    const calm = new AbortController();
    const until = AbortSignal.any([calm.signal, stop.signal]);
    const seed = proxy.total;
    const changing = Promise.all(writers.map((namespace, i) => churn(writing(namespace, seed + i), until)));
    const restarting = restartOnTheWay(kills);
    const failed = restarting.then(() => false).catch(() => true);
    while (!done() && !(await Promise.race([failed, pause(50)]))) await pause(50);
    await restarting;
    calm.abort();
    const changes = await changing;
    proxy.heal();
    return changes;
  };
  /**
   * Has every observer run beside some work, and until it has what there is.
   * @returns what came of the work, and the bytes in use when nothing is on its way any more, which would hide what is lost
   */
  const running = async <T>(observers: readonly Observer[], work: () => Promise<T>): Promise<readonly [T, number]> => {
    const ending = new AbortController();
    const until = AbortSignal.any([ending.signal, stop.signal]);
    watching = Promise.all(observers.map(({ watch }) => watch.run(until)));
    const result = await work();
    const truths = await Promise.all(views.map(listed));
    for (const [i, { watch }] of observers.entries()) {
      const truth = lines(truths[i % views.length] ?? []).join();
      const isEqual = async (): Promise<true | undefined> => lines(watch.store.values()).join() === truth || undefined;
      await eventually(`observer ${i} is up to date`, isEqual, 30_000).catch(() => {});
    }
    ending.abort();
    await watching;
    return [result, await usedBytes()];
  };

  it("loses nothing, tells its handlers the truth, and leaks nothing", async () => {
    const socketsBefore = sockets();
    const observers = observe();
    proxy.heal();
    const [, atFirst] = await running(observers, async () => {});
    const half = (): boolean => proxy.total >= FAULTS / 2;
    const [early, between] = await running(observers, () => endure(half, KILLS.slice(0, 2)));
    const [late, atLast] = await running(observers, () => endure(enough, KILLS.slice(2)));

    const truths = await Promise.all(views.map(listed));
    for (const [i, observer] of observers.entries()) {
      const { watch, known, problems, view } = observer;
      const truth = truths[i % views.length] ?? [];
      assert.deepEqual(contents(watch.store.values()), contents(truth), `observer ${i}`);
      assert.deepEqual([problems, lines(known.values())], [[], lines(truth)], `observer ${i}`);
      if (view.labelSelector === undefined) {
        const written = [...early, ...late].filter((_, i) => writers[i % writers.length] === view.namespace);
        assert.deepEqual(observer.missed(written.flatMap(({ versions }) => versions)), [], `observer ${i}`);
      }
    }
    const made = [...early, ...late].reduce((sum, { versions, deletions }) => sum + versions.length + deletions, 0);
    assert.ok(made >= 2_000, `only ${made} changes were made`);
    const growth = [between - atFirst, atLast - between];
    assert.ok(Math.min(...growth) < GROWTH_BYTES, `${growth.join(" and ")} bytes more in use`);
    assert.ok(proxy.connections <= 2 * OBSERVERS, `${proxy.connections} connections for ${OBSERVERS} watches`);

    await end();
    await eventually("every socket is closed", async () => sockets() <= socketsBefore || undefined);
    assert.deepEqual(rejections, []);
  });
});
