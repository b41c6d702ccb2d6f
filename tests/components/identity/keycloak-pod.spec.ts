import assert from "node:assert/strict";
import { KEYCLOAK_BUILD, type KeycloakPodSettings, keycloakPod } from "../../../components/identity/keycloak-pod.ts";
import { keycloakBuild } from "../../../lab/stand-ins/program-layers.ts";

const settings: KeycloakPodSettings = {
  image: "registry.test/keycloak@sha256:1",
  isOptimized: true,
  priorityClass: "library-platform",
  publicUrl: "https://id.library.test:8443",
  database: { host: "db.library.test", port: 6432, name: "accounts", user: "librarian" },
  bootstrapSecret: "first-client",
};
const fromSecret = (name: string, secret: string, key: string) => ({
  name,
  valueFrom: { secretKeyRef: { name: secret, key } },
});
const probe = (path: string, rest: object) => ({
  httpGet: { path: `/health/${path}`, port: "management" },
  timeoutSeconds: 5,
  ...rest,
});

const env = [
  { name: "KC_DB", value: "postgres" },
  { name: "KC_HEALTH_ENABLED", value: "true" },
  { name: "KC_METRICS_ENABLED", value: "true" },
  { name: "KC_DB_URL_HOST", value: "db.library.test" },
  { name: "KC_DB_URL_PORT", value: "6432" },
  { name: "KC_DB_URL_DATABASE", value: "accounts" },
  { name: "KC_DB_USERNAME", value: "librarian" },
  fromSecret("KC_DB_PASSWORD", "own-secret", "database-password"),
  { name: "KC_HOSTNAME", value: "https://id.library.test:8443" },
  { name: "KC_HOSTNAME_BACKCHANNEL_DYNAMIC", value: "true" },
  { name: "KC_HTTP_ENABLED", value: "true" },
  { name: "KC_HTTP_MANAGEMENT_SCHEME", value: "http" },
  { name: "KC_PROXY_HEADERS", value: "xforwarded" },
  { name: "KC_CACHE", value: "ispn" },
  { name: "KC_SHUTDOWN_DELAY", value: "5s" },
  { name: "KC_SHUTDOWN_TIMEOUT", value: "10s" },
  {
    name: "KC_CACHE_EMBEDDED_NETWORK_BIND_ADDRESS",
    valueFrom: { fieldRef: { fieldPath: "status.podIP" } },
  },
  fromSecret("KC_BOOTSTRAP_ADMIN_CLIENT_ID", "first-client", "client-id"),
  fromSecret("KC_BOOTSTRAP_ADMIN_CLIENT_SECRET", "first-client", "client-secret"),
];

const container = {
  name: "keycloak",
  image: "registry.test/keycloak@sha256:1",
  args: ["start", "--optimized"],
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  ports: [
    { name: "http", containerPort: 8080 },
    { name: "management", containerPort: 9000 },
    { name: "jgroups", containerPort: 7800 },
    { name: "jgroups-fd", containerPort: 57800 },
  ],
  env,
  resources: { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "2Gi" } },
  startupProbe: probe("started", { periodSeconds: 2, failureThreshold: 300 }),
  livenessProbe: probe("live", { periodSeconds: 10, failureThreshold: 6 }),
  readinessProbe: probe("ready", { periodSeconds: 5, failureThreshold: 15 }),
  volumeMounts: [
    { name: "data", mountPath: "/opt/keycloak/data" },
    { name: "tmp", mountPath: "/tmp" },
  ],
};

describe("keycloakPod", () => {
  it("is restricted and spread, and starts what was built in a file system that nobody writes to", () => {
    const labels = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "keycloak" };
    assert.deepEqual(keycloakPod(settings, "own-secret"), {
      automountServiceAccountToken: false,
      priorityClassName: "library-platform",
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 0,
        fsGroup: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      terminationGracePeriodSeconds: 60,
      enableServiceLinks: false,
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: labels },
        },
      ],
      containers: [container],
      volumes: [
        { name: "data", emptyDir: { sizeLimit: "256Mi" } },
        { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
      ],
    });
  });

  it("lets an image that is not built yet build itself, and is told the same otherwise", () => {
    assert.deepEqual(keycloakPod({ ...settings, isOptimized: false }, "own-secret").containers, [
      {
        ...container,
        args: ["start"],
        securityContext: { ...container.securityContext, readOnlyRootFilesystem: false },
      },
    ]);
  });

  it("asks of an image what the lab's is built for", () => {
    const options = Object.entries(KEYCLOAK_BUILD).map(
      ([name, value]) => `--${name.slice("KC_".length).toLowerCase().replaceAll("_", "-")}=${value}`,
    );
    assert.deepEqual(options, keycloakBuild);
  });
});
