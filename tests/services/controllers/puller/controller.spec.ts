import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { ControllerMetrics } from "../../../../services/controllers/metrics.ts";
import { PullController } from "../../../../services/controllers/puller/controller.ts";
import type { Clock } from "../../../../services/lib/clock.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import { createLogger } from "../../../../services/lib/log.ts";
import { PullApi } from "./pull-api.ts";

const DAEMON_SETS = "daemonsets";

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

const image = (name: string, reference = `registry.test/${name}:1`): KubeObject =>
  ({ metadata: { name }, spec: { reference } }) as unknown as KubeObject;

describe("PullController", () => {
  let api: PullApi;
  let clock: TestClock;
  let lines: string[];
  let metrics: ControllerMetrics;
  let stop: () => Promise<void>;

  /** Lets everything happen that needs no time. */
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 60; i++) await setImmediate();
  };
  const pass = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await settle();
  };
  const start = async (): Promise<void> => {
    const aborter = new AbortController();
    const controller = new PullController({
      ...{ kube: api.client, metrics, clock, random: () => 0.5 },
      log: createLogger({ write: (line) => void lines.push(line) }),
      settings: { namespace: "hub", pauseImage: "registry.test/pause:3", priorityClass: "low" },
      mirror: {
        rules: [{ from: "far.test", to: "near.test/far" }],
        exempt: ["registry.test"],
        onMissing: "refuse",
      },
    });
    const running = controller.run(aborter.signal);
    stop = async () => {
      aborter.abort();
      await running;
    };
    await settle();
    await pass(1_000);
  };
  const pulledBy = (name: string): unknown => {
    const found = api.object(DAEMON_SETS, name) as
      | { spec: { template: { spec: { initContainers: { image: string }[] } } } }
      | undefined;
    return found?.spec.template.spec.initContainers[0]?.image;
  };
  const warnings = (): string[] =>
    lines.map((line) => JSON.parse(line) as { msg?: string; reason?: string }).flatMap(({ reason }) => reason ?? []);

  beforeEach(() => {
    [api, clock, lines, metrics] = [new PullApi(), new TestClock(), [], new ControllerMetrics()];
  });
  afterEach(() => stop());

  it("follows images as they come, change and go", async () => {
    api.put("images", image("base"));
    await start();
    assert.equal(pulledBy("image-puller-base"), "registry.test/base:1");
    api.put("images", image("scipy"));
    api.put("images", image("base", "registry.test/base:2"));
    await pass(1_000);
    assert.deepEqual(
      [pulledBy("image-puller-base"), pulledBy("image-puller-scipy")],
      ["registry.test/base:2", "registry.test/scipy:1"],
    );
    api.remove("images", "base");
    await pass(1_000);
    assert.deepEqual(api.writes.toSorted(), [
      "create image-puller-base",
      "create image-puller-scipy",
      "delete image-puller-base",
      "replace image-puller-base",
    ]);
  });

  it("does nothing more, however often it looks and is started", async () => {
    api.put("images", image("base"));
    await start();
    await pass(300_000);
    await stop();
    await start();
    await pass(300_000);
    assert.deepEqual(api.writes, ["create image-puller-base"]);
  });

  it("makes again what somebody removed", async () => {
    api.put("images", image("base"));
    await start();
    api.remove(DAEMON_SETS, "image-puller-base");
    await pass(1_000);
    assert.deepEqual(api.writes, ["create image-puller-base", "create image-puller-base"]);
  });

  for (const kind of ["images", "nodes", "instancetypes", DAEMON_SETS])
    it(`does nothing while it does not know the ${kind}`, async () => {
      api.put("images", image("base"));
      await start();
      await stop();
      api.put("images", image("scipy"));
      api.unlisted = kind;
      await start();
      await pass(60_000);
      assert.deepEqual(api.writes, ["create image-puller-base"]);
    });

  it("follows nodes and types: what is for an accelerator goes where it is, and nothing changes for a heartbeat", async () => {
    const node = (seen: string, gpus: string): KubeObject =>
      ({
        metadata: { name: "n1", labels: { "kubernetes.io/hostname": "n1" } },
        status: { allocatable: { "nvidia.com/gpu": gpus }, conditions: [{ type: "Ready", lastHeartbeatTime: seen }] },
      }) as unknown as KubeObject;
    const variants = [{ accelerator: "nvidia.com/gpu", reference: "registry.test/gpu:1" }];
    const tolerations = [{ key: "gpu", operator: "Exists" }];
    api.put("images", { ...image("base"), spec: { reference: "registry.test/base:1", variants } } as KubeObject);
    api.put("nodes", node("1", "0"));
    await start();
    assert.deepEqual(api.writes, ["create image-puller-base"]);
    api.put("instancetypes", {
      metadata: { name: "gpu" },
      spec: { cpu: "1", memory: "1Gi", resources: { "nvidia.com/gpu": 1 }, tolerations },
    } as KubeObject);
    api.put("nodes", node("2", "1"));
    await pass(1_000);
    const [, made = ""] = api.writes;
    assert.match(made, /^create image-puller-base-nvidia-com-gpu-[0-9a-f]{8}$/);
    const { spec } = api.object(DAEMON_SETS, made.slice("create ".length)) as unknown as {
      spec: { template: { spec: { tolerations: unknown } } };
    };
    assert.deepEqual(spec.template.spec.tolerations, tolerations);
    api.put("nodes", node("3", "1"));
    await pass(1_000);
    assert.equal(api.writes.length, 2);
    api.remove("nodes", "n1");
    await pass(1_000);
    assert.deepEqual(api.writes.slice(2), [made.replace("create", "delete")]);
  });

  it("leaves somebody else's of the same name, and of its labels' half", async () => {
    const theirs = { spec: { theirs: true }, metadata: { name: "image-puller-base", labels: {} } };
    const half = { metadata: { name: "image-puller-old", labels: { "app.kubernetes.io/name": "image-puller" } } };
    api.put(DAEMON_SETS, theirs);
    api.put(DAEMON_SETS, half);
    api.put("images", image("base"));
    api.put("images", image("scipy"));
    await start();
    await pass(60_000);
    assert.deepEqual((api.object(DAEMON_SETS, "image-puller-base") as unknown as typeof theirs).spec, { theirs: true });
    assert.deepEqual(api.writes, ["create image-puller-scipy"]);
    const said = "DaemonSet image-puller-base in hub was not made here: delete it, and its image is pulled beforehand";
    assert.ok(warnings().includes(said), lines.join("\n"));
  });

  it("pulls the others where one is refused, and tries again", async () => {
    api.refused = "image-puller-base";
    api.put("images", image("base"));
    api.put("images", image("scipy"));
    await start();
    assert.deepEqual(api.writes, ["create image-puller-scipy"]);
    api.refused = undefined;
    await pass(60_000);
    assert.deepEqual(api.writes, ["create image-puller-scipy", "create image-puller-base"]);
  });

  it("pulls from where servers do, and says once what they are refused", async () => {
    api.put("images", image("far", "far.test/a:1"));
    api.put("images", image("other", "other.test/b:1"));
    await start();
    await pass(300_000);
    assert.deepEqual([pulledBy("image-puller-far"), api.writes], ["near.test/far/a:1", ["create image-puller-far"]]);
    const said = warnings().filter((text) => text.startsWith("other: "));
    assert.equal(said.length, 1, lines.join("\n"));
  });
});
