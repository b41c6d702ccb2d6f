import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { fromGateway, type GatewayClients, namespace, tcp, toApiServer, toDns } from "../core/network.ts";
import { METRICS_PORT } from "../core/own-pod.ts";
import { type Program, ReplicatedService } from "../core/replicated-service.ts";

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
const KEYCLOAK_PORT = 8080;
const [SECRET_DIR, WELCOME_DIR] = ["/etc/carrel/api", "/etc/carrel/welcome"];
/** Endpoints forget a pod, requests under way end; the process itself takes 8 s for that. */
const GRACE_SECONDS = 30;

type Variable = types.input.core.v1.EnvVar;

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

/** The API behind a Service: at least two replicas, spread, never down by a drain or an upgrade. */
export class ApiService extends ReplicatedService {
  constructor(name: string, args: ApiServiceArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:api:ApiService", name, programOf(args), opts);
  }
}

/** The gateway comes to people's port, the hub to servers'. */
function network(args: ApiServiceArgs): Program["network"] {
  const { gateway, hubNamespace, identityNamespace, monitoringNamespace, controlPlaneCidrs } = args;
  return {
    ingress: [
      { from: fromGateway(gateway), ports: tcp("public") },
      { from: [namespace(hubNamespace)], ports: tcp("internal") },
    ],
    egress: [toApiServer(controlPlaneCidrs), toDns, { to: [namespace(identityNamespace)], ports: tcp(KEYCLOAK_PORT) }],
    monitoringNamespace,
  };
}

function programOf(args: ApiServiceArgs): Program {
  return {
    name: API_SERVICE,
    namespace: args.namespace,
    replicas: args.replicas,
    ports: [
      { name: "public", container: API_PORT },
      { name: "internal", container: API_INTERNAL_PORT },
    ],
    container: {
      image: args.image,
      env: environment(args),
      resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "384Mi" } },
      volumeMounts: [
        { name: "secret", mountPath: SECRET_DIR, readOnly: true },
        { name: "welcome", mountPath: WELCOME_DIR, readOnly: true },
      ],
    },
    pod: {
      serviceAccountName: args.serviceAccount,
      automountServiceAccountToken: true,
      priorityClassName: args.priorityClass,
      terminationGracePeriodSeconds: GRACE_SECONDS,
      volumes: [
        { name: "secret", secret: { secretName: args.secret } },
        { name: "welcome", secret: { secretName: args.welcome.secret } },
      ],
    },
    network: network(args),
  };
}
