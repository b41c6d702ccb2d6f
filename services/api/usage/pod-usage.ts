import { type Accelerators, standardAccelerators } from "../../../quota/accelerators.ts";
import { isDenial, type Owner, ownerOf } from "../../../quota/owner.ts";
import { type PodSpecLike, podRequest, type ResourceRequirements } from "../../../quota/pod-request.ts";
import { type Amounts, add, type Limits, largest, mapResources, nothing } from "../../../quota/resources.ts";
import type { KubeObject } from "../../lib/kube/types.ts";
import type { Usage } from "../fit.ts";

/** A pod as the watch keeps it. */
export interface OwnedPod extends KubeObject {
  /** Nobody's, or one that has ended: it takes nothing. */
  readonly owner: Owner | undefined;
  readonly spec: PodSpecLike;
  /** What its containers have at this moment, which a resize in place changes later than the spec. */
  readonly actual: PodSpecLike | undefined;
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
    readonly resources?: ResourceRequirements;
  };
}

type Containers = PodSpecLike["containers"];

function slimSpec(spec: PodSpecLike = {}, resourcesOf = new Map<string, ResourceRequirements>()): PodSpecLike {
  const slim = (containers: Containers): NonNullable<Containers> =>
    (containers ?? []).map(({ name, resources, restartPolicy }) => ({
      name,
      resources: resourcesOf.get(name) ?? resources ?? null,
      ...(restartPolicy === undefined ? {} : { restartPolicy }),
    }));
  return {
    containers: slim(spec.containers),
    initContainers: slim(spec.initContainers),
    overhead: spec.overhead ?? null,
    resources: spec.resources ?? null,
  };
}

/** Keeps of a pod what its charge depends on. */
export function ownedPod(object: KubeObject): OwnedPod {
  const { metadata, spec, status = {} } = object as PodOnWire;
  const { name, namespace, uid, resourceVersion } = metadata;
  const kept = {
    name,
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  const owner = ownerOf(metadata);
  const ended = status.phase === "Succeeded" || status.phase === "Failed";
  if (owner === undefined || isDenial(owner) || ended) {
    return { metadata: kept, owner: undefined, spec: {}, actual: undefined };
  }
  const statuses = [...(status.containerStatuses ?? []), ...(status.initContainerStatuses ?? [])];
  const known = new Map(statuses.flatMap((one) => (one.resources ? [[one.name, one.resources] as const] : [])));
  const slim = slimSpec(spec);
  const hasActual = known.size > 0 || status.resources !== undefined;
  const actual = { ...slimSpec(spec, known), ...(status.resources ? { resources: status.resources } : {}) };
  return { metadata: kept, owner, spec: slim, actual: hasActual ? actual : undefined };
}

/** What live pods of groups and members take, added up when it is asked for. */
export class PodUsage implements Usage {
  readonly #pods = new Map<string, Map<string, OwnedPod>>();
  readonly #defaultsOf: (group: string) => Limits;
  readonly #accelerators: Accelerators;

  /** @param defaultsOf a group's defaults at this moment */
  constructor(defaultsOf: (group: string) => Limits, accelerators: Accelerators = standardAccelerators) {
    this.#defaultsOf = defaultsOf;
    this.#accelerators = accelerators;
  }

  put(pod: OwnedPod, old?: OwnedPod): void {
    if (old !== undefined) this.remove(old);
    if (pod.owner === undefined) return;
    const pods = this.#pods.get(pod.owner.group) ?? new Map<string, OwnedPod>();
    this.#pods.set(pod.owner.group, pods.set(pod.metadata.uid ?? "", pod));
  }

  remove(pod: OwnedPod): void {
    if (pod.owner === undefined) return;
    const pods = this.#pods.get(pod.owner.group);
    pods?.delete(pod.metadata.uid ?? "");
    if (pods?.size === 0) this.#pods.delete(pod.owner.group);
  }

  total(group: string): Amounts {
    return this.#sum(group, () => true);
  }

  ofMember(group: string, user: string): Amounts {
    return this.#sum(group, ({ owner }) => owner?.user === user);
  }

  #sum(group: string, counts: (pod: OwnedPod) => boolean): Amounts {
    const defaults = this.#defaultsOf(group);
    // As admission counts: a pod that states too little is there all the same, and the rest of it counts.
    const lenient = mapResources((name) => defaults[name] ?? 0n);
    const pods = [...(this.#pods.get(group)?.values() ?? [])].filter(counts);
    return pods.reduce((sum, pod) => add(sum, this.#amountsOf(pod, lenient)), nothing);
  }

  #amountsOf({ spec, actual }: OwnedPod, defaults: Limits): Amounts {
    const taken = (some: PodSpecLike): Amounts => {
      try {
        const request = podRequest(some, { defaults, accelerators: this.#accelerators });
        return "amounts" in request ? request.amounts : nothing;
      } catch {
        // The API server lets no such quantity in; the pod itself counts all the same.
        return { ...nothing, pods: 1n };
      }
    };
    return actual === undefined ? taken(spec) : largest(taken(spec), taken(actual));
  }
}
