import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { ClaimController } from "../../../../services/controllers/claims/controller.ts";
import { ORPHANED_SINCE } from "../../../../services/controllers/claims/plan.ts";
import { ControllerMetrics } from "../../../../services/controllers/metrics.ts";
import type { Clock } from "../../../../services/lib/clock.ts";
import { createLogger } from "../../../../services/lib/log.ts";
import { ClaimApi } from "./claim-api.ts";

const CLAIMS = "persistentvolumeclaims";
const SWEEP_MS = 300_000;

/** Time that goes on only when it is told to. */
class TestClock implements Clock {
  #nowMs = 0;
  readonly #sleeping = new Set<{ readonly untilMs: number; readonly wake: () => void }>();
  now = (): number => this.#nowMs;
  monotonicMs = (): number => this.#nowMs;

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const sleeper = {
        untilMs: this.#nowMs + ms,
        wake: () => {
          this.#sleeping.delete(sleeper);
          resolve();
        },
      };
      this.#sleeping.add(sleeper);
      signal?.addEventListener("abort", sleeper.wake);
    });
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    for (const { untilMs, wake } of [...this.#sleeping]) if (untilMs <= this.#nowMs) wake();
  }
}

const group = (name: string, size: string | null | undefined, annotations?: Record<string, string>): object => ({
  metadata: { name, ...(annotations && { annotations }) },
  spec: size === undefined ? {} : { volume: { size } },
});
const volume = (name: string, spec: object): object => ({ metadata: { name, namespace: "work" }, spec });

describe("ClaimController", () => {
  let api: ClaimApi;
  let clock: TestClock;
  let metrics: ControllerMetrics;
  let told: string[];
  let controller: ClaimController;
  let stop: () => Promise<void>;

  /** Lets everything happen that needs no time. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 60; i++) await setImmediate();
  };
  const start = async (): Promise<void> => {
    const aborter = new AbortController();
    controller = new ClaimController({
      ...{ kube: api.client, metrics, clock, workNamespace: "work", random: () => 0.5 },
      log: createLogger({ write: () => {} }),
      events: { write: async ({ name }, { type, reason }) => void told.push(`${type} ${reason} ${name}`) },
      defaults: { storageClass: "nfs", accessMode: "ReadWriteMany" },
    });
    const running = controller.run(aborter.signal);
    stop = async () => {
      aborter.abort();
      await running;
    };
    await settle();
    clock.advance(1_000);
    await settle();
  };
  const sweep = async (): Promise<void> => {
    clock.advance(SWEEP_MS);
    await settle();
  };
  const some = (): object => Object.fromEntries(Object.entries(controller.counts).filter(([, count]) => count > 0));
  const sizeOf = (name: string): string | undefined => api.claim(name)?.spec.resources?.requests?.storage;

  beforeEach(() => {
    [api, clock, metrics, told] = [new ClaimApi(), new TestClock(), new ControllerMetrics(), []];
  });
  afterEach(() => stop());

  it("makes the claims of what is there and of what comes, and says so", async () => {
    api.put("groups", group("physics", "200Gi"));
    api.put("groups", group("maths", undefined));
    await start();
    api.put("volumes", { ...volume("corpus", { kind: "pvc", size: "50Gi", mountPath: "/c" }) });
    api.put("volumes", volume("theirs", { kind: "pvc", claimName: "theirs", mountPath: "/t" }));
    await settle();
    assert.deepEqual(some(), { bound: 2 });
    assert.deepEqual(api.claim("group-physics")?.spec, {
      ...{ accessModes: ["ReadWriteMany"], storageClassName: "nfs" },
      resources: { requests: { storage: "200Gi" } },
    });
    const ready = { status: "True", reason: "Bound", message: "", observedGeneration: 1 };
    assert.deepEqual([api.condition("groups", "physics"), api.condition("volumes", "corpus")], [ready, ready]);
    assert.deepEqual([api.condition("groups", "maths"), api.condition("volumes", "theirs")], [undefined, undefined]);
    assert.deepEqual(told, ["Normal ClaimMade group-physics", "Normal ClaimMade volume-corpus"]);
  });

  it("does nothing more, however often it looks and however often it is started", async () => {
    api.put("groups", group("physics", "200Gi"));
    await start();
    const writes = [...api.writes];
    assert.deepEqual(writes, ["create group-physics", "status physics"]);
    await sweep();
    await stop();
    await start();
    await sweep();
    assert.deepEqual(api.writes, writes);
    assert.deepEqual(some(), { bound: 1 });
  });

  it("grows a claim, keeps one that is larger, and says which", async () => {
    api.put("groups", group("physics", "1Gi"));
    await start();
    api.put("groups", group("physics", "2Gi"));
    await settle();
    assert.equal(sizeOf("group-physics"), "2Gi");
    api.put("groups", group("physics", "1Gi"));
    await settle();
    assert.equal(sizeOf("group-physics"), "2Gi");
    const { message } = api.condition("groups", "physics") as { message: string };
    assert.match(message, /^it has 2Gi, more than the 1Gi that are asked for: a claim never shrinks/);
    assert.deepEqual(told, ["Normal ClaimMade group-physics", "Normal ClaimGrown group-physics"]);
    assert.match(metrics.render({ queues: [], isBootstrapGone: true }), /carrel_claim_changes_total\{kind="grown"\} 1/);
  });

  it("tells once that a class cannot grow, and tries again", async () => {
    api.put("groups", group("physics", "1Gi"));
    await start();
    api.refusal = "the storageclass must support resize";
    api.put("groups", group("physics", "2Gi"));
    await settle();
    await sweep();
    assert.deepEqual(some(), { refused: 1 });
    assert.deepEqual(api.condition("groups", "physics"), {
      ...{ status: "False", reason: "NotGrown", observedGeneration: 2 },
      message: "claim group-physics stays at 1Gi, and is mounted as before: the storageclass must support resize",
    });
    assert.deepEqual(told, ["Normal ClaimMade group-physics", "Warning ClaimNotGrown group-physics"]);
    api.refusal = undefined;
    await sweep();
    assert.deepEqual([sizeOf("group-physics"), some()], ["2Gi", { bound: 1 }]);
  });

  it("waits with growth until there is a volume", async () => {
    api.binds = false;
    api.put("groups", group("physics", "1Gi"));
    await start();
    api.put("groups", group("physics", "2Gi"));
    await settle();
    assert.deepEqual([some(), sizeOf("group-physics")], [{ pending: 1 }, "1Gi"]);
    const claim = api.claim("group-physics") ?? assert.fail();
    api.put(CLAIMS, { ...claim, status: { phase: "Bound", capacity: { storage: "1Gi" } } });
    await settle();
    assert.equal(sizeOf("group-physics"), "2Gi");
  });

  it("leaves a claim of somebody else alone, until it is gone", async () => {
    const theirs = { metadata: { name: "group-physics", namespace: "work" }, spec: { a: 1 } };
    api.put(CLAIMS, theirs);
    api.put("groups", group("physics", "1Gi"));
    await start();
    await sweep();
    assert.deepEqual((api.claim("group-physics") as object as typeof theirs).spec, { a: 1 });
    assert.deepEqual(some(), { foreign: 1 });
    assert.deepEqual(told, ["Warning ClaimNotOurs group-physics"]);
    assert.match(JSON.stringify(api.condition("groups", "physics")), /claim group-physics that Carrel has not made/);
    api.remove(CLAIMS, "group-physics");
    await sweep();
    assert.deepEqual(some(), { bound: 1 });
  });

  it("keeps the claim of a group that is gone or wants none, tells it once, and takes it up again", async () => {
    api.put("groups", group("physics", "1Gi"));
    api.put("groups", group("maths", "1Gi"));
    await start();
    api.remove("groups", "physics");
    api.put("groups", group("maths", null));
    await settle();
    await sweep();
    await stop();
    await start();
    assert.deepEqual(some(), { orphaned: 2 });
    assert.deepEqual(told.slice(2), ["Warning OrphanedClaim group-physics", "Warning OrphanedClaim group-maths"]);
    assert.equal(api.claim("group-physics")?.metadata.annotations?.[ORPHANED_SINCE], "1970-01-01T00:00:01.000Z");
    assert.equal(api.condition("groups", "maths"), undefined);
    api.put("groups", group("physics", "1Gi"));
    await settle();
    assert.deepEqual(some(), { bound: 1, orphaned: 1 });
    assert.deepEqual(api.claim("group-physics")?.metadata.annotations, { "carrel.dev/group-name": "physics" });
    api.remove(CLAIMS, "group-maths");
    await settle();
    assert.deepEqual(some(), { bound: 1 });
  });

  it("takes no claim for an orphan before it knows all that may ask for it", async () => {
    api.put("groups", group("physics", "1Gi"));
    await start();
    await stop();
    const writes = [...api.writes];
    api.unlisted = "groups";
    await start();
    assert.deepEqual([some(), api.writes], [{}, writes]);
    api.unlisted = undefined;
    clock.advance(5_000);
    await settle();
    clock.advance(5_000);
    await settle();
    assert.deepEqual([some(), api.writes], [{ bound: 1 }, writes]);
  });

  it("reads no claims but those that are made here: there is one for each home", async () => {
    await start();
    const lists = ["groups", "persistentvolumeclaims app.kubernetes.io/managed-by=carrel", "volumes"];
    assert.deepEqual([...api.lists].sort(), lists);
  });

  it("tells what cannot be a claim, and touches nothing for it", async () => {
    api.put("groups", group("physics", "0"));
    api.put("groups", group("wrong", "1Gi", { "carrel.dev/group-name": "Physics" }));
    await start();
    assert.deepEqual(some(), { invalid: 2 });
    assert.deepEqual(api.condition("groups", "physics"), {
      ...{ status: "False", reason: "Invalid", observedGeneration: 1 },
      message: "spec.volume.size is 0: a claim has more than 0 bytes; leave the size out to have no claim",
    });
    assert.equal(api.claim("group-physics"), undefined);
  });

  it("tells a claim that the API server refuses, and fails where it merely cannot", async () => {
    api.put("groups", group("physics", "1Gi"));
    api.refusal = "exceeded quota";
    await start();
    assert.deepEqual([some(), told], [{ refused: 1 }, ["Warning ClaimNotMade group-physics"]]);
    assert.equal(controller.queue.failing, 0);
    const { create } = api.client;
    const broken = { ...api.client, create: () => Promise.reject(new Error("no route")) };
    await stop();
    Object.defineProperty(api, "client", { value: broken, configurable: true });
    await start();
    assert.equal(controller.queue.failing, 1);
    api.refusal = undefined;
    broken.create = create as never;
    clock.advance(60_000);
    await settle();
    assert.deepEqual([controller.queue.failing, some()], [0, { bound: 1 }]);
  });
});
