import type { types } from "@pulumi/kubernetes";
import { selectorLabels } from "../core/labels.ts";
import { spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";
import type { ListenerPorts, TcpTarget } from "./routes.ts";

/** Name of its objects, and of its entry in labels. */
export const TRAEFIK = "traefik";
const ADMIN_PORT = 9100;
const DYNAMIC_DIR = "/etc/traefik/dynamic";

export interface TraefikSettings {
  readonly namespace: string;
  readonly image: string;
  readonly replicas: number;
  readonly priorityClass: string;
  readonly ports: ListenerPorts;
  /** Namespaces with routes. */
  readonly namespaces: readonly string[];
}

/**
 * A listener is served where an entry point has its very port, so pods listen on the public ones. Uploads and pages that
 * stay open take longer than the minute that Traefik gives a request.
 */
function flags({ ports, namespace, namespaces }: TraefikSettings): string[] {
  return [
    `--entrypoints.web.address=:${ports.http}`,
    `--entrypoints.websecure.address=:${ports.https}`,
    "--entrypoints.websecure.transport.respondingtimeouts.readtimeout=0",
    `--entrypoints.ssh.address=:${ports.ssh}`,
    "--entrypoints.ssh.transport.respondingtimeouts.readtimeout=0",
    `--entrypoints.admin.address=:${ADMIN_PORT}`,
    "--providers.kubernetesgateway=true",
    `--providers.kubernetesgateway.namespaces=${[...new Set(namespaces)].sort().join(",")}`,
    `--providers.kubernetesgateway.statusaddress.service.namespace=${namespace}`,
    `--providers.kubernetesgateway.statusaddress.service.name=${TRAEFIK}`,
    `--providers.file.directory=${DYNAMIC_DIR}`,
    "--ping=true",
    "--ping.entrypoint=admin",
    "--metrics.prometheus=true",
    "--metrics.prometheus.entrypoint=admin",
    "--accesslog=true",
    "--accesslog.format=json",
    "--global.checknewversion=false",
    "--global.sendanonymoususage=false",
  ];
}

/**
 * SSH in Traefik's own words: it reads TCPRoutes of the experimental channel alone, whose definitions a cluster with the
 * standard channel does not serve.
 */
export function sshConfiguration(target: TcpTarget | undefined): string {
  if (target === undefined) return "{}\n";
  const address = `${target.service}.${target.namespace}.svc:${target.port}`;
  const tcp = {
    routers: { ssh: { entryPoints: ["ssh"], rule: "HostSNI(`*`)", service: "ssh" } },
    services: { ssh: { loadBalancer: { servers: [{ address }] } } },
  };
  return `${JSON.stringify({ tcp }, null, 2)}\n`;
}

function container(settings: TraefikSettings): types.input.core.v1.Container {
  const { http, https, ssh } = settings.ports;
  const probe = { httpGet: { path: "/ping", port: "admin" }, periodSeconds: 5, timeoutSeconds: 2 };
  return {
    name: TRAEFIK,
    image: settings.image,
    args: flags(settings),
    securityContext: restrictedContainer,
    ports: [
      { name: "http", containerPort: http },
      { name: "https", containerPort: https },
      { name: "ssh", containerPort: ssh },
      { name: "admin", containerPort: ADMIN_PORT },
    ],
    resources: { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "512Mi" } },
    startupProbe: { ...probe, periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { ...probe, failureThreshold: 6 },
    readinessProbe: { ...probe, periodSeconds: 2, failureThreshold: 2 },
    volumeMounts: [
      { name: "dynamic", mountPath: DYNAMIC_DIR, readOnly: true },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

/** @param configMap holds `ssh.json` */
export function traefikPod(
  settings: TraefikSettings,
  serviceAccountName: types.input.core.v1.PodSpec["serviceAccountName"],
  configMap: string,
): types.input.core.v1.PodSpec {
  return {
    ...(serviceAccountName === undefined ? {} : { serviceAccountName }),
    automountServiceAccountToken: true,
    priorityClassName: settings.priorityClass,
    // Ports below 1024 without a capability.
    securityContext: { ...restrictedPod, sysctls: [{ name: "net.ipv4.ip_unprivileged_port_start", value: "0" }] },
    // Notebooks' websockets come back elsewhere by themselves; what is shorter ends here.
    terminationGracePeriodSeconds: 60,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selectorLabels(TRAEFIK)),
    containers: [container(settings)],
    volumes: [
      { name: "dynamic", configMap: { name: configMap } },
      { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
    ],
  };
}

const READ = ["get", "list", "watch"];
const GROUP = "gateway.networking.k8s.io";

/** Of the whole cluster. */
export const clusterRules: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["namespaces"], verbs: READ },
  { apiGroups: [GROUP], resources: ["gatewayclasses"], verbs: READ },
  { apiGroups: [GROUP], resources: ["gatewayclasses/status"], verbs: ["update"] },
];

/** Of each namespace with routes. Traefik watches all Secrets of a namespace and cannot be told which one it needs. */
export const routeRules: types.input.rbac.v1.PolicyRule[] = [
  { apiGroups: [""], resources: ["services", "secrets", "configmaps"], verbs: READ },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: READ },
  {
    apiGroups: [GROUP],
    resources: [
      "gateways",
      "httproutes",
      "grpcroutes",
      "tlsroutes",
      "listenersets",
      "referencegrants",
      "backendtlspolicies",
    ],
    verbs: READ,
  },
  {
    apiGroups: [GROUP],
    resources: ["gateways", "httproutes", "grpcroutes", "tlsroutes", "listenersets", "backendtlspolicies"].map(
      (plural) => `${plural}/status`,
    ),
    verbs: ["update"],
  },
];
