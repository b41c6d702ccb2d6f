import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path/posix";
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { API_INTERNAL_PORT } from "../components/api/service.ts";
import { selectorLabels } from "../components/core/labels.ts";
import { ManagedNamespace } from "../components/foundation/managed-namespace.ts";
import { HubAccess } from "../components/hub/access.ts";
import { HubConfiguration } from "../components/hub/configuration.ts";
import { NotebookPolicy } from "../components/hub/notebook-policy.ts";
import { HUB, HUB_PORT, PROXY, PROXY_API, PROXY_API_PORT, PROXY_PORT, PROXY_PUBLIC } from "../components/hub/peers.ts";
import { HubProxy } from "../components/hub/proxy.ts";
import { GATEWAY_TOKEN_FILE, HubSecrets } from "../components/hub/secrets.ts";
import { DATABASE_URL, HubServer } from "../components/hub/server.ts";
import { KEYCLOAK_PORT } from "../components/identity/keycloak-pod.ts";
import { HostKey } from "../components/ssh/host-key.ts";
import { SSH_SERVICE, SshService } from "../components/ssh/service.ts";
import type { Settings } from "../config/settings.ts";
import { imageOf } from "../images/catalogue.ts";
import type { Foundation } from "./foundation.ts";
import { placement, schedulerOf } from "./placement.ts";

/** What the hub takes from identity and from the API. */
export interface HubSources {
  readonly identity: {
    readonly secrets: { of(client: "hub"): pulumi.Output<string> };
    readonly keycloakUrl: string;
    readonly issuer: string;
  };
  readonly api: { readonly serverSecret: pulumi.Output<string>; readonly internalUrl: string };
}

export interface Hub {
  readonly namespace: ManagedNamespace;
  /** By which people know the SSH gateway; undefined where there is none. */
  readonly ssh: { readonly fingerprint: pulumi.Output<string>; readonly knownHosts: pulumi.Output<string> } | undefined;
  /** What others wait for: after it, people can start notebooks. */
  readonly ready: readonly pulumi.Resource[];
}

type Opts = pulumi.ComponentResourceOptions;
type Part = Pick<Foundation, "system" | "work" | "priorities">;

const SOURCE = join(import.meta.dirname, "..", "services", "hub");
const PROGRAM = /^(jupyterhub_config\.py|carrel_hub\/.+\.(py|graphql|html))$/;
const SSH_REPLICAS = 2;
const SSH_IDLE_SECONDS = 43_200;
const SSH_DRAIN_SECONDS = 600;

/** The hub's own program: texts by their path below services/hub. */
export function hubProgram(): Record<string, string> {
  const paths = readdirSync(SOURCE, { recursive: true, encoding: "utf8" }).filter((path) => PROGRAM.test(path));
  return Object.fromEntries(paths.sort().map((path) => [path, readFileSync(join(SOURCE, path), "utf8")]));
}

const inside = ({ namespaces }: Settings, service: string, port: number): string =>
  `http://${service}.${namespaces.hub}.svc:${port}`;

/** What the hub is told, as services/hub/carrel_hub/settings.py reads it. */
export function hubSettings(settings: Settings, { identity, api }: HubSources): Record<string, unknown> {
  const { host, ssh, parts, names, namespaces, prefix, hub: own, storage, culling } = settings;
  return {
    publicUrl: names.hub.url,
    hubUrl: inside(settings, HUB, HUB_PORT),
    proxyApiUrl: inside(settings, PROXY_API, PROXY_API_PORT),
    apiUrl: api.internalUrl,
    databaseUrl: DATABASE_URL,
    // JupyterHub copies the file before it does.
    upgradeDatabase: true,
    contact: own.contact,
    namedServerLimit: own.namedServers,
    concurrentSpawnLimit: own.concurrentStarts,
    identity: { issuer: identity.issuer, backchannelUrl: identity.keycloakUrl, clientId: "hub" },
    work: {
      namespace: namespaces.work,
      storageClass: storage.homeClass ?? null,
      homeSize: storage.homeSize,
      accessMode: storage.accessMode,
      schedulerName: schedulerOf(settings) ?? null,
      priorityClass: `${prefix}-notebook`,
      startTimeoutSeconds: own.startSeconds,
    },
    culling,
    ssh: parts.ssh ? { host, port: ssh.port } : null,
  };
}

function proxyOf(
  settings: Settings,
  namespace: ManagedNamespace,
  secret: pulumi.Output<string>,
  priorityClass: string,
  opts: Opts,
): HubProxy {
  const { namespaces, exposure, parts } = settings;
  return new HubProxy(
    "hub-proxy",
    {
      namespace: namespace.name,
      image: imageOf("proxy", settings),
      secret,
      priorityClass,
      hubUrl: inside(settings, HUB, HUB_PORT),
      workNamespace: namespaces.work,
      gateway: exposure.clients,
      clients: parts.ssh ? [SSH_SERVICE] : [],
    },
    opts,
  );
}

function serverOf(
  settings: Settings,
  namespace: ManagedNamespace,
  { access, secrets, configuration }: { access: HubAccess; secrets: HubSecrets; configuration: HubConfiguration },
  priorityClass: string,
  opts: Opts,
): HubServer {
  const { namespaces, storage, network } = settings;
  return new HubServer(
    "hub-server",
    {
      namespace: namespace.name,
      image: imageOf("hub", settings),
      serviceAccount: access.serviceAccount,
      secrets: [secrets.hub, secrets.proxy],
      configuration,
      ...(storage.databaseClass === undefined ? {} : { storageClass: storage.databaseClass }),
      priorityClass,
      workNamespace: namespaces.work,
      api: { namespace: namespaces.system, port: API_INTERNAL_PORT },
      identity: { namespace: namespaces.identity, port: KEYCLOAK_PORT },
      monitoringNamespace: namespaces.monitoring,
      controlPlaneCidrs: network.controlPlaneCidrs,
    },
    opts,
  );
}

/** The SSH gateway before the proxy, and the key that it is known by. */
function sshOf(
  settings: Settings,
  namespace: ManagedNamespace,
  given: { readonly image: pulumi.Input<string>; readonly gatewaySecret: pulumi.Output<string> },
  priorityClass: string,
  opts: Opts,
): { readonly key: HostKey; readonly service: SshService } {
  const { host, ssh, names, namespaces, exposure, hub: own, admission } = settings;
  const key = new HostKey("ssh-host-key", { namespace: namespace.name, host, port: ssh.port }, opts);
  const proxyUrl = inside(settings, PROXY_PUBLIC, PROXY_PORT);
  const service = new SshService(
    "ssh",
    {
      namespace: namespace.name,
      image: given.image,
      hostKey: key,
      priorityClass,
      replicas: SSH_REPLICAS,
      logLevel: admission.logLevel,
      proxy: { url: proxyUrl, port: PROXY_PORT, selector: selectorLabels(PROXY) },
      // The hub, by the way that the gateway has to it already.
      keys: { url: `${proxyUrl}/hub/api/ssh-login`, secretName: given.gatewaySecret, file: GATEWAY_TOKEN_FILE },
      tokenUrl: `${names.hub.url}/hub/token`,
      balancers: { cidrs: [], proxyProtocol: false },
      startSeconds: own.startSeconds,
      idleSeconds: SSH_IDLE_SECONDS,
      drainSeconds: SSH_DRAIN_SECONDS,
      gateway: exposure.clients,
      monitoringNamespace: namespaces.monitoring,
    },
    opts,
  );
  return { key, service };
}

/** What the hub's pod reads, and what it may do. */
function setupOf(
  settings: Settings,
  namespace: ManagedNamespace,
  work: ManagedNamespace,
  from: HubSources,
  opts: Opts,
) {
  const { name } = namespace;
  const [oauthClientSecret, apiServerSecret] = [from.identity.secrets.of("hub"), from.api.serverSecret];
  const { ssh } = settings.parts;
  const told = { namespace: name, files: hubProgram(), settings: hubSettings(settings, from) };
  return {
    secrets: new HubSecrets("hub-secrets", { namespace: name, oauthClientSecret, apiServerSecret, ssh }, opts),
    configuration: new HubConfiguration("hub-configuration", told, opts),
    access: new HubAccess("hub-access", { namespace: name, workNamespace: work.name }, opts),
  };
}

/** Where people start notebooks: JupyterHub, its proxy, the notebooks' network policy, and SSH into notebooks. */
export function hub(
  settings: Settings,
  { system, work, priorities }: Part,
  sources: HubSources,
  images: { readonly ssh: pulumi.Input<string> },
  provider: k8s.Provider,
): Hub {
  const { namespaces, network } = settings;
  const { platform } = priorities;
  const opts = { providers: { kubernetes: provider } };
  const none = { quota: false, podDefaults: false, imageMirror: false };
  const namespace = new ManagedNamespace(
    "hub",
    { namespace: namespaces.hub, podSecurity: "restricted", optIns: none, dns: false },
    opts,
  );
  const setup = setupOf(settings, namespace, work, sources, opts);
  const notebooks = new NotebookPolicy(
    "notebook-policy",
    { namespace: work.name, hubNamespace: namespaces.hub, controlPlaneCidrs: network.controlPlaneCidrs },
    opts,
  );
  const installed = { ...opts, dependsOn: [namespace, priorities] };
  const proxy = proxyOf(settings, namespace, setup.secrets.proxy, platform, installed);
  // The hub looks for its proxy and for its servers as soon as it starts.
  const after = { ...opts, dependsOn: [...installed.dependsOn, setup.access, notebooks, proxy] };
  const server = serverOf(settings, namespace, setup, platform, after);
  const gatewaySecret = setup.secrets.sshGateway;
  const ssh = gatewaySecret && sshOf(settings, namespace, { image: images.ssh, gatewaySecret }, platform, installed);
  const placed = placement(settings, namespace, { system, priorities }, opts);
  return { namespace, ssh: ssh?.key, ready: [server, proxy, ...placed, ...(ssh === undefined ? [] : [ssh.service])] };
}
