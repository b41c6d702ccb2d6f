import type { Image } from "../../crds/image.ts";
import type { InstanceType } from "../../crds/instance-type.ts";
import { API_VERSION } from "../../crds/schema.ts";
import type { Volume } from "../../crds/volume.ts";
import type { Accelerators } from "../../quota/accelerators.ts";
import { slug } from "../../quota/owner.ts";
import { unlimited } from "../../quota/resources.ts";
import type { Clock } from "../lib/clock.ts";
import type { KubeClient } from "../lib/kube/client.ts";
import { ListWatch } from "../lib/kube/list-watch.ts";
import type { KubeObject, ResourceRef } from "../lib/kube/types.ts";
import type { Logger } from "../lib/log.ts";
import type { Bound } from "./bound.ts";
import type { Usage } from "./fit.ts";
import { type GroupPolicy, groupPolicy } from "./group-policy.ts";
import type { Catalogue } from "./offers.ts";
import { type OwnedPod, ownedPod, PodUsage } from "./usage/pod-usage.ts";

const ref = (kind: string, plural: string, namespaced = false): ResourceRef => ({
  apiVersion: kind === "Pod" ? "v1" : API_VERSION,
  kind,
  plural,
  namespaced,
});

/** Bookmarks come about every minute; knowledge that is older than this is not shown. */
const STALE_MS = 120_000;

/** What the API knows of the cluster. */
export interface Platform extends Catalogue {
  /** By exact name. */
  policy(group: string): GroupPolicy | undefined;
  /** All groups, by label-safe name. */
  policies(): readonly GroupPolicy[];
  /** Everything that could be bound. */
  everything(): Bound;
  readonly usage: Usage;
  /** Why nothing can be told now, if so. */
  problem(): string | undefined;
}

export interface ClusterStateOptions {
  readonly client: Pick<KubeClient, "list" | "stream">;
  /** Where volumes and users' pods are. */
  readonly workNamespace: string;
  readonly accelerators: Accelerators;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

type AnyWatch = Pick<ListWatch<KubeObject>, "synced" | "relists" | "lastContactAgeMs" | "run">;

/** Groups, instance types, images, volumes and pods, kept by watches. */
export class ClusterState implements Platform {
  readonly usage: PodUsage;
  readonly watches: readonly (readonly [kind: string, watch: AnyWatch])[];
  readonly #groups: ListWatch<GroupPolicy>;
  readonly #instanceTypes: ListWatch<KubeObject>;
  readonly #images: ListWatch<KubeObject>;
  readonly #volumes: ListWatch<KubeObject>;
  readonly #workNamespace: string;

  constructor({ workNamespace, accelerators, ...watching }: ClusterStateOptions) {
    this.#workNamespace = workNamespace;
    this.#groups = new ListWatch({ ...watching, ref: ref("Group", "groups"), project: groupPolicy });
    this.#instanceTypes = new ListWatch({ ...watching, ref: ref("InstanceType", "instancetypes") });
    this.#images = new ListWatch({ ...watching, ref: ref("Image", "images") });
    const volumes = ref("Volume", "volumes", true);
    this.#volumes = new ListWatch({ ...watching, ref: volumes, namespace: workNamespace });
    const usage = new PodUsage((group) => this.#groups.store.get(group)?.defaults ?? unlimited, accelerators);
    this.usage = usage;
    // Of all namespaces: admission counts them all.
    const pods = new ListWatch<OwnedPod>({
      ...watching,
      ref: ref("Pod", "pods", true),
      project: ownedPod,
      handlers: {
        added: (pod) => usage.put(pod),
        updated: (pod, old) => usage.put(pod, old),
        deleted: (pod) => usage.remove(pod),
      },
    });
    this.watches = [
      ["groups", this.#groups],
      ["instancetypes", this.#instanceTypes],
      ["images", this.#images],
      ["volumes", this.#volumes],
      ["pods", pods],
    ];
  }

  policy(group: string): GroupPolicy | undefined {
    const found = this.#groups.store.get(slug(group));
    // Another group's object may have the name that this one's would have.
    return found?.name === group ? found : undefined;
  }

  policies(): readonly GroupPolicy[] {
    return [...this.#groups.store.values()].sort((a, b) => (a.slug < b.slug ? -1 : 1));
  }

  instanceType(name: string): InstanceType | undefined {
    return this.#instanceTypes.store.get(name) as InstanceType | undefined;
  }

  image(name: string): Image | undefined {
    return this.#images.store.get(name) as Image | undefined;
  }

  volume(name: string): Volume | undefined {
    return this.#volumes.store.get(name, this.#workNamespace) as Volume | undefined;
  }

  everything(): Bound {
    const names = (watch: ListWatch<KubeObject>): string[] =>
      [...watch.store.values()].map(({ metadata }) => metadata.name).sort();
    return {
      instanceTypes: names(this.#instanceTypes),
      images: names(this.#images),
      volumes: new Map(names(this.#volumes).map((name) => [name, "read"])),
    };
  }

  problem(): string | undefined {
    for (const [kind, watch] of this.watches) {
      if (!watch.synced) return `${kind} are not known yet`;
      const ageMs = watch.lastContactAgeMs();
      if (ageMs > STALE_MS) return `${kind} were last heard of ${Math.round(ageMs / 1000)} s ago`;
    }
    return undefined;
  }

  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.watches.map(([, watch]) => watch.run(signal)));
  }
}
