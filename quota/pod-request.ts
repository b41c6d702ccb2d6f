import type { Quantity } from "./quantity.ts";
import {
  type Amounts,
  add,
  type Limits,
  largest,
  mapResources,
  nothing,
  parseAmount,
  type ResourceName,
  resourceOf,
} from "./resources.ts";

type ResourceList = Readonly<Record<string, Quantity>>;
export interface ResourceRequirements {
  readonly limits?: ResourceList | null;
  readonly requests?: ResourceList | null;
}
export interface ContainerLike {
  readonly name: string;
  readonly resources?: ResourceRequirements | null;
  /** `Always` on an init container makes it a sidecar, which runs as long as the pod. */
  readonly restartPolicy?: string;
}
/** The part of a pod's spec that decides what it takes. */
export interface PodSpecLike {
  readonly containers?: readonly ContainerLike[] | null;
  readonly initContainers?: readonly ContainerLike[] | null;
  readonly overhead?: ResourceList | null;
  /** Pod-level resources, Kubernetes 1.34 and later. */
  readonly resources?: ResourceRequirements | null;
}

/** What a pod takes, or which containers state too little to tell. */
export type PodRequest =
  | { readonly amounts: Amounts }
  | { readonly unstated: readonly { readonly container: string; readonly resource: ResourceName }[] };

/** A container has to say how much of these it may use; a GPU that is not stated is none. */
const mustBeStated: readonly ResourceName[] = ["cpu", "memory"];

function statedIn(list: ResourceList | null | undefined, resource: ResourceName, where: string): bigint | undefined {
  const entries = Object.entries(list ?? {}).filter(([name]) => resourceOf(name) === resource);
  if (entries.length === 0) return undefined;
  return entries.reduce((sum, [name, quantity]) => sum + parseAmount(resource, quantity, `${where}["${name}"]`), 0n);
}

/** Limits decide where they are set, else requests. */
function stated(
  resources: ResourceRequirements | null | undefined,
  resource: ResourceName,
  where: string,
): bigint | undefined {
  return (
    statedIn(resources?.limits, resource, `${where}.limits`) ??
    statedIn(resources?.requests, resource, `${where}.requests`)
  );
}

interface Sized {
  readonly sidecar: boolean;
  readonly amounts: Amounts;
}

/** Kubernetes' rule: the running containers together, or the largest step of the initialisation, whichever is more. */
function effective(containers: readonly Sized[], init: readonly Sized[]): Amounts {
  let sidecars = nothing;
  let steps = nothing;
  for (const { sidecar, amounts } of init) {
    if (sidecar) sidecars = add(sidecars, amounts);
    steps = largest(steps, sidecar ? sidecars : add(sidecars, amounts));
  }
  return largest(
    containers.reduce((sum, { amounts }) => add(sum, amounts), sidecars),
    steps,
  );
}

/**
 * What a pod takes of each resource while it lives: the effective request of all its containers, plus overhead.
 * @param defaults of the group, for containers that state nothing
 * @throws QuantityError naming the field that cannot be read
 */
export function podRequest(spec: PodSpecLike, defaults: Limits): PodRequest {
  const whole = mapResources((name) => stated(spec.resources, name, "spec.resources"));
  const unstated: { container: string; resource: ResourceName }[] = [];
  const size = (container: ContainerLike, where: string): Sized => ({
    sidecar: container.restartPolicy === "Always",
    amounts: mapResources((resource) => {
      const amount = stated(container.resources, resource, `${where}.resources`) ?? defaults[resource];
      if (amount !== null) return amount;
      // What is stated for the whole pod need not be stated again in each container.
      if (mustBeStated.includes(resource) && whole[resource] === undefined) {
        unstated.push({ container: container.name, resource });
      }
      return 0n;
    }),
  });
  const containers = (spec.containers ?? []).map((item, i) => ({
    ...size(item, `spec.containers[${i}]`),
    sidecar: false,
  }));
  const init = (spec.initContainers ?? []).map((item, i) => size(item, `spec.initContainers[${i}]`));
  if (unstated.length > 0) return { unstated };
  const sum = effective(containers, init);
  const overhead = mapResources((name) => statedIn(spec.overhead, name, "spec.overhead") ?? 0n);
  return {
    amounts: add(
      mapResources((name) => whole[name] ?? sum[name]),
      overhead,
    ),
  };
}
