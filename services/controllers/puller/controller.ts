import type { Image, InstanceType } from "../../../crds/index.ts";
import type { Clock } from "../../lib/clock.ts";
import { type Outcome, WorkQueue } from "../../lib/controller/work-queue.ts";
import { compileMirror } from "../../lib/image-mirror/rewrite.ts";
import type { MirrorSetting } from "../../lib/image-mirror/rules.ts";
import type { KubeClient, KubeObject, ResourceRef } from "../../lib/kube/client.ts";
import { isConflict, isNotFound } from "../../lib/kube/errors.ts";
import { ListWatch } from "../../lib/kube/list-watch.ts";
import { type Logger, reasonOf } from "../../lib/log.ts";
import { UserError } from "../../lib/user-error.ts";
import type { ControllerMetrics } from "../metrics.ts";
import { isSamePlace, type Node, nodeOf, placesOf } from "./nodes.ts";
import { daemonSet, isOurs, OWN_SELECTOR, type PullAction, type PullerSettings, planPulls, pullsOf } from "./plan.ts";

export interface PullControllerOptions {
  readonly kube: Pick<KubeClient, "list" | "stream" | "get" | "create" | "replace" | "delete">;
  readonly metrics: Pick<ControllerMetrics, "failures">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly settings: PullerSettings;
  /** Where servers take images from; what is pulled under another name helps nobody. */
  readonly mirror: MirrorSetting;
  readonly random?: () => number;
}

const SWEEP_MS = 300_000;
/** Until all that is there is known. */
const NOT_READY_MS = 250;
const ALL = "";

const imageRef: ResourceRef = { apiVersion: "carrel.dev/v1", kind: "Image", plural: "images", namespaced: false };
const typeRef: ResourceRef = {
  apiVersion: "carrel.dev/v1",
  kind: "InstanceType",
  plural: "instancetypes",
  namespaced: false,
};
const nodeRef: ResourceRef = { apiVersion: "v1", kind: "Node", plural: "nodes", namespaced: false };
const daemonSetRef: ResourceRef = { apiVersion: "apps/v1", kind: "DaemonSet", plural: "daemonsets", namespaced: true };

/** Keeps a DaemonSet for each Image, by which every node has it before somebody starts it. */
export class PullController {
  readonly queue: WorkQueue;
  readonly #options: PullControllerOptions;
  readonly #rewrite: ReturnType<typeof compileMirror>;
  readonly #images: ListWatch<Image & KubeObject>;
  readonly #types: ListWatch<InstanceType & KubeObject>;
  readonly #nodes: ListWatch<Node>;
  readonly #daemonSets: ListWatch<KubeObject>;
  /** What was last said of images that are not pulled. */
  #said = "";

  constructor(options: PullControllerOptions) {
    const { clock, log, metrics, settings, mirror, random } = options;
    this.#options = options;
    this.#rewrite = compileMirror(mirror);
    this.queue = new WorkQueue({
      clock,
      ...(random === undefined ? {} : { backoff: { random } }),
      work: () => this.#sweep(),
      onFailure: ({ error, delayMs }) => {
        metrics.failures.add({ queue: "pulls" });
        log.warn("pulls-waiting", { reason: reasonOf(error), delayMs });
      },
    });
    this.#images = this.#watch(imageRef, {
      project: (object) => {
        const { metadata, spec, status } = object as Image & KubeObject;
        return { metadata, spec, status } as Image & KubeObject;
      },
    });
    this.#types = this.#watch(typeRef, { project: (object) => object as InstanceType & KubeObject });
    this.#nodes = this.#watch<Node>(nodeRef, { project: nodeOf, isSame: isSamePlace });
    this.#daemonSets = this.#watch<KubeObject>(daemonSetRef, {
      namespace: settings.namespace,
      labelSelector: OWN_SELECTOR,
      project: ({ metadata }) => ({ metadata }),
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    this.queue.add(ALL);
    await Promise.all([...this.#watched.map((one) => one.run(signal)), this.queue.run(signal)]);
  }

  get #watched(): readonly Pick<ListWatch<KubeObject>, "run" | "synced">[] {
    return [this.#images, this.#types, this.#nodes, this.#daemonSets];
  }

  #watch<T extends KubeObject>(
    ref: ResourceRef,
    {
      isSame = () => false,
      ...more
    }: {
      readonly project: (object: KubeObject) => T;
      /** Of changes that are none to us. */
      readonly isSame?: (one: T, other: T) => boolean;
      readonly namespace?: string;
      readonly labelSelector?: string;
    },
  ): ListWatch<T> {
    const { kube, clock, log, random } = this.#options;
    const changed = (): void => this.queue.add(ALL);
    return new ListWatch<T>({
      client: kube,
      ref,
      clock,
      log,
      ...(random === undefined ? {} : { random }),
      ...more,
      handlers: {
        ...{ added: changed, deleted: changed },
        updated: (now, old) => {
          if (!isSame(now, old)) changed();
        },
      },
    });
  }

  async #sweep(): Promise<Outcome> {
    // Of what is not known to be wanted, everything would be deleted.
    if (!this.#watched.every((one) => one.synced)) return { againInMs: NOT_READY_MS };
    const { settings } = this.#options;
    const places = placesOf(this.#nodes.store.values(), this.#types.store.values());
    const { pulls, left } = pullsOf(this.#images.store.values(), places);
    const wanted: KubeObject[] = [];
    const problems = left.map(({ image }) => `${image}: too many images`);
    for (const pull of pulls) {
      const rewrite = this.#rewrite(pull.reference);
      if (rewrite.outcome === "refused") problems.push(`${pull.image}: ${rewrite.message}`);
      else wanted.push(daemonSet({ ...pull, reference: rewrite.image }, settings));
    }
    this.#say(problems);
    const failed: unknown[] = [];
    for (const action of planPulls(wanted, this.#daemonSets.store.values())) {
      await this.#do(action).catch((error: unknown) => failed.push(error));
    }
    // One that the API server refuses keeps no other from being pulled.
    if (failed.length > 0) throw failed[0];
    return { againInMs: SWEEP_MS };
  }

  async #do(action: PullAction): Promise<void> {
    const { kube, settings, log } = this.#options;
    const { namespace } = settings;
    const done = { create: "pull-made", update: "pull-changed", delete: "pull-removed" }[action.kind];
    const { name } = action.kind === "delete" ? action : action.object.metadata;
    try {
      if (action.kind === "delete") await kube.delete(daemonSetRef, namespace, name, { uid: action.uid });
      else if (action.kind === "create") await kube.create(daemonSetRef, namespace, action.object);
      else await kube.replace(daemonSetRef, action.object);
      log.info(done, { daemonSet: name });
    } catch (error) {
      if (action.kind === "create" && isConflict(error)) return this.#checkIsOurs(name);
      // What is there is another than was seen: the watch tells, and it is looked at again.
      if (!isConflict(error) && !isNotFound(error)) throw error;
    }
  }

  /** One of ours may not have been seen yet. @throws UserError where it is somebody else's, which stays as it is */
  async #checkIsOurs(name: string): Promise<void> {
    const { kube, settings } = this.#options;
    const { namespace } = settings;
    if (isOurs(await kube.get(daemonSetRef, namespace, name))) return;
    throw new UserError(
      "foreign-daemon-set",
      `DaemonSet ${name} in ${namespace} was not made here: delete it, and its image is pulled beforehand`,
    );
  }

  /** Once, until it is another. */
  #say(problems: readonly string[]): void {
    const text = problems.join("; ");
    if (text !== this.#said && text !== "") this.#options.log.warn("images-not-pulled", { reason: text });
    this.#said = text;
  }
}
