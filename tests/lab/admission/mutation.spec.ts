import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { untilGroupIsKnown } from "../../support/known-group.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, pods, restrictedPod } from "../../support/pods.ts";

const namespace = "carrel-work";
const run = randomBytes(3).toString("hex");
const group = `t-${run}-mutation`;
const podDefaults: ResourceRef = {
  apiVersion: "kubeflow.org/v1alpha1",
  kind: "PodDefault",
  plural: "poddefaults",
  namespaced: true,
};

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };

interface Pod extends KubeObject {
  readonly spec: {
    readonly containers: readonly { readonly name: string; readonly env?: readonly object[] }[];
    readonly initContainers?: readonly { readonly name: string }[];
  };
}

interface Reported extends KubeObject {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly message?: string }[];
  };
}

describe("mutating webhooks on the API server", () => {
  let client: KubeClient;
  const limits = { cpu: "1", memory: "1Mi" };
  const pod = (change: (pod: Record<string, unknown>) => object, dryRun = true): Promise<Pod> =>
    client.create<Pod>(pods, namespace, change(restrictedPod({ group, user: "ada", limits })), { dryRun });

  before(async () => {
    ({ client } = await labUnderTest());
    await createGroup(client, group, { quota: { cpu: "4", pods: 2 } });
    await client.create(podDefaults, namespace, {
      apiVersion: "kubeflow.org/v1alpha1",
      kind: "PodDefault",
      metadata: { name: `proxy-${run}` },
      spec: {
        desc: "the way out",
        selector: { matchLabels: { proxy: run } },
        env: [{ name: "HTTPS_PROXY", value: "http://proxy.example:3128" }],
      },
    });
    await untilGroupIsKnown(client, group);
  });
  after(async () => {
    const { items } = await client.list<KubeObject>(pods, namespace, { labelSelector: `carrel.dev/group=${group}` });
    for (const { metadata } of items) await client.delete(pods, namespace, metadata.name, { gracePeriodSeconds: 0 });
    await client.delete(podDefaults, namespace, `proxy-${run}`);
    await client.delete(groups, undefined, group);
  });

  const labelled = (made: Record<string, unknown>): object => {
    const metadata = made["metadata"] as { labels: object };
    return { ...made, metadata: { ...metadata, labels: { ...metadata.labels, proxy: run } } };
  };

  it("give a pod what a PodDefault that selects it has, and others nothing", async () => {
    const selected = await eventually("the webhook knows the PodDefault", async () => {
      const made = await pod(labelled);
      return made.spec.containers[0]?.env ? made : undefined;
    });
    assert.deepEqual(selected.spec.containers[0]?.env, [{ name: "HTTPS_PROXY", value: "http://proxy.example:3128" }]);
    const other = await pod((made) => made);
    assert.equal(other.spec.containers[0]?.env, undefined);
  });

  it("give it in one call with the mirror where the namespace has both", async () => {
    const both = `t-${run}-both`;
    const labels = { "carrel.dev/pod-defaults": "enabled", "primehub.io/image-mutation-webhook": "enabled" };
    await client.create(namespaces, undefined, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: both, labels },
    });
    try {
      const { apiVersion, kind } = podDefaults;
      const [main] = (restrictedPod({})["spec"] as { containers: object[] }).containers;
      const spec = { selector: {}, sidecars: [{ ...main, name: "log" }] };
      await client.create(podDefaults, both, { apiVersion, kind, metadata: { name: "log" }, spec });
      const names = await eventually("the webhook knows the PodDefault", async () => {
        const made = await client.create<Pod>(pods, both, restrictedPod({}), { dryRun: true });
        return made.spec.containers.length > 1 ? made.spec.containers.map(({ name }) => name) : undefined;
      });
      assert.deepEqual(names, ["main", "log"]);
    } finally {
      await client.delete(namespaces, undefined, both);
    }
  });

  it("leave out a PodDefault that cannot be used, and say so in its status", async () => {
    const name = `bad-${run}`;
    const selector = { matchLabels: { "no label key": "x" } };
    const { apiVersion, kind } = podDefaults;
    await client.create(podDefaults, namespace, { apiVersion, kind, metadata: { name }, spec: { selector } });
    try {
      const condition = await eventually("the status says it", async () => {
        const { status } = await client.get<Reported>(podDefaults, namespace, name);
        return status?.conditions?.find(({ type }) => type === "Usable");
      });
      const message = 'spec.selector.matchLabels has the key "no label key", which is no label key';
      assert.deepEqual([condition.status, condition.message], ["False", message]);
      await pod(labelled);
    } finally {
      await client.delete(podDefaults, namespace, name);
    }
  });

  it("take the guard out of a pod, and nothing else", async () => {
    const guarded = await pod((made) => {
      const spec = made["spec"] as { containers: { name: string; image: string }[] };
      const [main] = spec.containers;
      const init = ["first", "admission-is-not-found", "last"].map((name) => ({ ...main, name }));
      return { ...made, spec: { ...spec, initContainers: init } };
    });
    assert.deepEqual(
      guarded.spec.initContainers?.map(({ name }) => name),
      ["first", "last"],
    );
  });

  it("leave quota to count pods, and their growth in place", async () => {
    const first = await pod((made) => made, false);
    const grow = (cpu: string): Promise<unknown> => {
      const resources = { limits: { cpu, memory: "1Mi" }, requests: { cpu, memory: "1Mi" } };
      const change = { spec: { containers: [{ name: "main", resources }] } };
      return client.patch(pods, namespace, first.metadata.name, change, { type: "strategic", subresource: "resize" });
    };
    await grow("3");
    const more = restrictedPod({ group, user: "ada", limits: { cpu: "2", memory: "1Mi" } });
    await eventually("the new size counts", async () => {
      const answer = await client.create(pods, namespace, more, { dryRun: true }).catch((error: unknown) => error);
      return answer instanceof KubeError && answer.message.includes("used 3, requested 2") ? true : undefined;
    });
    await assert.rejects(grow("5"), /group "[^"]+": cpu quota 4, used 3, requested 2/);
    await pod((made) => made, false);
    await assert.rejects(
      client.create(pods, namespace, restrictedPod({ group, user: "ada", limits: { cpu: "1m", memory: "1Mi" } })),
      /pods quota 2, used 2, requested 1/,
    );
  });
});
