import type { KubeClient } from "../../services/lib/kube/client.ts";
import { isConflict, isNotFound } from "../../services/lib/kube/errors.ts";
import { ListWatch } from "../../services/lib/kube/list-watch.ts";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import type { Logger } from "../../services/lib/log.ts";
import type { AddressPool } from "./address-pool.ts";
import { Coalesced } from "./coalesce.ts";
import { type AddressChange, type BalancedService, planAddresses } from "./load-balancer-plan.ts";
import { essentialMeta } from "./policy-types.ts";

const serviceRef: ResourceRef = { apiVersion: "v1", kind: "Service", plural: "services", namespaced: true };

export interface LoadBalancerOptions {
  readonly client: Pick<KubeClient, "list" | "stream" | "patch">;
  readonly pool: AddressPool;
  readonly log: Logger;
}

function balancedService(object: KubeObject): BalancedService {
  const { spec, status } = object as BalancedService;
  return {
    metadata: essentialMeta(object),
    ...(spec === undefined ? {} : { spec }),
    ...(status === undefined ? {} : { status }),
  };
}

/** The body that shows an address, or none. The uid keeps it from a Service of the same name that came after. */
export function statusPatch({ service, address }: AddressChange): Record<string, unknown> {
  return {
    metadata: { uid: service.metadata.uid },
    status: { loadBalancer: { ingress: address === undefined ? null : [{ ip: address }] } },
  };
}

/** Gives Services of type LoadBalancer an address of a pool; kube-proxy routes it from there. */
export class LoadBalancer {
  readonly #options: LoadBalancerOptions;
  readonly #work: Coalesced;
  readonly #services: ListWatch<BalancedService>;
  #held: ReadonlyMap<string, string> = new Map();
  #unserved: string | undefined;

  constructor(options: LoadBalancerOptions) {
    const { client, log } = options;
    this.#options = options;
    this.#work = new Coalesced(() => this.#assign(), { name: "load-balancer", log });
    this.#services = new ListWatch({
      client,
      log,
      ref: serviceRef,
      project: balancedService,
      onProgress: () => this.#work.request(),
    });
  }

  /** Runs until the signal aborts; addresses that were given stay. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#services.run(signal), this.#work.run(signal)]);
  }

  async #assign(): Promise<void> {
    if (!this.#services.synced) return;
    const plan = planAddresses(this.#services.store.values(), this.#options.pool, this.#held);
    this.#held = plan.held;
    this.#warnOfUnserved(plan.unserved);
    for (const change of plan.changes) await this.#write(change);
  }

  async #write(change: AddressChange): Promise<void> {
    const { namespace, name } = change.service.metadata;
    try {
      await this.#options.client.patch(serviceRef, namespace, name, statusPatch(change), {
        type: "merge",
        subresource: "status",
      });
    } catch (error) {
      // It is gone, or another of its name is there: the watch tells, and asks for a new plan.
      if (isNotFound(error) || isConflict(error)) return;
      throw error;
    }
    this.#options.log.info("load-balancer-address", { namespace, name, address: change.address ?? null });
  }

  /** Says once who has none, not with every event. */
  #warnOfUnserved(services: readonly BalancedService[]): void {
    const names = services.map(({ metadata }) => `${metadata.namespace}/${metadata.name}`).join(" ");
    if (names !== "" && names !== this.#unserved)
      this.#options.log.warn("load-balancer-pool-used-up", { services: names });
    this.#unserved = names;
  }
}
