import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { AddressPool } from "../components/exposure/address-pool.ts";
import { PublicGateway } from "../components/exposure/gateway.ts";
import { Prerequisites } from "../components/exposure/prerequisites.ts";
import { PublicCertificate } from "../components/exposure/public-certificate.ts";
import type { Route, TcpTarget } from "../components/exposure/routes.ts";
import { Traefik } from "../components/exposure/traefik.ts";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import type { Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";

export interface Exposure {
  readonly namespace: ManagedNamespace;
  readonly certificate: PublicCertificate;
  readonly gateway: PublicGateway;
}

/** Which parts have Services that routes lead to; of what is not there, there are no routes. */
export interface ExposedParts {
  readonly hub: boolean;
  readonly identity: boolean;
  readonly api: boolean;
  readonly ssh: boolean;
}

const METALLB_NAMESPACE = "metallb-system";

/**
 * Everything that can be reached from outside over HTTPS. The hub, the API and the dashboards have their own login; of
 * identity nothing but the pages and keys of logins is here: its administration is not.
 */
export function routesOf({ names, namespaces }: Settings, parts: ExposedParts): Route[] {
  const api = { service: "api", namespace: namespaces.system, port: 8080 };
  const hub: Route = {
    name: "hub",
    host: names.hub.host,
    pathPrefixes: ["/"],
    service: "proxy-public",
    namespace: namespaces.hub,
    port: 8000,
    isPublicWithoutLogin: false,
  };
  const identity: Route = {
    name: "identity",
    host: names.identity.host,
    pathPrefixes: ["/realms", "/resources", "/.well-known"],
    service: "keycloak",
    namespace: namespaces.identity,
    port: 8080,
    isPublicWithoutLogin: true,
  };
  const graphql: Route = {
    ...api,
    name: "api",
    host: names.api.host,
    pathPrefixes: ["/graphql"],
    isPublicWithoutLogin: false,
  };
  // An invitation is opened by somebody who has no account yet.
  const welcome: Route = {
    ...api,
    name: "welcome",
    host: names.hub.host,
    pathPrefixes: ["/welcome"],
    isPublicWithoutLogin: true,
  };
  return [...(parts.hub ? [hub] : []), ...(parts.identity ? [identity] : []), ...(parts.api ? [graphql, welcome] : [])];
}

/** Where SSH goes. */
export function sshTargetOf({ namespaces }: Settings, parts: ExposedParts): TcpTarget | undefined {
  return parts.ssh ? { service: "ssh", namespace: namespaces.hub, port: 2222 } : undefined;
}

/** Every name that the certificate has to be for; the canonical one first. */
export function publicHostsOf({ names, exposure: { otherHosts } }: Settings): string[] {
  return [...Object.values(names).map(({ host }) => host), ...otherHosts];
}

const portsOf = ({ port, ssh, exposure: own }: Settings) => ({ http: own.httpPort, https: port, ssh: ssh.port });

function addressPool(settings: Settings, opts: pulumi.ComponentResourceOptions): AddressPool | undefined {
  const { prefix, namespaces, exposure: own } = settings;
  if (own.metallbAddresses.length === 0) return undefined;
  const args = {
    metallbNamespace: METALLB_NAMESPACE,
    poolName: `${prefix}-gateway`,
    addresses: own.metallbAddresses,
    namespace: namespaces.gateway,
  };
  return new AddressPool("gateway-addresses", args, opts);
}

/** The bundled implementation, where the site has none of its own. */
function bundled(
  settings: Settings,
  routes: readonly Route[],
  ssh: TcpTarget | undefined,
  opts: pulumi.ComponentResourceOptions,
  { priorities }: Pick<Foundation, "priorities">,
): Traefik {
  const { prefix, namespaces, network } = settings;
  const pool = addressPool(settings, opts);
  return new Traefik(
    "traefik",
    {
      prefix,
      namespace: namespaces.gateway,
      image: imageOf("gateway", settings),
      replicas: 2,
      priorityClass: priorities.platform,
      ports: portsOf(settings),
      namespaces: [namespaces.gateway, ...routes.map(({ namespace }) => namespace)],
      controlPlaneCidrs: network.controlPlaneCidrs,
      monitoringNamespace: namespaces.monitoring,
      ...(ssh === undefined ? {} : { ssh }),
      ...(pool === undefined ? {} : { addressPool: pool.poolName }),
    },
    opts,
  );
}

function certificateOf(
  settings: Settings,
  foundation: Pick<Foundation, "authority">,
  namespace: ManagedNamespace,
  opts: pulumi.ComponentResourceOptions,
): PublicCertificate {
  const { namespaces, certificates, exposure: own } = settings;
  return new PublicCertificate(
    "public-certificate",
    {
      namespace: namespace.name,
      namespaceName: namespaces.gateway,
      source: own.tls,
      names: publicHostsOf(settings),
      authority: foundation.authority,
      ...certificates,
    },
    opts,
  );
}

/**
 * One gateway for every public name.
 * @param parts what there is to lead to; their namespaces are given by `after`
 */
export function exposure(
  settings: Settings,
  foundation: Pick<Foundation, "authority" | "priorities">,
  parts: ExposedParts,
  provider: k8s.Provider,
  after: readonly pulumi.Resource[] = [],
): Exposure {
  const { namespaces, names, exposure: own } = settings;
  const opts = { providers: { kubernetes: provider } };
  const none = { quota: false, podDefaults: false, imageMirror: false };
  const definitions = new Prerequisites("gateway-api", opts);
  const namespace = new ManagedNamespace(
    "gateway",
    { namespace: namespaces.gateway, podSecurity: "restricted", optIns: none, dns: false },
    opts,
  );
  const certificate = certificateOf(settings, foundation, namespace, opts);
  const routes = routesOf(settings, parts);
  const ssh = sshTargetOf(settings, parts);
  const ready = { ...opts, dependsOn: [definitions, namespace, ...after] };
  const traefik = own.gatewayClass === undefined ? bundled(settings, routes, ssh, ready, foundation) : undefined;
  const gateway = new PublicGateway(
    "public-gateway",
    {
      namespace: namespaces.gateway,
      gatewayClass: traefik?.gatewayClass ?? own.gatewayClass ?? "",
      ports: portsOf(settings),
      tlsSecret: certificate.secretName,
      hosts: Object.values(names).map(({ host }) => host),
      otherHosts: own.otherHosts,
      canonicalHost: names.hub.host,
      routes,
      // Traefik takes it from its own configuration.
      ...(ssh === undefined || traefik !== undefined ? {} : { ssh }),
    },
    { ...ready, dependsOn: [...ready.dependsOn, ...(traefik === undefined ? [] : [traefik])] },
  );
  return { namespace, certificate, gateway };
}
