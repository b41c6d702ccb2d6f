import type { Clock } from "../../services/lib/clock.ts";
import { systemClock } from "../../services/lib/clock.ts";
import type { KubeClient } from "../../services/lib/kube/client.ts";
import { isConflict, isNotFound } from "../../services/lib/kube/errors.ts";
import { ListWatch } from "../../services/lib/kube/list-watch.ts";
import type { KubeObject, ResourceRef } from "../../services/lib/kube/types.ts";
import { type Logger, reasonOf } from "../../services/lib/log.ts";
import { Coalesced } from "../agent/coalesce.ts";
import { essentialMeta } from "../agent/policy-types.ts";
import {
  type EndpointSlice,
  type Gateway,
  type GatewayClass,
  type HttpRoute,
  refs,
  type Secret,
  type Service,
  type TcpRoute,
} from "./objects.ts";
import { type Rendered, type RenderOptions, render } from "./render.ts";
import { type StatusChange, statusChanges } from "./statuses.ts";
import { type Translation, translate } from "./translate.ts";

export interface GatewayControllerOptions extends RenderOptions {
  readonly client: Pick<KubeClient, "list" | "stream" | "patch">;
  /** Where the proxy listens. */
  readonly address: string;
  readonly load: (rendered: Rendered) => Promise<void>;
  readonly log: Logger;
  readonly clock?: Clock;
}

const withEssentialMeta = (object: KubeObject): KubeObject => ({ metadata: essentialMeta(object) });

/** Keeps the proxy equal to what the cluster's Gateways and routes say, and says in their status whether it is. */
export class GatewayController {
  readonly #options: GatewayControllerOptions;
  readonly #work: Coalesced;
  readonly #classes: ListWatch<GatewayClass>;
  readonly #gateways: ListWatch<Gateway>;
  readonly #httpRoutes: ListWatch<HttpRoute>;
  readonly #tcpRoutes: ListWatch<TcpRoute>;
  readonly #services: ListWatch<Service>;
  readonly #slices: ListWatch<EndpointSlice>;
  readonly #secrets: ListWatch<Secret>;
  readonly #namespaces: ListWatch<KubeObject>;
  /** Undefined before anything was tried. */
  #tried: string | undefined;
  #failure: string | undefined;

  constructor(options: GatewayControllerOptions) {
    this.#options = options;
    const { client, log } = options;
    this.#work = new Coalesced(() => this.#reconcile(), { name: "gateway", log });
    const watch = <T extends KubeObject>(ref: ResourceRef, rest: object = {}): ListWatch<T> =>
      new ListWatch<T>({ client, log, ref, onProgress: () => this.#work.request(), ...rest });
    this.#classes = watch(refs.gatewayClasses);
    this.#gateways = watch(refs.gateways);
    this.#httpRoutes = watch(refs.httpRoutes);
    this.#tcpRoutes = watch(refs.tcpRoutes);
    this.#services = watch(refs.services);
    this.#slices = watch(refs.endpointSlices);
    this.#secrets = watch(refs.secrets, { fieldSelector: "type=kubernetes.io/tls" });
    this.#namespaces = watch(refs.namespaces, { project: withEssentialMeta });
  }

  get #watches() {
    return [
      ...[this.#classes, this.#gateways, this.#httpRoutes, this.#tcpRoutes],
      ...[this.#services, this.#slices, this.#secrets, this.#namespaces],
    ] as const;
  }

  /** Runs until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([...this.#watches, this.#work].map((part) => part.run(signal)));
  }

  async #reconcile(): Promise<void> {
    // With only a part of the cluster known, routes would lose their backends.
    if (this.#watches.some((watch) => !watch.synced)) return;
    const translation = this.#translation();
    await this.#load(translation);
    const now = new Date((this.#options.clock ?? systemClock).now()).toISOString().replace(/\.\d+Z$/, "Z");
    const told = { now, ...(this.#failure === undefined ? {} : { failure: this.#failure }) };
    for (const change of statusChanges(translation, told)) await this.#write(change);
  }

  #translation(): Translation {
    return translate(
      {
        gatewayClasses: this.#classes.store.values(),
        gateways: this.#gateways.store.values(),
        httpRoutes: this.#httpRoutes.store.values(),
        tcpRoutes: this.#tcpRoutes.store.values(),
        services: this.#services.store.values(),
        endpointSlices: this.#slices.store.values(),
        secrets: this.#secrets.store.values(),
        namespaces: this.#namespaces.store.values(),
      },
      this.#options.address,
    );
  }

  /** A configuration that the proxy refuses is not tried again: only another can be better. */
  async #load({ plan }: Translation): Promise<void> {
    const { log, load } = this.#options;
    const rendered = render(plan, this.#options);
    if (rendered.revision === this.#tried) return;
    this.#tried = rendered.revision;
    this.#failure = undefined;
    try {
      await load(rendered);
      log.info("gateway-loaded", { revision: rendered.revision, listeners: plan.listeners.length });
    } catch (error) {
      this.#failure = reasonOf(error);
      log.error("gateway-refused", { revision: rendered.revision, reason: this.#failure });
    }
  }

  async #write({ ref, object, status }: StatusChange): Promise<void> {
    const { namespace, name, uid } = object.metadata;
    const body = { metadata: { uid }, status };
    try {
      await this.#options.client.patch(ref, namespace, name, body, { type: "merge", subresource: "status" });
    } catch (error) {
      // It is gone, or another of its name is there: the watch tells.
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }
}
