import { type Accelerators, standardAccelerators } from "../../quota/accelerators.ts";
import { isDenial, type Owner, ownerOf } from "../../quota/owner.ts";
import { type PodSpecLike, podRequest, type ResourceRequirements } from "../../quota/pod-request.ts";
import {
  type Amounts,
  add,
  type Limits,
  largest,
  mapResources,
  nothing,
  resourceNames,
  subtract,
} from "../../quota/resources.ts";
import type { KubeObject, ObjectMeta } from "../lib/kube/client.ts";
import { SharedValues } from "./shared-values.ts";

/** What decides the charge of a pod. */
export interface PodSize {
  readonly stated: PodSpecLike;
  /** What its containers have at this moment, which a resize in place changes later than the spec. */
  readonly actual?: PodSpecLike;
}

/** A pod as the watch keeps it. */
export interface OwnedPod extends KubeObject {
  readonly owner: Owner | undefined;
  /** Of a pod that somebody owns. */
  readonly size: PodSize | undefined;
  /** Succeeded or failed: it takes nothing any more. */
  readonly terminal: boolean;
}

interface ContainerStatus {
  readonly name: string;
  readonly resources?: ResourceRequirements;
}

interface PodOnWire extends KubeObject {
  readonly spec?: PodSpecLike;
  readonly status?: {
    readonly phase?: string;
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
    /** Of the whole pod, Kubernetes 1.36 and later. */
    readonly resources?: ResourceRequirements;
  };
}

function slimSpec(spec: PodSpecLike | undefined): PodSpecLike {
  const slim = (containers: PodSpecLike["containers"]): PodSpecLike["containers"] =>
    containers?.map(({ name, resources, restartPolicy }) => ({
      name,
      ...(resources ? { resources } : {}),
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    }));
  return {
    containers: slim(spec?.containers) ?? [],
    ...(spec?.initContainers ? { initContainers: slim(spec.initContainers) ?? [] } : {}),
    ...(spec?.overhead ? { overhead: spec.overhead } : {}),
    ...(spec?.resources ? { resources: spec.resources } : {}),
  };
}

/** The spec with what the pod and its containers really have; nothing where neither says so. */
function actualSpec(spec: PodSpecLike | undefined, status: PodOnWire["status"]): PodSpecLike | undefined {
  const statuses = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])];
  const known = new Map(statuses.flatMap(({ name, resources }) => (resources ? [[name, resources] as const] : [])));
  if (known.size === 0 && !status?.resources) return undefined;
  const actual = (containers: PodSpecLike["containers"]): PodSpecLike["containers"] =>
    containers?.map((container) => ({
      ...container,
      resources: known.get(container.name) ?? container.resources ?? null,
    }));
  const slim = slimSpec(spec);
  return {
    ...slim,
    containers: actual(slim.containers) ?? [],
    initContainers: actual(slim.initContainers) ?? [],
    ...(status?.resources ? { resources: status.resources } : {}),
  };
}

const owners = new SharedValues<Owner>();
const sizes = new SharedValues<PodSize>();

/** Keeps of a pod what decisions need; a cluster's pods are many and large. */
export function ownedPod(object: KubeObject): OwnedPod {
  const { spec, status } = object as PodOnWire;
  const { name, namespace, uid, resourceVersion } = object.metadata;
  const metadata: ObjectMeta = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const owner = ownerOf(object.metadata);
  if (owner === undefined || isDenial(owner)) return { metadata, owner: undefined, size: undefined, terminal: true };
  const terminal = status?.phase === "Succeeded" || status?.phase === "Failed";
  const actual = actualSpec(spec, status);
  const size = sizes.of({ stated: slimSpec(spec), ...(actual ? { actual } : {}) });
  return { metadata, owner: owners.of(owner), size, terminal };
}

interface Charged {
  readonly pod: OwnedPod;
  readonly owner: Owner;
  readonly amounts: Amounts;
}

interface GroupUse {
  /** What its pods were charged with. */
  defaults: Limits;
  readonly pods: Map<string, Charged>;
  readonly members: Map<string, Amounts>;
  total: Amounts;
}

/** Deleted pods are remembered for a while, so that their reservations can be told from those still to come. */
const REMEMBERED = 20_000;

/** What the live pods of each group and member take, kept as pods come and go. */
export class UsageIndex {
  readonly #groups = new Map<string, GroupUse>();
  /** Where a live pod is charged: its labels may have changed since. */
  readonly #chargedTo = new Map<string, GroupUse>();
  readonly #versions = new Map<string, string>();
  readonly #gone = new Map<string, string>();
  readonly #defaultsOf: (group: string) => Limits;
  readonly #accelerators: Accelerators;
  /** What a size comes to, by the defaults of its group. */
  readonly #amounts = new WeakMap<Limits, WeakMap<PodSize, Amounts>>();
  #revision = 0;

  /** @param defaultsOf a group's defaults at this moment */
  constructor(defaultsOf: (group: string) => Limits, accelerators: Accelerators = standardAccelerators) {
    this.#defaultsOf = defaultsOf;
    this.#accelerators = accelerators;
  }

  /** Another one after every change. */
  get revision(): number {
    return this.#revision;
  }

  put(pod: OwnedPod): void {
    this.#revision++;
    const uid = pod.metadata.uid ?? "";
    this.#discharge(uid);
    if (!pod.owner) return;
    this.#versions.set(uid, pod.metadata.resourceVersion ?? "");
    if (!pod.terminal) this.#charge(uid, { pod, owner: pod.owner, amounts: this.#amountsOf(pod, pod.owner.group) });
  }

  remove(pod: OwnedPod): void {
    this.#revision++;
    const uid = pod.metadata.uid ?? "";
    this.#discharge(uid);
    this.#versions.delete(uid);
    if (!pod.owner) return;
    this.#gone.set(uid, pod.metadata.resourceVersion ?? "");
    if (this.#gone.size > REMEMBERED) for (const [oldest] of this.#gone) return void this.#gone.delete(oldest);
  }

  /** Charges a group's pods anew where its defaults have changed; most changes of a group are of something else. */
  recharge(group: string): void {
    const use = this.#groups.get(group);
    const defaults = this.#defaultsOf(group);
    if (!use || resourceNames.every((name) => use.defaults[name] === defaults[name])) return;
    use.defaults = defaults;
    for (const { pod } of [...use.pods.values()]) this.put(pod);
  }

  /** The version at which a pod was seen, live, finished or deleted; nothing while it was not. */
  seen(uid: string): string | undefined {
    return this.#versions.get(uid) ?? this.#gone.get(uid);
  }

  /** What a live pod is charged; nothing where it is not live. */
  charged(uid: string): Amounts | undefined {
    return this.#chargedTo.get(uid)?.pods.get(uid)?.amounts;
  }

  total(group: string): Amounts {
    return this.#groups.get(group)?.total ?? nothing;
  }

  ofMember(group: string, user: string): Amounts {
    return this.#groups.get(group)?.members.get(user) ?? nothing;
  }

  #amountsOf({ size = { stated: {} } }: OwnedPod, group: string): Amounts {
    const defaults = this.#defaultsOf(group);
    const bySize = this.#amounts.get(defaults) ?? new WeakMap<PodSize, Amounts>();
    const known = bySize.get(size);
    if (known) return known;
    const amounts = this.#amountsWith(defaults, size);
    this.#amounts.set(defaults, bySize.set(size, amounts));
    return amounts;
  }

  #amountsWith(defaults: Limits, { stated, actual }: PodSize): Amounts {
    // A pod that is there although it states too little came before its namespace was managed: the rest of it counts.
    const lenient = mapResources((name) => defaults[name] ?? 0n);
    const taken = (spec: PodSpecLike): Amounts => {
      try {
        const request = podRequest(spec, { defaults: lenient, accelerators: this.#accelerators });
        return "amounts" in request ? request.amounts : nothing;
      } catch {
        // The API server lets no such quantity in; the pod itself counts all the same.
        return { ...nothing, pods: 1n };
      }
    };
    return actual ? largest(taken(stated), taken(actual)) : taken(stated);
  }

  #charge(uid: string, charged: Charged): void {
    const { group, user } = charged.owner;
    const use = this.#groups.get(group) ?? this.#newUse(group);
    this.#chargedTo.set(uid, use);
    use.pods.set(uid, charged);
    use.total = add(use.total, charged.amounts);
    if (user !== undefined) use.members.set(user, add(use.members.get(user) ?? nothing, charged.amounts));
  }

  #newUse(group: string): GroupUse {
    const use = { defaults: this.#defaultsOf(group), pods: new Map(), members: new Map(), total: nothing };
    this.#groups.set(group, use);
    return use;
  }

  #discharge(uid: string): void {
    const use = this.#chargedTo.get(uid);
    const charged = use?.pods.get(uid);
    if (!use || !charged) return;
    this.#chargedTo.delete(uid);
    use.pods.delete(uid);
    use.total = subtract(use.total, charged.amounts);
    const { user } = charged.owner;
    if (user !== undefined) use.members.set(user, subtract(use.members.get(user) ?? nothing, charged.amounts));
  }
}
