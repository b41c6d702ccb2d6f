import type { ReviewRequest } from "../../../../services/admission/review.ts";
import { isConflict } from "../../../../services/lib/kube/errors.ts";
import type { KubeObject } from "../../../../services/lib/kube/types.ts";
import type { ApiServer } from "./api-server.ts";
import { livePod, NAMESPACE, type Pod, sized } from "./pods.ts";
import type { Verdict } from "./replica.ts";
import type { Resizing } from "./scenario.ts";
import { between, oneOf, type Random, type VirtualTime } from "./time.ts";

export interface Surroundings {
  readonly api: ApiServer;
  readonly time: VirtualTime;
  readonly random: Random;
  readonly failAfterAdmission: number;
  /** An API request lives this long. */
  readonly requestMs: number;
  readonly ask: (request: ReviewRequest) => Promise<Verdict>;
  readonly isOver: () => boolean;
  readonly changed: (pod: Pod) => void;
}

const WEBHOOK_MS = 5_000;

/** People who change the size of live pods, and the kubelet that carries it out later. */
export class Resizer {
  readonly #given: Surroundings;
  /** Changes that are wanted and have not ended. */
  underWay = 0;
  /** How many were carried out, and when the last request ended. */
  done = 0;
  lastMs = 0;
  #reviews = 0;

  constructor(given: Surroundings) {
    this.#given = given;
  }

  async pursue(uid: string, { afterMs, limits, insists }: Resizing): Promise<void> {
    const { time, random, isOver } = this.#given;
    this.underWay++;
    await time.sleep(afterMs);
    while (!isOver() && livePod(this.#given.api, uid)) {
      const isMet = await this.#request(uid, limits);
      this.lastMs = time.now;
      if (isMet || !insists) break;
      await time.sleep(between(random, 100, 2_000));
    }
    this.underWay--;
  }

  /** The kubelet's report: the pod has what its spec says by now, or nothing has changed for quotas. */
  report(uid: string, phase: string, has: "spec" | "as before"): void {
    const { api, changed } = this.#given;
    const pod = livePod(api, uid);
    if (!pod) return;
    const status = { ...pod.status, phase };
    changed(
      this.#write({ ...pod, status: has === "spec" ? { ...status, containerStatuses: pod.spec.containers } : status }),
    );
  }

  /** As an API server does it: a write is made only to what admission was asked about, or asked about again. */
  async #request(uid: string, limits: Resizing["limits"]): Promise<boolean> {
    const { api, time, requestMs } = this.#given;
    const endMs = time.now + requestMs;
    let met: boolean | undefined;
    while (met === undefined && time.now + WEBHOOK_MS < endMs) {
      const old = livePod(api, uid);
      if (!old) return false;
      met = await this.#attempt(old, { ...old, spec: { containers: sized(limits) } }, endMs);
    }
    return met === true;
  }

  /** Whether the pod has its new size; nothing when somebody else wrote first. */
  async #attempt(old: Pod, next: Pod, endMs: number): Promise<boolean | undefined> {
    const { time, random, failAfterAdmission, changed } = this.#given;
    if ((await this.#given.ask(this.#review(old, next))) !== "allowed") return false;
    const slow = oneOf(random, [50, 50, 500, 4_000, endMs - time.now - 1]);
    await time.sleep(between(random, 0, Math.min(slow, endMs - time.now - 1)));
    if (random() < failAfterAdmission) return false;
    try {
      changed(this.#write(next));
    } catch (error) {
      return isConflict(error) ? undefined : false;
    }
    this.done++;
    const { uid = "" } = next.metadata;
    time.after(between(random, 0, random() < 0.1 ? 20_000 : 3_000), () => this.report(uid, "Running", "spec"));
    return true;
  }

  #review(oldObject: Pod, object: Pod): ReviewRequest {
    return {
      uid: `resize-${++this.#reviews}`,
      operation: "UPDATE",
      subResource: "resize",
      resource: { group: "", version: "v1", resource: "pods" },
      namespace: NAMESPACE,
      object,
      oldObject,
    };
  }

  #write = (pod: Pod): Pod => this.#given.api.replace("pods", pod as KubeObject) as Pod;
}
