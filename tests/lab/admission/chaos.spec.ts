import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { untilGroupIsKnown } from "../../support/known-group.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, ledgers, pods, restrictedPod } from "../../support/pods.ts";

const deployments: ResourceRef = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const [system, work] = ["carrel-system", "carrel-work"];
const group = `t-${randomBytes(3).toString("hex")}-chaos`;
const CREATIONS = 1000;
const QUOTA = 100;

interface Scaled extends KubeObject {
  readonly status?: { readonly observedGeneration?: number; readonly readyReplicas?: number };
}

describe("quota while replicas are killed", function () {
  this.timeout(600_000);
  /** Of the killing, and of all that goes on. */
  const [stop, over] = [new AbortController(), new AbortController()];
  let client: KubeClient;
  let wide: KubeClient;

  const scale = async (replicas: number): Promise<void> => {
    await client.patch(
      deployments,
      system,
      "admission",
      { spec: { replicas } },
      { type: "merge", subresource: "scale" },
    );
    await eventually(
      `${replicas} replicas are ready`,
      async () => {
        const { metadata, status } = await client.get<Scaled>(deployments, system, "admission");
        // Until its controller has seen the change, the status is that of before.
        if (status?.observedGeneration !== metadata.generation) return undefined;
        return status?.readyReplicas === replicas ? true : undefined;
      },
      180_000,
    );
  };
  const live = async (): Promise<readonly KubeObject[]> =>
    (await client.list<KubeObject>(pods, work, { labelSelector: `carrel.dev/group=${group}` })).items;
  const create = (dryRun: boolean): Promise<unknown> =>
    wide.create(pods, work, restrictedPod({ group, user: "ada", limits: { cpu: "1", memory: "1Mi" } }), { dryRun });
  /** Tries until there is a verdict: a call that a killed replica did not answer is none. */
  const verdict = async (): Promise<"created" | "refused" | "none"> => {
    while (!over.signal.aborted) {
      const answer = await create(false).catch((error: unknown) => error);
      if (!(answer instanceof Error)) return "created";
      if (answer instanceof KubeError && answer.message.includes("quota exceeded")) return "refused";
      await pause(50);
    }
    return "none";
  };
  /** Kills a replica, again and again, until the signal. */
  const killing = async (signal: AbortSignal): Promise<number> => {
    let kills = 0;
    while (!signal.aborted) {
      const listed = client.list<KubeObject>(pods, system, { labelSelector: "app.kubernetes.io/name=admission" });
      // The next round asks again.
      const { items } = await listed.catch(() => ({ items: [] }));
      const victim = items[kills % Math.max(1, items.length)];
      if (victim) {
        await client.delete(pods, system, victim.metadata.name, { gracePeriodSeconds: 0 }).catch(() => undefined);
        kills++;
      }
      await pause(700, undefined, { signal }).catch(() => undefined);
    }
    return kills;
  };

  before(async () => {
    const lab = await labUnderTest();
    client = lab.client;
    wide = new KubeClient(kubeConfigFromFile(lab.endpoints.kubeconfig), { maxSockets: 64 });
    await scale(3);
    await createGroup(client, group, { quota: { cpu: String(QUOTA) } });
    await untilGroupIsKnown(client, group);
  });
  after(async () => {
    // Also when an expectation has failed: what goes on would be in the way of other tests.
    stop.abort();
    over.abort();
    await scale(2);
    for (const { metadata } of await live()) await client.delete(pods, work, metadata.name, { gracePeriodSeconds: 0 });
    await client.delete(groups, undefined, group);
    wide?.close();
  });

  it(`gives ${CREATIONS} creations over 3 replicas their answers, never over quota, and leaks nothing`, async () => {
    const kills = killing(stop.signal);
    const verdicts = await Promise.all(Array.from({ length: CREATIONS }, verdict));
    stop.abort();
    assert.ok((await kills) > 1, "no replica was killed");
    const there = (await live()).length;
    assert.ok(there <= QUOTA, `${there} pods live under a quota of ${QUOTA}`);
    assert.ok(verdicts.filter((each) => each === "created").length <= there);

    await eventually(
      "no reservation is left",
      async () => {
        const ledger = await client.get<KubeObject & { spec: { reservations?: unknown[] } }>(ledgers, system, group);
        return (ledger.spec.reservations?.length ?? 0) === 0 ? true : undefined;
      },
      75_000,
    );
    const rest = await Promise.all(Array.from({ length: QUOTA - there + 5 }, verdict));
    assert.equal(rest.filter((each) => each === "refused").length, 5);
    assert.equal((await live()).length, QUOTA);
  });
});
