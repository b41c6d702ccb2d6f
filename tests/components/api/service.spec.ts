import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  API_INTERNAL_PORT,
  API_PORT,
  API_SERVICE,
  ApiService,
  type ApiServiceArgs,
} from "../../../components/api/service.ts";
import { readSettings } from "../../../services/api/settings.ts";
import { outline, type Recording, type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (own: Partial<ApiServiceArgs> = {}): Promise<Recording<ApiService>> =>
  recordParts(
    (opts) =>
      new ApiService(
        "front",
        {
          namespace: pulumi.output("library-system"),
          image: pulumi.output("registry.test/library/api@sha256:1"),
          serviceAccount: pulumi.output("api"),
          secret: pulumi.output("api-secret"),
          welcome: { secret: pulumi.output("welcome-secret"), publicUrl: "https://library.test" },
          priorityClass: "library-platform",
          replicas: 2,
          logLevel: "debug",
          issuer: "https://id.library.test/realms/carrel",
          audiences: ["carrel-api", "console"],
          keycloakUrl: "http://keycloak.library-identity.svc:8080",
          consoleOrigin: "https://console.library.test",
          workNamespace: "library-work",
          accelerators: ["vendor.test/slice-*=0.25"],
          culling: { idleSeconds: 3600, maxAgeSeconds: null },
          controlPlaneCidrs: ["192.0.2.0/24"],
          gateway: { namespace: "library-gateway", cidrs: ["198.51.100.0/24"] },
          hubNamespace: "library-hub",
          identityNamespace: "library-identity",
          monitoringNamespace: "library-monitoring",
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "api" };
const metadata = {
  name: "api",
  namespace: "library-system",
  labels: { ...labels("api"), "app.kubernetes.io/name": "api" },
};
const child = (type: string, part: string, spec: object, dependsOn: string[] = []): Registered => {
  const [version = "", kind = ""] = type.split(":");
  const apiVersion = version === "core/v1" ? "v1" : version;
  const inputs = { apiVersion, kind, metadata, spec };
  return { type: `kubernetes:${type}`, name: `front-${part}`, parent: "front", provider: "cluster", dependsOn, inputs };
};
const probe = (path: string, rest: object) => ({ httpGet: { path, port: "metrics" }, timeoutSeconds: 2, ...rest });

interface Variable {
  readonly name: string;
  readonly value: string;
}
const variables: Variable[] = [
  { name: "PORT", value: "8080" },
  { name: "INTERNAL_PORT", value: "8081" },
  { name: "METRICS_PORT", value: "9090" },
  { name: "ISSUER", value: "https://id.library.test/realms/carrel" },
  { name: "AUDIENCES", value: "carrel-api,console" },
  { name: "KEYCLOAK_URL", value: "http://keycloak.library-identity.svc:8080" },
  { name: "CLIENT_SECRET_FILE", value: "/etc/carrel/api/client-secret" },
  { name: "SERVER_SECRET_FILE", value: "/etc/carrel/api/server-secret" },
  { name: "CONSOLE_ORIGIN", value: "https://console.library.test" },
  { name: "PUBLIC_URL", value: "https://library.test" },
  { name: "WELCOME_DIR", value: "/etc/carrel/welcome" },
  { name: "WORK_NAMESPACE", value: "library-work" },
  { name: "ACCELERATORS", value: "vendor.test/slice-*=0.25" },
  { name: "CULLING_IDLE_SECONDS", value: "3600" },
  { name: "LOG_LEVEL", value: "debug" },
];

const container = {
  name: "api",
  image: "registry.test/library/api@sha256:1",
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  ports: [
    { name: "public", containerPort: 8080 },
    { name: "internal", containerPort: 8081 },
    { name: "metrics", containerPort: 9090 },
  ],
  env: variables,
  resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { cpu: "1", memory: "384Mi" } },
  startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
  livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
  readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
  volumeMounts: [
    { name: "secret", mountPath: "/etc/carrel/api", readOnly: true },
    { name: "welcome", mountPath: "/etc/carrel/welcome", readOnly: true },
  ],
};

const podSpec = {
  serviceAccountName: "api",
  automountServiceAccountToken: true,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 30,
  enableServiceLinks: false,
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ],
  containers: [container],
  volumes: [
    { name: "secret", secret: { secretName: "api-secret" } },
    { name: "welcome", secret: { secretName: "welcome-secret" } },
  ],
};

const from = (name: string) => [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } }];
const ports = (...of: (string | number)[]) => of.map((port) => ({ protocol: "TCP", port }));

describe("ApiService", () => {
  it("is a deployment, its Service, its budget and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:api:ApiService front",
      "front > kubernetes:apps/v1:Deployment front-deployment",
      "front > kubernetes:core/v1:Service front-service",
      "front > kubernetes:networking.k8s.io/v1:NetworkPolicy front-network-policy",
      "front > kubernetes:policy/v1:PodDisruptionBudget front-disruption-budget",
    ]);
    assert.deepEqual(outputs, { front: {} });
  });

  it("runs restricted, probed and spread pods, never outside of their policy", async () => {
    const { resources } = await build();
    const spec = {
      replicas: 2,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template: { metadata: { labels: metadata.labels }, spec: podSpec },
    };
    const expected = child("apps/v1:Deployment", "deployment", spec, ["front-network-policy"]);
    assert.deepEqual(resourceOf(resources, "front-deployment"), expected);
  });

  const settingsOf = (env: readonly Variable[]) =>
    readSettings(Object.fromEntries(env.map(({ name, value }) => [name, value])));

  it("is set up by variables that the process itself understands", () => {
    const { accelerators, ...settings } = settingsOf(variables);
    assert.deepEqual(settings, {
      port: API_PORT,
      internalPort: API_INTERNAL_PORT,
      metricsPort: 9090,
      issuer: "https://id.library.test/realms/carrel",
      audiences: ["carrel-api", "console"],
      keycloakUrl: "http://keycloak.library-identity.svc:8080",
      realm: "carrel",
      clientId: "carrel-api",
      clientSecretFile: "/etc/carrel/api/client-secret",
      serverSecretFile: "/etc/carrel/api/server-secret",
      consoleOrigin: "https://console.library.test",
      publicUrl: "https://library.test",
      welcomeDir: "/etc/carrel/welcome",
      workNamespace: "library-work",
      culling: { idleSeconds: 3600, maxAgeSeconds: null },
      maxCalls: 256,
      logLevel: "debug",
    });
    assert.equal(accelerators.weightMilli("vendor.test/slice-1"), 250n);
  });

  it("passes on a greatest age where one is set, and no idle time where none is", async () => {
    const { resources } = await build({ culling: { idleSeconds: null, maxAgeSeconds: 60 }, accelerators: [] });
    const { spec } = resourceOf(resources, "front-deployment").inputs as {
      spec: { template: { spec: { containers: { env: Variable[] }[] } } };
    };
    const { culling } = settingsOf(spec.template.spec.containers[0]?.env ?? []);
    assert.deepEqual(culling, { idleSeconds: null, maxAgeSeconds: 60 });
  });

  it("is called on its three ports by the Service's own name", async () => {
    const { resources } = await build();
    assert.equal(API_SERVICE, "api");
    const spec = {
      type: "ClusterIP",
      selector,
      ports: [
        { name: "public", port: 8080, targetPort: "public" },
        { name: "internal", port: 8081, targetPort: "internal" },
        { name: "metrics", port: 9090, targetPort: "metrics" },
      ],
    };
    assert.deepEqual(resourceOf(resources, "front-service"), child("core/v1:Service", "service", spec));
  });

  it("lets the gateway to the public port, the hub alone to the internal one, and itself out to what it asks", async () => {
    const { resources } = await build();
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        {
          from: [...from("library-gateway"), { ipBlock: { cidr: "198.51.100.0/24" } }],
          ports: ports("public"),
        },
        { from: from("library-hub"), ports: ports("internal") },
        { from: from("library-monitoring"), ports: ports("metrics") },
      ],
      egress: [
        { to: [{ ipBlock: { cidr: "192.0.2.0/24" } }], ports: ports(443, 6443) },
        {
          to: [{ ...from("kube-system")[0], podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
          ports: [{ protocol: "UDP", port: 53 }, ...ports(53)],
        },
        { to: from("library-identity"), ports: ports(8080) },
      ],
    };
    const expected = child("networking.k8s.io/v1:NetworkPolicy", "network-policy", spec);
    assert.deepEqual(resourceOf(resources, "front-network-policy"), expected);
  });

  it("loses one pod at a time to drains", async () => {
    const { resources } = await build();
    const spec = { maxUnavailable: 1, selector: { matchLabels: selector } };
    const expected = child("policy/v1:PodDisruptionBudget", "disruption-budget", spec);
    assert.deepEqual(resourceOf(resources, "front-disruption-budget"), expected);
  });
});
