import type { KubeObject } from "../../services/lib/kube/types.ts";
import type { AddressPool } from "./address-pool.ts";

/** The part of a Service that decides about its outer address. */
export interface BalancedService extends KubeObject {
  readonly spec?: {
    readonly type?: string;
    readonly loadBalancerIP?: string;
    readonly loadBalancerClass?: string;
  };
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

export interface AddressChange {
  readonly service: BalancedService;
  /** Absent: the status is cleared. */
  readonly address?: string;
}

export interface AddressPlan {
  /** Every address in use, by the uid of its Service. */
  readonly held: ReadonlyMap<string, string>;
  readonly changes: readonly AddressChange[];
  /** Services for which the pool has none left. */
  readonly unserved: readonly BalancedService[];
}

const uidOf = ({ metadata }: KubeObject): string => metadata.uid ?? `${metadata.namespace}/${metadata.name}`;
const shownBy = ({ status }: BalancedService): readonly { readonly ip?: string; readonly hostname?: string }[] =>
  status?.loadBalancer?.ingress ?? [];

/** A Service with a class of its own is another implementation's. */
const isOurs = ({ spec }: BalancedService): boolean =>
  spec?.type === "LoadBalancer" && spec.loadBalancerClass === undefined;

const orderOf = ({ metadata }: KubeObject): string =>
  `${metadata.creationTimestamp ?? ""} ${metadata.namespace}/${metadata.name}`;

/** Addresses being given out: nobody loses one that it has, and what it asked for is tried before the lowest free. */
class Allocation {
  readonly held = new Map<string, string>();
  readonly #taken = new Set<string>();
  readonly #pool: AddressPool;

  constructor(pool: AddressPool) {
    this.#pool = pool;
  }

  take(service: BalancedService, address: string | undefined): void {
    if (address === undefined || !this.#pool.has(address) || this.#taken.has(address)) return;
    this.held.set(uidOf(service), address);
    this.#taken.add(address);
  }

  takeLowest(service: BalancedService): void {
    if (!this.held.has(uidOf(service))) this.take(service, this.#pool.lowestFree(this.#taken));
  }
}

/**
 * Which Service has which address. `before` is what was last decided, as a status may not show it yet.
 */
export function planAddresses(
  services: Iterable<BalancedService>,
  pool: AddressPool,
  before: ReadonlyMap<string, string> = new Map(),
): AddressPlan {
  // The oldest first, so that of two with the same address the newer one gives way.
  const all = [...services].sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
  const ours = all.filter(isOurs);
  const allocation = new Allocation(pool);
  for (const service of ours) allocation.take(service, before.get(uidOf(service)));
  for (const service of ours)
    if (!allocation.held.has(uidOf(service))) allocation.take(service, shownBy(service)[0]?.ip);
  for (const service of ours) allocation.take(service, service.spec?.loadBalancerIP);
  for (const service of ours) allocation.takeLowest(service);
  const { held } = allocation;
  return {
    held,
    changes: all.flatMap((service) => changeOf(service, held, pool)),
    unserved: ours.filter((service) => !held.has(uidOf(service))),
  };
}

function changeOf(service: BalancedService, held: ReadonlyMap<string, string>, pool: AddressPool): AddressChange[] {
  const shown = shownBy(service);
  const address = held.get(uidOf(service));
  if (address !== undefined) return shown.length === 1 && shown[0]?.ip === address ? [] : [{ service, address }];
  // What is not of our pool was put there by somebody else.
  return shown.some(({ ip }) => ip !== undefined && pool.has(ip)) ? [{ service }] : [];
}
