import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { KubeClient, KubeObject, ResourceRef } from "../../../services/lib/kube/client.ts";
import { KubeError } from "../../../services/lib/kube/errors.ts";
import { eventually } from "../../support/eventually.ts";
import { labUnderTest } from "../../support/lab.ts";
import { pods, restrictedPod } from "../../support/pods.ts";

const namespaces: ResourceRef = { apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false };
const OPT_INS = [
  "primehub.io/resources-validation-webhook",
  "primehub.io/image-mutation-webhook",
  "carrel.dev/pod-defaults",
];
const system = "carrel-system";
const managed = `own-${randomBytes(3).toString("hex")}`;
const selector = { labelSelector: "app.kubernetes.io/name=admission" };

interface Pod extends KubeObject {
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

const isReady = ({ status }: Pod): boolean =>
  status?.conditions?.some(({ type, status: value }) => type === "Ready" && value === "True") ?? false;

describe("the platform's own namespace, labelled by hand", function () {
  this.timeout(400_000);
  let client: KubeClient;
  const label = (name: string, value: string | null): Promise<unknown> => {
    const labels = Object.fromEntries(OPT_INS.map((key) => [key, value]));
    return client.patch(namespaces, undefined, name, { metadata: { labels } }, { type: "merge" });
  };
  /** What becomes of a pod that belongs to nobody, which quota refuses wherever it is asked. */
  const orphan = (namespace: string): Promise<KubeObject> =>
    client.create(pods, namespace, restrictedPod({}), { dryRun: true });
  const replicas = async (): Promise<Pod[]> => (await client.list<Pod>(pods, system, selector)).items;

  before(async () => {
    ({ client } = await labUnderTest());
    await client.create(namespaces, undefined, {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: managed },
    });
    await label(managed, "enabled");
    await label(system, "enabled");
    // The API server learns of both labels by the same watch.
    await eventually("quota is asked about a namespace that was labelled no later", async () => {
      const answer = await orphan(managed).catch((error: unknown) => error);
      return answer instanceof KubeError && answer.message.includes("quota.carrel.dev") ? true : undefined;
    });
  });
  after(async () => {
    await label(system, null);
    await client.delete(namespaces, undefined, managed);
  });

  it("is not asked about", async () => {
    const pod = await orphan(system);
    assert.equal(pod.metadata.namespace, system);
  });

  it("gets its webhook pods back after all of them are gone", async () => {
    const before = await replicas();
    assert.ok(before.length >= 2, "there are not two replicas to kill");
    const gone = new Set(before.map(({ metadata }) => metadata.uid));
    await Promise.all(
      before.map(({ metadata }) => client.delete(pods, system, metadata.name, { gracePeriodSeconds: 0 })),
    );
    await eventually(
      "two other replicas are ready",
      async () => {
        const ready = (await replicas()).filter((pod) => isReady(pod) && !gone.has(pod.metadata.uid));
        return ready.length >= 2 ? true : undefined;
      },
      120_000,
    );
    await eventually("quota answers again", async () => {
      const answer = await orphan(managed).catch((error: unknown) => error);
      return answer instanceof KubeError && answer.message.includes("carrel.dev/group") ? true : undefined;
    });
  });
});
