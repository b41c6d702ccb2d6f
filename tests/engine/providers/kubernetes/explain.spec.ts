import assert from "node:assert/strict";
import { explain } from "../../../../lab/engine/providers/kubernetes/explain.ts";
import type { KubeClient } from "../../../../services/lib/kube/client.ts";

const GONE = "unable to retrieve container logs for containerd://19b982a6";
const deployment = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  metadata: { name: "app", namespace: "work" },
  spec: { selector: { matchLabels: { app: "app" } } },
};
const crashing = (restartCount: number): object => ({
  metadata: { name: "app-1", namespace: "work" },
  status: {
    containerStatuses: [
      {
        ...{ name: "main", ready: false, restartCount },
        state: { waiting: { reason: "CrashLoopBackOff" } },
        lastState: { terminated: { reason: "Error", exitCode: 3 } },
      },
    ],
  },
});

interface Logs {
  readonly previous: string;
  readonly current: string;
}

/** What is told of a container that crashed so often, whose logs the kubelet answers with. */
async function told(restartCount: number, logs: Logs): Promise<string[]> {
  const client = {
    list: async ({ kind }: { kind: string }) => ({ items: kind === "Pod" ? [crashing(restartCount)] : [] }),
    request: async (_method: string, _path: string, { query }: { query: { previous: boolean } }) =>
      query.previous ? logs.previous : logs.current,
  };
  return await explain(client as unknown as KubeClient, deployment);
}

const state = (restarts: string): string =>
  `pod app-1, container main: waiting: CrashLoopBackOff; last exit code 3 (Error)${restarts}`;

describe("why an object is not ready: logs of a container that crashes", () => {
  it("are those of the start before", async () => {
    const lines = await told(2, { previous: "one\n\nbye\n", current: "starting\n" });
    assert.deepEqual(lines, [state("; 2 restarts"), "  log: one", "  log: bye"]);
  });

  it("are those of the first start where there was none before", async () => {
    assert.deepEqual(await told(0, { previous: GONE, current: "bye\n" }), [state(""), "  log: bye"]);
  });

  it("are those of the last start where the kubelet has removed the one before", async () => {
    assert.deepEqual(await told(2, { previous: GONE, current: "bye\n" }), [state("; 2 restarts"), "  log: bye"]);
  });

  it("are left out where there are none any more", async () => {
    assert.deepEqual(await told(2, { previous: GONE, current: GONE }), [state("; 2 restarts")]);
  });
});
