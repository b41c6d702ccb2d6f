import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { isConflict } from "../../../services/lib/kube/errors.ts";
import { FaultProxy, type FaultRates } from "../../support/fault-proxy.ts";
import { labUnderTest } from "../../support/lab.ts";
import { configMaps } from "./observer.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const namespace = `kube-writes-${randomBytes(3).toString("hex")}`;
const CREATIONS = 1_000;
const COUNTERS = 20;
const STEPS = 25;

const rates: FaultRates = {
  ...{ "reset-before-request": 0.08, "reset-before-answer": 0.12, "half-line-reset": 0.08, "half-line-end": 0.08 },
  ...{ busy: 0.1, "status-500": 0.04, "status-503": 0.04, stall: 0.03, "stall-in-error": 0.02 },
};

type Counter = KubeObject & { readonly data: { readonly count: string; readonly attempt: string } };
type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

function outcome<T>(work: Promise<T>): Promise<Outcome<T>> {
  return work.then(
    (value): Outcome<T> => ({ ok: true, value }),
    (error: unknown): Outcome<T> => ({ ok: false, error }),
  );
}

describe("KubeClient's writes through a network that breaks", function () {
  this.timeout(400_000);
  let direct: KubeClient;
  let proxy: FaultProxy;
  let client: KubeClient;
  /** How often the API server was sent each attempt, by the name it carries. */
  const forwarded = new Map<string, number>();

  before(async () => {
    const lab = await labUnderTest();
    direct = lab.client;
    await direct.create(namespaces, undefined, { metadata: { name: namespace } });
    proxy = await FaultProxy.start({
      upstream: kubeConfigFromFile(lab.endpoints.kubeconfig, lab.endpoints.context),
      seed: 7,
      rates: { watch: {}, other: rates },
      delay: 0.1,
      rechunk: 0.3,
      onForwarded: (_method, _path, body) => {
        const [, attempt = ""] = /"attempt":"([^"]+)"/.exec(body.toString()) ?? [];
        forwarded.set(attempt, (forwarded.get(attempt) ?? 0) + 1);
      },
    });
    // Long enough for a busy machine: what is given up may still be on its way, and be made after the next.
    client = new KubeClient(proxy.config, { timeoutMs: 5_000 });
  });
  after(async () => {
    client?.close();
    await proxy?.close();
    await direct?.delete(namespaces, undefined, namespace);
  });

  const sentTwice = (): string[] => [...forwarded].filter(([, count]) => count > 1).map(([attempt]) => attempt);
  const inParallel = (work: (i: number) => Promise<void>, count: number): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, i) => work(i)));

  it("create an object at most once, and say so only when it is there", async () => {
    const said = new Map<string, Outcome<KubeObject>>();
    await inParallel(async (worker) => {
      for (let each = worker; each < CREATIONS; each += 20) {
        const attempt = `create-${each}`;
        const body = { metadata: { generateName: "made-", labels: { attempt } } };
        said.set(attempt, await outcome(client.create(configMaps, namespace, body)));
      }
    }, 20);
    const made = new Map<string, KubeObject[]>();
    for (const object of (await direct.list<KubeObject>(configMaps, namespace, { labelSelector: "attempt" })).items) {
      const attempt = object.metadata.labels?.["attempt"] ?? "";
      made.set(attempt, [...(made.get(attempt) ?? []), object]);
    }
    let [created, lost, refused] = [0, 0, 0];
    for (const [attempt, answer] of said) {
      const objects = made.get(attempt) ?? [];
      assert.ok(objects.length <= 1, `${attempt} made ${objects.length} objects`);
      if (answer.ok) {
        created++;
        assert.equal(answer.value.metadata.uid, objects[0]?.metadata.uid, attempt);
      } else if (objects.length === 1) lost++;
      else refused++;
    }
    assert.deepEqual([said.size, sentTwice()], [CREATIONS, []]);
    assert.ok(
      created > CREATIONS / 4 && lost > CREATIONS / 20 && refused > CREATIONS / 20,
      `${[created, lost, refused]}`,
    );
  });

  /** Counts one step up, again and again with the version that is known, until it is known to be made. */
  async function step(
    known: Counter,
    count: string,
  ): Promise<{ readonly now: Counter; readonly attempts: number; readonly lost: boolean }> {
    const { name } = known.metadata;
    for (let attempts = 1; ; attempts++) {
      const next = { ...known, data: { count, attempt: `${name}-${count}-${attempts}` } };
      const answer = await outcome(client.replace<Counter>(configMaps, next));
      if (answer.ok) return { now: answer.value, attempts, lost: false };
      if (!isConflict(answer.error)) continue;
      // Nobody else writes, so it was an attempt of ours whose answer was lost.
      const now = await direct.get<Counter>(configMaps, namespace, name);
      assert.deepEqual([now.data.count, attempts > 1], [count, true]);
      return { now, attempts, lost: true };
    }
  }

  it("replace by compare-and-swap: a lost answer shows as a conflict, and each step is made once", async () => {
    let [lost, again] = [0, 0];
    await inParallel(async (number) => {
      const name = `counter-${number}`;
      const data = { count: "0", attempt: "" };
      let known = await direct.create<Counter>(configMaps, namespace, { metadata: { name, namespace }, data });
      for (let count = 1; count <= STEPS; count++) {
        const made = await step(known, String(count));
        known = made.now;
        lost += Number(made.lost);
        again += made.attempts - 1;
      }
      const { data: last, metadata } = await direct.get<Counter>(configMaps, namespace, name);
      assert.deepEqual([last.count, metadata.resourceVersion], [String(STEPS), known.metadata.resourceVersion]);
    }, COUNTERS);
    assert.deepEqual(sentTwice(), []);
    assert.ok(lost > 50 && again > 50, `${lost} answers lost, ${again} attempts made again`);
  });

  it("patch at most once, and answer what the API server has stored", async () => {
    let [patched, failed] = [0, 0];
    await inParallel(async (number) => {
      const name = `patched-${number}`;
      await direct.create(configMaps, namespace, { metadata: { name }, data: { count: "0" } });
      let before = "0";
      for (let step = 1; step <= STEPS; step++) {
        const body = { data: { count: String(step), attempt: `${name}-${step}` } };
        const answer = await outcome(client.patch<Counter>(configMaps, namespace, name, body, { type: "merge" }));
        const stored = await direct.get<Counter>(configMaps, namespace, name);
        if (answer.ok) {
          patched++;
          assert.deepEqual([answer.value, stored.data.count], [stored, String(step)]);
        } else {
          failed++;
          assert.ok([before, String(step)].includes(stored.data.count), `${name}: ${before}, ${stored.data.count}`);
        }
        before = stored.data.count;
      }
    }, COUNTERS);
    assert.deepEqual(sentTwice(), []);
    assert.ok(patched > 100 && failed > 100, `${patched} patched, ${failed} failed`);
  });
});
