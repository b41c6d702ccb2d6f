import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  CONTROLLERS,
  RealmControllers,
  type RealmControllersArgs,
} from "../../../components/identity/realm-controllers.ts";
import { readSettings } from "../../../services/controllers/settings.ts";
import { outline, type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (own: Partial<RealmControllersArgs> = {}, opts: pulumi.ComponentResourceOptions = {}) =>
  recordParts(
    (given) =>
      new RealmControllers(
        "keepers",
        {
          namespace: pulumi.output("library-system"),
          image: pulumi.output("registry.test/library/controllers@sha256:1"),
          serviceAccount: pulumi.output("controllers"),
          priorityClass: "library-platform",
          logLevel: "debug",
          clientSecrets: pulumi.output("clients-of-realm"),
          bootstrapSecret: "first-client",
          host: "library.test",
          port: 8443,
          keycloakUrl: "http://keycloak.library-identity.svc:8080",
          realm: "readers",
          workNamespace: "library-work",
          volumes: { storageClass: "shared", accessMode: "ReadWriteOnce" },
          controlPlaneCidrs: ["192.0.2.0/24"],
          identityNamespace: "library-identity",
          monitoringNamespace: "library-monitoring",
          ...own,
        },
        { ...given, ...opts },
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "controllers" };
const metadata = {
  name: "controllers",
  namespace: "library-system",
  labels: { ...labels("identity"), "app.kubernetes.io/name": "controllers" },
};
const child = (type: string, part: string, spec: object, dependsOn: string[] = []): Registered => {
  const [apiVersion = "", kind = ""] = type.split(":");
  const inputs = { apiVersion, kind, metadata, spec };
  const name = `keepers-${part}`;
  return { type: `kubernetes:${type}`, name, parent: "keepers", provider: "cluster", dependsOn, inputs };
};
const probe = (path: string, rest: object) => ({ httpGet: { path, port: "metrics" }, timeoutSeconds: 2, ...rest });

interface Variable {
  readonly name: string;
  readonly value?: string;
}
const variables: object[] = [
  { name: "METRICS_PORT", value: "9090" },
  { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  { name: "WORK_NAMESPACE", value: "library-work" },
  { name: "KEYCLOAK_URL", value: "http://keycloak.library-identity.svc:8080" },
  { name: "REALM", value: "readers" },
  { name: "HOST", value: "library.test" },
  { name: "PUBLIC_PORT", value: "8443" },
  { name: "STORAGE_CLASS", value: "shared" },
  { name: "ACCESS_MODE", value: "ReadWriteOnce" },
  { name: "LOG_LEVEL", value: "debug" },
];

const container = {
  name: "controllers",
  image: "registry.test/library/controllers@sha256:1",
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  ports: [{ name: "metrics", containerPort: 9090 }],
  env: variables,
  resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "384Mi" } },
  startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
  livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
  readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
  volumeMounts: [
    { name: "clients", mountPath: "/etc/carrel/clients", readOnly: true },
    { name: "bootstrap", mountPath: "/etc/carrel/bootstrap", readOnly: true },
  ],
};

const podSpec = {
  serviceAccountName: "controllers",
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
  containers: [container],
  volumes: [
    { name: "clients", secret: { secretName: "clients-of-realm" } },
    { name: "bootstrap", secret: { secretName: "first-client" } },
  ],
};

interface Deployed {
  readonly spec: { readonly template: { readonly spec: { readonly containers: readonly { env: Variable[] }[] } } };
}
const variablesOf = (resources: readonly Registered[]): Variable[] => {
  const { spec } = resourceOf(resources, "keepers-deployment").inputs as unknown as Deployed;
  return spec.template.spec.containers[0]?.env ?? [];
};

describe("RealmControllers", () => {
  it("is a deployment and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.equal(CONTROLLERS, "controllers");
    assert.deepEqual(outline(resources), [
      " > carrel:identity:RealmControllers keepers",
      "keepers > kubernetes:apps/v1:Deployment keepers-deployment",
      "keepers > kubernetes:networking.k8s.io/v1:NetworkPolicy keepers-network-policy",
    ]);
    assert.deepEqual(outputs, { keepers: {} });
  });

  it("runs one restricted, probed pod, never two versions at once, never outside of its policy", async () => {
    const { resources } = await build();
    const spec = {
      replicas: 1,
      strategy: { type: "Recreate" },
      progressDeadlineSeconds: 900,
      selector: { matchLabels: selector },
      template: { metadata: { labels: metadata.labels }, spec: podSpec },
    };
    const expected = child("apps/v1:Deployment", "deployment", spec, ["keepers-network-policy"]);
    assert.deepEqual(resourceOf(resources, "keepers-deployment"), expected);
  });

  it("is waited for until its own deadline for the realm is over", async () => {
    const timeouts = new Map<string, pulumi.CustomTimeouts | undefined>();
    await build({}, { transformations: [({ name, opts }) => void timeouts.set(name, opts.customTimeouts)] });
    assert.deepEqual(timeouts.get("keepers-deployment"), { create: "16m", update: "16m" });
  });

  it("is set up by variables, and finds secrets in folders, that the process itself understands", async () => {
    const { resources } = await build();
    const given = variablesOf(resources).map(({ name, value = "library-system" }) => [name, value] as const);
    const { clientSecretsDir, bootstrapDir, ...settings } = readSettings(Object.fromEntries(given));
    assert.deepEqual(
      [clientSecretsDir, bootstrapDir],
      container.volumeMounts.map(({ mountPath }) => mountPath),
    );
    assert.deepEqual(settings, {
      metricsPort: 9090,
      namespace: "library-system",
      workNamespace: "library-work",
      keycloakUrl: "http://keycloak.library-identity.svc:8080",
      realm: "readers",
      host: "library.test",
      publicPort: 8443,
      realmFile: undefined,
      realmSecretsDir: "/etc/carrel/realm-secrets",
      claims: { storageClass: "shared", accessMode: "ReadWriteOnce" },
      puller: undefined,
      imageMirror: { rules: [], exempt: [], onMissing: "keep" },
      logLevel: "debug",
    });
  });

  it("is told how images are pulled beforehand, where they are", async () => {
    const own = { namespace: "library-hub", pauseImage: "registry.test/pause:3", priorityClass: "library-placeholder" };
    const imageMirror = { rules: [{ from: "docker.io", to: "mirror.test/hub" }], exempt: [], onMissing: "refuse" };
    const { resources } = await build({ puller: { ...own, imageMirror } });
    const given = variablesOf(resources).map(({ name, value = "library-system" }) => [name, value] as const);
    const told = readSettings(Object.fromEntries(given));
    assert.deepEqual([told.puller, told.imageMirror], [own, imageMirror]);
  });

  it("leaves the StorageClass of claims to the cluster where none is named", async () => {
    const { resources } = await build({ volumes: { storageClass: undefined, accessMode: "ReadWriteMany" } });
    const storage = variablesOf(resources).filter(({ name }) => ["STORAGE_CLASS", "ACCESS_MODE"].includes(name));
    assert.deepEqual(storage, [{ name: "ACCESS_MODE", value: "ReadWriteMany" }]);
  });

  it("reaches the API server, DNS and Keycloak, and is reached by monitoring alone", async () => {
    const { resources } = await build();
    const inNamespace = (name: string) => ({
      namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
    });
    const ports = (...of: (string | number)[]) => of.map((port) => ({ protocol: "TCP", port }));
    const keycloak = {
      ...inNamespace("library-identity"),
      podSelector: { matchLabels: { ...selector, "app.kubernetes.io/name": "keycloak" } },
    };
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [inNamespace("library-monitoring")], ports: ports("metrics") }],
      egress: [
        { to: [{ ipBlock: { cidr: "192.0.2.0/24" } }], ports: ports(443, 6443) },
        {
          to: [{ ...inNamespace("kube-system"), podSelector: { matchLabels: { "k8s-app": "kube-dns" } } }],
          ports: [
            { protocol: "UDP", port: 53 },
            { protocol: "TCP", port: 53 },
          ],
        },
        { to: [keycloak], ports: ports(8080) },
      ],
    };
    assert.deepEqual(
      resourceOf(resources, "keepers-network-policy"),
      child("networking.k8s.io/v1:NetworkPolicy", "network-policy", spec),
    );
  });
});
