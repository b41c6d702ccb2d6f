import { type Accelerators, standardAccelerators } from "./accelerators.ts";
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

/** How requests are read. */
export interface RequestRules {
  /** Of the group, for containers that state nothing. */
  readonly defaults: Limits;
  /** What counts as a GPU. @default the usual families */
  readonly accelerators?: Accelerators;
  /** What a container has to state beyond CPU and memory, because it is limited. */
  readonly mustState?: readonly ResourceName[];
}

/** A container that states none of these may take a whole node; one that states no GPU gets none. */
const alwaysStated: readonly ResourceName[] = ["cpu", "memory"];
/** What the API server calls by the same name. */
const plain: readonly ResourceName[] = ["cpu", "memory", "ephemeral-storage"];

/** Amounts in a resource list. GPUs are counted in whole units of many names, each with its weight. */
function listed(list: ResourceList | null | undefined, where: string, accelerators: Accelerators): Partial<Amounts> {
  const amounts: Partial<Record<ResourceName, bigint>> = {};
  for (const [name, quantity] of Object.entries(list ?? {})) {
    const known = plain.find((resource) => resource === name);
    if (known) amounts[known] = parseAmount(known, quantity, `${where}["${name}"]`);
    const weight = known ? undefined : accelerators.weightMilli(name);
    if (weight !== undefined) {
      amounts.gpu = (amounts.gpu ?? 0n) + parseAmount("pods", quantity, `${where}["${name}"]`) * weight;
    }
  }
  return amounts;
}

/** What a container or a pod states: limits, and of each resource the limit where it is set, else the request. */
interface Stated {
  readonly limits: Partial<Amounts>;
  readonly amounts: Partial<Amounts>;
}

/** A limit of 0 is none to the kubelet, so it states nothing; but 0 GPUs are none. */
function statedBy(
  resources: ResourceRequirements | null | undefined,
  where: string,
  accelerators: Accelerators,
): Stated {
  const limits = listed(resources?.limits, `${where}.limits`, accelerators);
  const requests = listed(resources?.requests, `${where}.requests`, accelerators);
  const amounts: Partial<Record<ResourceName, bigint>> = {};
  for (const name of plain) {
    const amount = limits[name] || requests[name];
    if (amount) amounts[name] = amount;
  }
  const gpu = limits.gpu ?? requests.gpu;
  return { limits, amounts: gpu === undefined ? amounts : { ...amounts, gpu } };
}

/**
 * What the whole pod takes. Its limit of CPU or memory holds its containers together; its request does not, so they may
 * take more by their own limits.
 */
function ofWhole(name: ResourceName, { limits, amounts }: Stated, sum: bigint): bigint {
  const amount = amounts[name] ?? 0n;
  const isHeld = alwaysStated.includes(name) && Boolean(limits[name]);
  return isHeld || amount > sum ? amount : sum;
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
 * @throws QuantityError naming the field that cannot be read
 */
export function podRequest(spec: PodSpecLike, rules: RequestRules): PodRequest {
  const { defaults, accelerators = standardAccelerators, mustState = [] } = rules;
  const required = [...alwaysStated, ...mustState];
  const whole = statedBy(spec.resources, "spec.resources", accelerators);
  const unstated: { container: string; resource: ResourceName }[] = [];
  const size = (container: ContainerLike, where: string): Sized => {
    const stated = statedBy(container.resources, `${where}.resources`, accelerators).amounts;
    const amountOf = (resource: ResourceName): bigint => {
      if (resource === "pods") return 0n;
      // What is stated for the whole pod need not be stated again in each container.
      const fallback = whole.amounts[resource] === undefined ? defaults[resource] : 0n;
      const amount = stated[resource] ?? fallback;
      if (amount === null && required.includes(resource)) unstated.push({ container: container.name, resource });
      return amount ?? 0n;
    };
    return { sidecar: container.restartPolicy === "Always", amounts: mapResources(amountOf) };
  };
  const containers = (spec.containers ?? []).map((item, i) => ({
    ...size(item, `spec.containers[${i}]`),
    sidecar: false,
  }));
  const init = (spec.initContainers ?? []).map((item, i) => size(item, `spec.initContainers[${i}]`));
  if (unstated.length > 0) return { unstated };
  const sum = effective(containers, init);
  const overhead = listed(spec.overhead, "spec.overhead", accelerators);
  const amounts = mapResources((name) => ofWhole(name, whole, sum[name]) + (overhead[name] ?? 0n));
  return { amounts: { ...amounts, pods: 1n } };
}
