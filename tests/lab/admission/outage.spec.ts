import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, pods, restrictedPod } from "../../support/pods.ts";

const nodes: ResourceRef = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
const run = randomBytes(3).toString("hex");
const selector = { labelSelector: "app.kubernetes.io/name=admission" };

interface Pod extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

async function cordon(client: KubeClient, unschedulable: boolean): Promise<void> {
  const { items } = await client.list<KubeObject>(nodes);
  await Promise.all(
    items.map(({ metadata }) =>
      client.patch(nodes, undefined, metadata.name, { spec: { unschedulable } }, { type: "merge" }),
    ),
  );
}

async function readyPods(client: KubeClient): Promise<number> {
  const { items } = await client.list<Pod>(pods, "carrel-system", selector);
  return items.filter((pod) =>
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True"),
  ).length;
}

describe("quota.carrel.dev without any webhook pod", function () {
  this.timeout(400_000);
  let client: KubeClient;
  const group = `t-${run}-outage`;
  const create = (namespace: string, name: string): Promise<KubeObject> =>
    client.create<KubeObject>(
      pods,
      namespace,
      restrictedPod({ name, group, user: "ada", limits: { cpu: "1", memory: "1Mi" } }),
    );

  before(async () => {
    ({ client } = await labUnderTest());
    await createGroup(client, group, { quota: { cpu: "2" } });
  });
  after(async () => {
    await cordon(client, false);
    for (const [namespace, name] of [
      ["carrel-work", "back"],
      ["carrel-work", "out"],
      ["default", "free"],
    ] as const) {
      await client.delete(pods, namespace, `${name}-${run}`, { gracePeriodSeconds: 0 }).catch(() => undefined);
    }
    await client.delete(groups, undefined, group);
  });

  it("refuses in managed namespaces, leaves others alone, and recovers by itself", async () => {
    await cordon(client, true);
    const { items } = await client.list<KubeObject>(pods, "carrel-system", selector);
    assert.ok(items.length >= 2, "there are not two replicas to kill");
    await Promise.all(
      items.map(({ metadata }) => client.delete(pods, "carrel-system", metadata.name, { gracePeriodSeconds: 0 })),
    );

    const refusal = await eventually("the API server finds nobody to ask", async () => {
      const answer = await create("carrel-work", `out-${run}`).catch((error: unknown) => error);
      if (answer instanceof KubeError && answer.message.includes("failed calling webhook")) return answer;
      if (!(answer instanceof Error)) await client.delete(pods, "carrel-work", `out-${run}`, { gracePeriodSeconds: 0 });
      return undefined;
    });
    assert.match(refusal.message, /failed calling webhook "quota\.carrel\.dev"/);
    await create("default", `free-${run}`);
    await client.delete(pods, "default", `free-${run}`, { gracePeriodSeconds: 0 });

    await cordon(client, false);
    await eventually(
      "two replicas are ready",
      async () => ((await readyPods(client)) >= 2 ? true : undefined),
      120_000,
    );
    const back = await eventually("pods are created again", () => create("carrel-work", `back-${run}`));
    assert.equal(back.metadata.name, `back-${run}`);
  });
});
