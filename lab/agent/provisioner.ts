import { chmodSync, mkdirSync } from "node:fs";
import { type Clock, systemClock } from "../../services/lib/clock.ts";
import type { KubeClient } from "../../services/lib/kube/client.ts";
import { isConflict, isNotFound } from "../../services/lib/kube/errors.ts";
import { ListWatch } from "../../services/lib/kube/list-watch.ts";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import type { Logger } from "../../services/lib/log.ts";
import { Coalesced } from "./coalesce.ts";
import {
  type Claim,
  folderOf,
  persistentVolume,
  planStorage,
  refusalEvent,
  type StorageAction,
  type StorageClass,
  type Volume,
  type VolumePlace,
} from "./volume-plan.ts";

export const claimRef: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  plural: "persistentvolumeclaims",
  namespaced: true,
};
export const volumeRef: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  namespaced: false,
};
const classRef: ResourceRef = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  plural: "storageclasses",
  namespaced: false,
};
const eventRef: ResourceRef = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events", namespaced: true };

export interface ProvisionerOptions extends VolumePlace {
  readonly client: Pick<KubeClient, "list" | "stream" | "create" | "patch">;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** A pod's fsGroup is what opens a volume; without one it is root's alone. */
const FOLDER_MODE = 0o770;

/** Gives claims of the lab's StorageClass a folder on its node. What was made is in the cluster: a restart loses nothing. */
export class Provisioner {
  readonly #options: ProvisionerOptions;
  readonly #work: Coalesced;
  readonly #claims: ListWatch<Claim>;
  readonly #volumes: ListWatch<Volume>;
  readonly #classes: ListWatch<StorageClass>;
  /** Claims whose refusal was said, by uid. */
  readonly #refused = new Set<string>();

  constructor(options: ProvisionerOptions) {
    const { client, log } = options;
    this.#options = options;
    this.#work = new Coalesced(() => this.#provision(), { name: "storage", log });
    const watch = <T extends KubeObject>(ref: ResourceRef): ListWatch<T> =>
      new ListWatch<T>({ client, log, ref, onProgress: () => this.#work.request() });
    this.#claims = watch(claimRef);
    this.#volumes = watch(volumeRef);
    this.#classes = watch(classRef);
  }

  /** Runs until the signal aborts; volumes stay. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#claims, this.#volumes, this.#classes, this.#work].map((part) => part.run(signal)));
  }

  async #provision(): Promise<void> {
    // With only a part of the cluster known, a claim would look as if it had no volume.
    if (!this.#claims.synced || !this.#volumes.synced || !this.#classes.synced) return;
    const plan = planStorage({
      claims: this.#claims.store.values(),
      volumes: this.#volumes.store.values(),
      classes: this.#classes.store.values(),
    });
    for (const action of plan) await this.#settle(action);
  }

  async #settle(action: StorageAction): Promise<void> {
    try {
      await this.#take(action);
    } catch (error) {
      // It is there already, gone, or another of its name is there: the watch tells, and asks for a new plan.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  async #take(action: StorageAction): Promise<void> {
    const { client, log } = this.#options;
    if (action.do === "make") return this.#make(action.claim);
    if (action.do === "refuse") return this.#refuse(action.claim, action.reason);
    if (action.do === "grow") {
      const { name, uid } = action.volume.metadata;
      const body = { metadata: { uid }, spec: { capacity: { storage: action.size } } };
      await client.patch(volumeRef, undefined, name, body, { type: "merge" });
      return log.info("volume-grown", { name, size: action.size });
    }
    const { namespace, name, uid } = action.claim.metadata;
    const body = { metadata: { uid }, status: { capacity: { storage: action.size } } };
    await client.patch(claimRef, namespace, name, body, { type: "merge", subresource: "status" });
  }

  async #make(claim: Claim): Promise<void> {
    const { client, log } = this.#options;
    const path = folderOf(claim, this.#options);
    // Not again for one that is there: by now the kubelet may have given it to a group. The process's umask counts for the first.
    if (mkdirSync(path, { recursive: true, mode: FOLDER_MODE }) !== undefined) chmodSync(path, FOLDER_MODE);
    const { namespace, name } = claim.metadata;
    await client.create(volumeRef, undefined, persistentVolume(claim, this.#options));
    log.info("volume-made", { namespace, name, path });
  }

  async #refuse(claim: Claim, reason: string): Promise<void> {
    const { client, clock = systemClock, log } = this.#options;
    const { namespace, name, uid = "" } = claim.metadata;
    if (this.#refused.has(uid)) return;
    this.#refused.add(uid);
    const now = new Date(clock.now()).toISOString().replace("Z", "000Z");
    await client.create(eventRef, namespace, refusalEvent(claim, reason, now));
    log.warn("claim-refused", { namespace, name, reason });
  }
}
