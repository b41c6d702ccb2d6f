import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, ledgers, pods, restrictedPod } from "../../support/pods.ts";

const deployments: ResourceRef = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const [system, work] = ["carrel-system", "carrel-work"];
const group = `t-${randomBytes(3).toString("hex")}-chaos`;
const CREATIONS = 1000;
const QUOTA = 100;

interface Scaled extends KubeObject {
  readonly status?: { readonly readyReplicas?: number };
}

describe("quota while replicas are killed", () => {
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
    await eventually(`${replicas} replicas are ready`, async () => {
      const { status } = await client.get<Scaled>(deployments, system, "admission");
      return status?.readyReplicas === replicas ? true : undefined;
    });
  };
  const live = async (): Promise<readonly KubeObject[]> =>
    (await client.list<KubeObject>(pods, work, { labelSelector: `carrel.dev/group=${group}` })).items;
  const create = (dryRun: boolean): Promise<unknown> =>
    wide.create(pods, work, restrictedPod({ group, user: "ada", limits: { cpu: "1", memory: "1Mi" } }), { dryRun });
  /** Tries until there is a verdict: a call that a killed replica did not answer is none. */
  const verdict = async (): Promise<"created" | "refused"> => {
    for (;;) {
      const answer = await create(false).catch((error: unknown) => error);
      if (!(answer instanceof Error)) return "created";
      if (answer instanceof KubeError && answer.message.includes("quota exceeded")) return "refused";
      await pause(50);
    }
  };
  /** Kills a replica, again and again, until the signal. */
  const killing = async (signal: AbortSignal): Promise<number> => {
    let kills = 0;
    while (!signal.aborted) {
      const { items } = await client.list<KubeObject>(pods, system, {
        labelSelector: "app.kubernetes.io/name=admission",
      });
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
    await eventually("the webhook knows the group", () => create(true));
  });
  after(async () => {
    for (const { metadata } of await live()) await client.delete(pods, work, metadata.name, { gracePeriodSeconds: 0 });
    await client.delete(groups, undefined, group);
    await scale(2);
    wide.close();
  });

  it(`gives ${CREATIONS} creations over 3 replicas their answers, never over quota, and leaks nothing`, async () => {
    const stop = new AbortController();
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
