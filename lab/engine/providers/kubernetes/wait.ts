import { setTimeout as pause } from "node:timers/promises";
import type { KubeClient, ResourceRef } from "../../../../services/lib/kube/client.ts";
import { isNotFound } from "../../../../services/lib/kube/errors.ts";
import { PartialFailure, type StepContext } from "../../provider.ts";
import { explain } from "./explain.ts";
import { annotationsOf, idOf, type KubeJson, stripped } from "./object.ts";
import { readinessOf } from "./readiness.ts";

const POLL_MS = 300;
const SAY_AFTER_MS = 10_000;
export const DEFAULT_TIMEOUT_MS = 300_000;

export interface Target {
  readonly client: KubeClient;
  readonly ref: ResourceRef;
  readonly namespace: string | undefined;
  readonly name: string;
}

function timeoutOf(object: KubeJson, context: StepContext): number {
  const annotated = Number(annotationsOf(object)["pulumi.com/timeoutSeconds"]);
  return context.timeoutMs ?? (Number.isFinite(annotated) && annotated > 0 ? annotated * 1000 : DEFAULT_TIMEOUT_MS);
}

async function failure(target: Target, object: KubeJson, verdict: string, waiting: string): Promise<PartialFailure> {
  const reasons = verdict === "interrupted" ? [] : await explain(target.client, object);
  return new PartialFailure([`${verdict}: ${waiting}`, ...reasons].join("\n    "), idOf(object), stripped(object));
}

/** Why waiting has to end, if it has to. */
function verdictOf(failed: boolean, elapsedMs: number, timeoutMs: number, signal: AbortSignal): string | undefined {
  if (signal.aborted) return "interrupted";
  if (failed) return "failed";
  return elapsedMs > timeoutMs ? `not ready after ${Math.round(elapsedMs / 1000)} s` : undefined;
}

/**
 * Waits until the object is ready and answers it as it is then.
 * @throws PartialFailure with the reason: conditions, container states, log lines, events
 */
export async function untilReady(target: Target, first: KubeJson, context: StepContext): Promise<KubeJson> {
  if (annotationsOf(first)["pulumi.com/skipAwait"] === "true") return first;
  const started = performance.now();
  const timeoutMs = timeoutOf(first, context);
  let object = first;
  for (let said = started; ; ) {
    const readiness = readinessOf(object);
    if (readiness === "ready") return object;
    const now = performance.now();
    const verdict = verdictOf(readiness.failed === true, now - started, timeoutMs, context.signal);
    if (verdict !== undefined) throw await failure(target, object, verdict, readiness.waiting);
    if (now - said > SAY_AFTER_MS) {
      said = now;
      context.status(readiness.waiting);
    }
    await pause(POLL_MS);
    // The object is there; a question about it that fails is asked again.
    object = await target.client.get<KubeJson>(target.ref, target.namespace, target.name).catch(() => object);
  }
}

/** Waits until the object is gone. @throws Error naming what keeps it */
export async function untilGone(target: Target, uid: unknown, context: StepContext): Promise<void> {
  const deadline = performance.now() + (context.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  for (;;) {
    const object = await target.client
      .get<KubeJson>(target.ref, target.namespace, target.name)
      .catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
    if (object === undefined || (uid !== undefined && object.metadata["uid"] !== uid)) return;
    if (performance.now() > deadline || context.signal.aborted) {
      const finalizers = JSON.stringify(object.metadata["finalizers"] ?? []);
      const conditions = (object["status"] as { conditions?: { message?: string }[] } | undefined)?.conditions ?? [];
      const reasons = conditions.flatMap(({ message }) => (message ? [message] : [])).join("; ");
      throw new Error(
        `${target.ref.kind} ${idOf(object)} is still being deleted: finalizers ${finalizers} ${reasons}`.trim(),
      );
    }
    await pause(POLL_MS);
  }
}
