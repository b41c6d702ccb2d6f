import type { KubeClient } from "../../services/lib/kube/client.ts";
import { KubeError } from "../../services/lib/kube/errors.ts";
import { eventually } from "./eventually.ts";
import { pods, restrictedPod } from "./pods.ts";

/** The API server needs a connection for each of so many calls at once, and connections go to every replica. */
const CALLS = 16;

/** Waits until every replica of the webhook knows a group: each has a watch of its own, a moment behind the API server. */
export async function untilGroupIsKnown(client: KubeClient, group: string, namespace = "carrel-work"): Promise<void> {
  const pod = restrictedPod({ group, user: "ada", limits: { cpu: "1m", memory: "1Mi" } });
  const isKnown = (): Promise<boolean> =>
    client.create(pods, namespace, pod, { dryRun: true }).then(
      () => true,
      (error: unknown) => {
        if (!(error instanceof KubeError) || error.code !== 403) throw error;
        return !error.message.includes("unknown group");
      },
    );
  await eventually(`every replica knows group ${group}`, async () => {
    const answers = await Promise.all(Array.from({ length: CALLS }, isKnown));
    return answers.every(Boolean) || undefined;
  });
}
