import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { KubeClient, type KubeObject, type ResourceRef } from "../../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../../services/lib/kube/config.ts";
import { eventually } from "../../support/eventually.ts";
import { untilGroupIsKnown } from "../../support/known-group.ts";
import { labUnderTest } from "../../support/lab.ts";
import { createGroup, groups, pods, restrictedPod } from "../../support/pods.ts";

const deployments: ResourceRef = { apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true };
const [system, work] = ["carrel-system", "carrel-work"];
const group = `t-${randomBytes(3).toString("hex")}-rollout`;
const CALLERS = 16;

interface Rolled extends KubeObject {
  readonly spec: { readonly replicas: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly replicas?: number;
    readonly updatedReplicas?: number;
    readonly readyReplicas?: number;
  };
}

/** Whether every pod is of the latest version, and none of another is left. */
function isRolledOut({ metadata, spec, status }: Rolled): boolean {
  const counts = [status?.replicas, status?.updatedReplicas, status?.readyReplicas];
  return status?.observedGeneration === metadata.generation && counts.every((count) => count === spec.replicas);
}

describe("a rolling restart of the webhook", function () {
  this.timeout(400_000);
  const stop = new AbortController();
  let client: KubeClient;
  let wide: KubeClient;
  const create = (): Promise<unknown> =>
    wide.create(pods, work, restrictedPod({ group, user: "ada", limits: { cpu: "1", memory: "1Mi" } }), {
      dryRun: true,
    });

  before(async () => {
    const lab = await labUnderTest();
    client = lab.client;
    wide = new KubeClient(kubeConfigFromFile(lab.endpoints.kubeconfig), { maxSockets: CALLERS });
    await createGroup(client, group, { quota: { cpu: "1" } });
    await untilGroupIsKnown(client, group);
  });
  after(async () => {
    // Also when an expectation has failed: callers that go on would keep the machine busy.
    stop.abort();
    await client.delete(groups, undefined, group);
    wide.close();
  });

  it("fails no call of the API server", async () => {
    let calls = 0;
    const failures: string[] = [];
    const caller = async (): Promise<void> => {
      while (!stop.signal.aborted) {
        calls++;
        await create().catch((error: Error) => failures.push(error.message));
      }
    };
    const callers = Array.from({ length: CALLERS }, caller);
    const annotations = { "carrel.dev/test-restarted-at": new Date().toISOString() };
    const template = { spec: { template: { metadata: { annotations } } } };
    await client.patch(deployments, system, "admission", template, { type: "merge", fieldManager: "rollout-test" });
    await eventually(
      "every replica is a new one",
      async () => (isRolledOut(await client.get<Rolled>(deployments, system, "admission")) ? true : undefined),
      120_000,
    );
    // The old ones go on draining when the Deployment counts them no more.
    await eventually("the old ones are gone", async () => {
      const { items } = await client.list<KubeObject>(pods, system, {
        labelSelector: "app.kubernetes.io/name=admission",
      });
      return items.length === 2 ? true : undefined;
    });
    stop.abort();
    await Promise.all(callers);
    assert.deepEqual(failures, []);
    assert.ok(calls > 500, `only ${calls} calls were made`);
  });
});
