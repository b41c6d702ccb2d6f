import type { KubeObject } from "../../services/lib/kube/types.ts";
import { type Finding, no, yes } from "./conditions.ts";
import type { BackendReference, ClusterView, EndpointSlice, Service } from "./objects.ts";
import type { Backend, Endpoint } from "./plan.ts";

const SERVICE_LABEL = "kubernetes.io/service-name";

/** Services and their endpoints by `namespace/name`. */
export class Backends {
  readonly #services: ReadonlyMap<string, Service>;
  readonly #slices = new Map<string, EndpointSlice[]>();

  constructor({ services, endpointSlices }: Pick<ClusterView, "services" | "endpointSlices">) {
    this.#services = new Map([...services].map((service) => [keyOf(service), service]));
    for (const slice of endpointSlices) {
      const key = `${slice.metadata.namespace}/${slice.metadata.labels?.[SERVICE_LABEL] ?? ""}`;
      this.#slices.set(key, [...(this.#slices.get(key) ?? []), slice]);
    }
  }

  /** The ready endpoints that a route's reference means, or why it means none. */
  resolve(route: KubeObject, reference: BackendReference): Backend | Finding {
    const { group = "", kind = "Service", name, namespace = route.metadata.namespace ?? "", port } = reference;
    const refuse = (reason: string, message: string): Finding => no("ResolvedRefs", reason, message);
    if (group !== "" || kind !== "Service") return refuse("InvalidKind", `${kind} ${name} is no Service`);
    if (namespace !== route.metadata.namespace)
      return refuse("RefNotPermitted", `Service ${namespace}/${name} is in another namespace than the route`);
    const key = `${namespace}/${name}`;
    const service = this.#services.get(key);
    if (service === undefined) return refuse("BackendNotFound", `there is no Service ${key}`);
    const servicePort = service.spec?.ports?.find(
      (candidate) => candidate.port === port && (candidate.protocol ?? "TCP") === "TCP",
    );
    if (servicePort === undefined) return refuse("BackendNotFound", `Service ${key} has no TCP port ${port}`);
    return { name: `${key}:${port}`, endpoints: this.#endpoints(key, servicePort.name ?? "") };
  }

  #endpoints(key: string, portName: string): Endpoint[] {
    const found = (this.#slices.get(key) ?? []).flatMap((slice) => endpointsOf(slice, portName));
    const byText = new Map(found.map((endpoint) => [`${endpoint.address}:${endpoint.port}`, endpoint]));
    return [...byText].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, endpoint]) => endpoint);
  }
}

const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace}/${metadata.name}`;

function endpointsOf({ addressType, ports, endpoints }: EndpointSlice, portName: string): Endpoint[] {
  const port = ports?.find(({ name = "", protocol = "TCP" }) => name === portName && protocol === "TCP")?.port;
  if (port === undefined || addressType !== "IPv4") return [];
  // Readiness that nobody has stated is given, as the API says.
  const ready = (endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false);
  return ready.flatMap(({ addresses }) => addresses.map((address) => ({ address, port })));
}

export const isFinding = (value: Backend | Finding): value is Finding => "reason" in value;

export const resolved: Finding = yes("ResolvedRefs");
