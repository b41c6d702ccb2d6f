import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import { selectorLabels } from "../core/labels.ts";
import { spreadOverNodes } from "../core/own-pod.ts";
import { restrictedContainer, restrictedPod } from "../core/pod-security.ts";

/** Where Keycloak keeps everything. */
export interface KeycloakDatabase {
  readonly host: string;
  readonly port: number;
  readonly name: string;
  readonly user: string;
}

export interface KeycloakPodSettings {
  /** Keycloak 26. */
  readonly image: pulumi.Input<string>;
  /** Whether `kc.sh build` was run on the image with `KEYCLOAK_BUILD`. */
  readonly isOptimized: boolean;
  readonly priorityClass: string;
  /** `https://HOST[:PORT]`: begins the issuer of every token. */
  readonly publicUrl: string;
  readonly database: KeycloakDatabase;
  /** Secret with the keys `client-id` and `client-secret` of the client that Keycloak makes at its first start. */
  readonly bootstrapSecret: string;
}

/** Name of its StatefulSet, its Service, its pods. */
export const KEYCLOAK = "keycloak";
/** Of people and programs, of health and metrics, and of its pods among themselves. */
export const [KEYCLOAK_PORT, MANAGEMENT_PORT] = [8080, 9000];
export const JGROUPS_PORTS = [7800, 57800] as const;
/** In the Secret that is its own. */
export const DATABASE_PASSWORD = "database-password";

/** Options that an image is built for; a start with other values than the build's ignores them. */
export const KEYCLOAK_BUILD: Readonly<Record<string, string>> = {
  KC_DB: "postgres",
  KC_HEALTH_ENABLED: "true",
  KC_METRICS_ENABLED: "true",
};

/** The official image's `keycloak`, whose files are its group's too. */
const [UID, ROOT_GROUP] = [1000, 0];
/**
 * Of probes, five seconds apart. When the replica that led the cluster is killed, the other one takes itself for the
 * losing side of a split until the dead one's row in the database is 60 seconds old, and says so, but works.
 */
const UNREADY_AFTER_FAILURES = 15;
/** Until every endpoint has forgotten the pod, and for requests under way after that. */
const [SHUTDOWN_DELAY_SECONDS, SHUTDOWN_TIMEOUT_SECONDS, GRACE_SECONDS] = [5, 10, 60];

type Container = types.input.core.v1.Container;
type Variable = types.input.core.v1.EnvVar;

const literals = (values: Readonly<Record<string, string>>): Variable[] =>
  Object.entries(values).map(([name, value]) => ({ name, value }));

const fromSecret = (name: string, secret: pulumi.Input<string>, key: string): Variable => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});

function environment(settings: KeycloakPodSettings, ownSecret: pulumi.Input<string>): Variable[] {
  const { publicUrl, database, bootstrapSecret } = settings;
  return [
    ...literals({
      ...KEYCLOAK_BUILD,
      KC_DB_URL_HOST: database.host,
      KC_DB_URL_PORT: String(database.port),
      KC_DB_URL_DATABASE: database.name,
      KC_DB_USERNAME: database.user,
    }),
    fromSecret("KC_DB_PASSWORD", ownSecret, DATABASE_PASSWORD),
    ...literals({
      KC_HOSTNAME: publicUrl,
      // Programs of the platform reach it by the Service's name; tokens still name the public one.
      KC_HOSTNAME_BACKCHANNEL_DYNAMIC: "true",
      KC_HTTP_ENABLED: "true",
      KC_HTTP_MANAGEMENT_SCHEME: "http",
      KC_PROXY_HEADERS: "xforwarded",
      // Pods find one another in the database, and encrypt what they say.
      KC_CACHE: "ispn",
      KC_SHUTDOWN_DELAY: `${SHUTDOWN_DELAY_SECONDS}s`,
      KC_SHUTDOWN_TIMEOUT: `${SHUTDOWN_TIMEOUT_SECONDS}s`,
    }),
    // By default it looks for a private address, which not every cluster gives to pods.
    {
      name: "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS",
      valueFrom: { fieldRef: { fieldPath: "status.podIP" } },
    },
    fromSecret("KC_BOOTSTRAP_ADMIN_CLIENT_ID", bootstrapSecret, "client-id"),
    fromSecret("KC_BOOTSTRAP_ADMIN_CLIENT_SECRET", bootstrapSecret, "client-secret"),
  ];
}

function container(settings: KeycloakPodSettings, ownSecret: pulumi.Input<string>): Container {
  const { image, isOptimized } = settings;
  const probe = (path: string): types.input.core.v1.Probe => ({
    httpGet: { path: `/health/${path}`, port: "management" },
    periodSeconds: 10,
    timeoutSeconds: 5,
  });
  const [jgroups, failureDetection] = JGROUPS_PORTS;
  return {
    name: KEYCLOAK,
    image,
    args: isOptimized ? ["start", "--optimized"] : ["start"],
    // An image that is not built yet builds itself into its own folders at each start.
    securityContext: { ...restrictedContainer, readOnlyRootFilesystem: isOptimized },
    ports: [
      { name: "http", containerPort: KEYCLOAK_PORT },
      { name: "management", containerPort: MANAGEMENT_PORT },
      { name: "jgroups", containerPort: jgroups },
      { name: "jgroups-fd", containerPort: failureDetection },
    ],
    env: environment(settings, ownSecret),
    // The heap is 70 % of the limit.
    resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "2Gi" } },
    // Its first start makes the database's tables; on a small machine that takes minutes.
    startupProbe: { ...probe("started"), periodSeconds: 2, failureThreshold: 300 },
    livenessProbe: { ...probe("live"), failureThreshold: 6 },
    readinessProbe: { ...probe("ready"), periodSeconds: 5, failureThreshold: UNREADY_AFTER_FAILURES },
    volumeMounts: [
      { name: "data", mountPath: "/opt/keycloak/data" },
      { name: "tmp", mountPath: "/tmp" },
    ],
  };
}

/** @param ownSecret holds `DATABASE_PASSWORD` */
export function keycloakPod(
  settings: KeycloakPodSettings,
  ownSecret: pulumi.Input<string>,
): types.input.core.v1.PodSpec {
  return {
    automountServiceAccountToken: false,
    priorityClassName: settings.priorityClass,
    securityContext: { ...restrictedPod, runAsUser: UID, runAsGroup: ROOT_GROUP, fsGroup: UID },
    terminationGracePeriodSeconds: GRACE_SECONDS,
    enableServiceLinks: false,
    topologySpreadConstraints: spreadOverNodes(selectorLabels(KEYCLOAK)),
    containers: [container(settings, ownSecret)],
    volumes: [
      { name: "data", emptyDir: { sizeLimit: "256Mi" } },
      { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
    ],
  };
}
