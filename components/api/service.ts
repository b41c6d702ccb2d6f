import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { Part } from "../core/component.ts";
import { commonLabels, selectorLabels } from "../core/labels.ts";
import { fromGateway, type GatewayClients, namespace, tcp, toApiServer, toDns } from "../core/network.ts";
import { ownProbes, spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";

export interface ApiServiceArgs {
  readonly namespace: pulumi.Input<string>;
  readonly image: pulumi.Input<string>;
  readonly serviceAccount: pulumi.Input<string>;
  /** Secret with the keys `client-secret` (of the identity provider's client) and `server-secret` (shared with the hub). */
  readonly secret: pulumi.Input<string>;
  /** Secret with the keys `first-admin-hash` and `invitation-key`, and the origin of links that are checked with it. */
  readonly welcome: { readonly secret: pulumi.Input<string>; readonly publicUrl: string };
  readonly priorityClass: string;
  /** At least two: one is down in every drain. */
  readonly replicas: number;
  readonly logLevel: string;
  /** The realm as tokens name it. */
  readonly issuer: string;
  /** Whose tokens are taken. */
  readonly audiences: readonly string[];
  /** Where the identity provider is reached inside the cluster, without `/realms`. */
  readonly keycloakUrl: string;
  /** Whose pages may call from a browser. @default none */
  readonly consoleOrigin?: string;
  readonly workNamespace: string;
  /** `resource=weight`; as admission has them. */
  readonly accelerators: readonly string[];
  /** Of groups that say nothing; null is never. */
  readonly culling: { readonly idleSeconds: number | null; readonly maxAgeSeconds: number | null };
  readonly controlPlaneCidrs: readonly string[];
  readonly gateway: GatewayClients;
  readonly hubNamespace: string;
  readonly identityNamespace: string;
  readonly monitoringNamespace: string;
}

/** Name of the Service, and its ports: for people behind the gateway, for servers inside the cluster. */
export const API_SERVICE = "api";
export const [API_PORT, API_INTERNAL_PORT] = [8080, 8081];
const METRICS_PORT = 9090;
const KEYCLOAK_PORT = 8080;
const [SECRET_DIR, WELCOME_DIR] = ["/etc/carrel/api", "/etc/carrel/welcome"];
/** Endpoints forget a pod, requests under way end; the process itself takes 8 s for that. */
const GRACE_SECONDS = 30;

const selector = selectorLabels("api");
const labels = { ...commonLabels("api"), ...selector };

type Container = k8s.types.input.core.v1.Container;
type Variable = k8s.types.input.core.v1.EnvVar;

function environment(args: ApiServiceArgs): Variable[] {
  const { idleSeconds, maxAgeSeconds } = args.culling;
  const seconds = (name: string, value: number | null): Variable[] =>
    value === null ? [] : [{ name, value: String(value) }];
  return [
    { name: "PORT", value: String(API_PORT) },
    { name: "INTERNAL_PORT", value: String(API_INTERNAL_PORT) },
    { name: "METRICS_PORT", value: String(METRICS_PORT) },
    { name: "ISSUER", value: args.issuer },
    { name: "AUDIENCES", value: args.audiences.join(",") },
    { name: "KEYCLOAK_URL", value: args.keycloakUrl },
    { name: "CLIENT_SECRET_FILE", value: `${SECRET_DIR}/client-secret` },
    { name: "SERVER_SECRET_FILE", value: `${SECRET_DIR}/server-secret` },
    ...(args.consoleOrigin === undefined ? [] : [{ name: "CONSOLE_ORIGIN", value: args.consoleOrigin }]),
    { name: "PUBLIC_URL", value: args.welcome.publicUrl },
    { name: "WELCOME_DIR", value: WELCOME_DIR },
    { name: "WORK_NAMESPACE", value: args.workNamespace },
    { name: "ACCELERATORS", value: args.accelerators.join(",") },
    ...seconds("CULLING_IDLE_SECONDS", idleSeconds),
    ...seconds("CULLING_MAX_AGE_SECONDS", maxAgeSeconds),
    { name: "LOG_LEVEL", value: args.logLevel },
  ];
}

function container(args: ApiServiceArgs): Container {
  return {
    name: "api",
    image: args.image,
    securityContext: restrictedContainer,
    ports: [
      { name: "public", containerPort: API_PORT },
      { name: "internal", containerPort: API_INTERNAL_PORT },
      { name: "metrics", containerPort: METRICS_PORT },
    ],
    env: environment(args),
    resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "384Mi" } },
    ...ownProbes(),
    volumeMounts: [
      { name: "secret", mountPath: SECRET_DIR, readOnly: true },
      { name: "welcome", mountPath: WELCOME_DIR, readOnly: true },
    ],
  };
}

function podSpec(args: ApiServiceArgs): k8s.types.input.core.v1.PodSpec {
  return {
    serviceAccountName: args.serviceAccount,
    automountServiceAccountToken: true,
    priorityClassName: args.priorityClass,
    securityContext: restrictedPod,
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selector),
    containers: [container(args)],
    volumes: [
      { name: "secret", secret: { secretName: args.secret } },
      { name: "welcome", secret: { secretName: args.welcome.secret } },
    ],
  };
}

/** Who may come to which port: the gateway to people's, the hub to servers', monitoring to the metrics. */
function policySpec(args: ApiServiceArgs): k8s.types.input.networking.v1.NetworkPolicySpec {
  const { gateway, hubNamespace, identityNamespace, monitoringNamespace, controlPlaneCidrs } = args;
  return {
    podSelector: { matchLabels: selector },
    policyTypes: ["Ingress", "Egress"],
    ingress: [
      { from: fromGateway(gateway), ports: tcp("public") },
      { from: [namespace(hubNamespace)], ports: tcp("internal") },
      { from: [namespace(monitoringNamespace)], ports: tcp("metrics") },
    ],
    egress: [toApiServer(controlPlaneCidrs), toDns, { to: [namespace(identityNamespace)], ports: tcp(KEYCLOAK_PORT) }],
  };
}

/** The API behind a Service: at least two replicas, spread, never down by a drain or an upgrade. */
export class ApiService extends Part {
  readonly service: k8s.core.v1.Service;
  readonly deployment: k8s.apps.v1.Deployment;

  constructor(name: string, args: ApiServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:api:ApiService", name, opts);
    const metadata = { name: API_SERVICE, namespace: args.namespace, labels };
    const policy = new k8s.networking.v1.NetworkPolicy(
      this.child("network-policy"),
      { metadata, spec: policySpec(args) },
      this.inside,
    );
    this.deployment = new k8s.apps.v1.Deployment(
      this.child("deployment"),
      {
        metadata,
        spec: {
          replicas: args.replicas,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: { metadata: { labels }, spec: podSpec(args) },
        },
      },
      // No pod of it ever runs outside of its policy.
      { ...this.inside, dependsOn: [policy] },
    );
    const ports = [
      { name: "public", port: API_PORT, targetPort: "public" },
      { name: "internal", port: API_INTERNAL_PORT, targetPort: "internal" },
      { name: "metrics", port: METRICS_PORT, targetPort: "metrics" },
    ];
    this.service = new k8s.core.v1.Service(
      this.child("service"),
      { metadata, spec: { type: "ClusterIP", selector, ports } },
      this.inside,
    );
    new k8s.policy.v1.PodDisruptionBudget(
      this.child("disruption-budget"),
      { metadata, spec: { maxUnavailable: 1, selector: { matchLabels: selector } } },
      this.inside,
    );
    this.registerOutputs({});
  }
}
