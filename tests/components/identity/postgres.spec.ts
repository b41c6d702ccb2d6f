import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { POSTGRES, POSTGRES_PORT, Postgres, type PostgresArgs } from "../../../components/identity/postgres.ts";
import { outline, type Recording, type Registered, recordParts, resourceOf, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const client = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "reader" };
const build = (own: Partial<PostgresArgs> = {}): Promise<Recording<Postgres>> =>
  recordParts(
    (opts) =>
      new Postgres(
        "base",
        {
          namespace: pulumi.output("library-identity"),
          image: "registry.test/postgres@sha256:1",
          priorityClass: "library-platform",
          size: "7Gi",
          storageClass: "fast",
          database: "accounts",
          client,
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "postgres" };
const metadata = {
  name: "postgres",
  namespace: "library-identity",
  labels: { ...labels("identity"), "app.kubernetes.io/name": "postgres" },
};
const child = (type: string, part: string, fields: object, dependsOn: string[] = []): Registered => {
  const [version = "", kind = ""] = type.split(":");
  const apiVersion = version === "core/v1" ? "v1" : version;
  const inputs = { apiVersion, kind, metadata, ...fields };
  return { type: `kubernetes:${type}`, name: `base-${part}`, parent: "base", provider: "cluster", dependsOn, inputs };
};
const probe = (rest: object) => ({
  exec: { command: ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=accounts", "--dbname=accounts"] },
  timeoutSeconds: 5,
  ...rest,
});

const container = {
  name: "postgres",
  image: "registry.test/postgres@sha256:1",
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  ports: [{ name: "postgres", containerPort: 5432 }],
  env: [
    { name: "POSTGRES_USER", value: "accounts" },
    { name: "POSTGRES_DB", value: "accounts" },
    { name: "POSTGRES_PASSWORD_FILE", value: "/etc/carrel/postgres/password" },
    { name: "POSTGRES_INITDB_ARGS", value: "--data-checksums" },
    { name: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
  ],
  resources: { requests: { cpu: "50m", memory: "128Mi" }, limits: { memory: "512Mi" } },
  startupProbe: probe({ periodSeconds: 2, failureThreshold: 300 }),
  livenessProbe: probe({ periodSeconds: 10, failureThreshold: 6 }),
  readinessProbe: probe({ periodSeconds: 5, failureThreshold: 2 }),
  lifecycle: { preStop: { exec: { command: ["pg_ctl", "--mode=fast", "--no-wait", "stop"] } } },
  volumeMounts: [
    { name: "data", mountPath: "/var/lib/postgresql/data" },
    { name: "secret", mountPath: "/etc/carrel/postgres", readOnly: true },
    { name: "socket", mountPath: "/var/run/postgresql" },
    { name: "tmp", mountPath: "/tmp" },
  ],
};

const podSpec = {
  automountServiceAccountToken: false,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 999,
    runAsGroup: 999,
    fsGroup: 999,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 60,
  enableServiceLinks: false,
  containers: [container],
  volumes: [
    { name: "secret", secret: { secretName: "postgres", defaultMode: 0o440 } },
    { name: "socket", emptyDir: { sizeLimit: "1Mi" } },
    { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
  ],
};

const claim = (own: object) => ({
  metadata: { name: "data", labels: metadata.labels },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "7Gi" } }, ...own },
});
const spec = {
  serviceName: "postgres",
  replicas: 1,
  podManagementPolicy: "Parallel",
  selector: { matchLabels: selector },
  template: { metadata: { labels: metadata.labels }, spec: podSpec },
  volumeClaimTemplates: [claim({ storageClassName: "fast" })],
  persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
};

describe("Postgres", () => {
  it("is a stateful set, its Service, its password and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:identity:Postgres base",
      "base > kubernetes:apps/v1:StatefulSet base-stateful-set",
      "base > kubernetes:core/v1:Secret base-secret",
      "base > kubernetes:core/v1:Service base-service",
      "base > kubernetes:networking.k8s.io/v1:NetworkPolicy base-network-policy",
      "base > random:index/randomPassword:RandomPassword base-password",
    ]);
    assert.deepEqual(outputs, { base: {} });
  });

  it("runs one restricted, probed pod on a volume that is kept, never outside of its policy", async () => {
    const { resources } = await build();
    const expected = child("apps/v1:StatefulSet", "stateful-set", { spec }, ["base-network-policy", "base-service"]);
    assert.deepEqual(resourceOf(resources, "base-stateful-set"), expected);
  });

  it("leaves the StorageClass to the cluster where none is named", async () => {
    const { resources } = await recordParts((opts) => {
      const args = { namespace: "n", image: "i", priorityClass: "p", size: "7Gi", database: "accounts", client };
      return new Postgres("base", args, opts);
    });
    const { spec: own } = resourceOf(resources, "base-stateful-set").inputs as { spec: typeof spec };
    assert.deepEqual(own.volumeClaimTemplates, [claim({})]);
  });

  it("keeps its password in a Secret, as letters and digits that no URL has to escape", async () => {
    const { resources, built } = await build();
    const { inputs } = resourceOf(resources, "base-password");
    assert.deepEqual(inputs, { length: 32, special: false });
    const fields = { type: "Opaque", stringData: secret({ password: "result of base-password" }) };
    assert.deepEqual(resourceOf(resources, "base-secret"), child("core/v1:Secret", "secret", fields));
    assert.equal(await pulumi.isSecret(built.password), true);
  });

  it("is reached by the Service's name at the pod's own address", async () => {
    const { resources } = await build();
    assert.deepEqual([POSTGRES, POSTGRES_PORT], ["postgres", 5432]);
    const ports = [{ name: "postgres", port: 5432, targetPort: "postgres" }];
    const fields = { spec: { type: "ClusterIP", clusterIP: "None", selector, ports } };
    assert.deepEqual(resourceOf(resources, "base-service"), child("core/v1:Service", "service", fields));
  });

  it("is reached by its client alone, and goes nowhere", async () => {
    const { resources } = await build();
    const policy = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from: [{ podSelector: { matchLabels: client } }], ports: [{ protocol: "TCP", port: "postgres" }] }],
    };
    assert.deepEqual(
      resourceOf(resources, "base-network-policy"),
      child("networking.k8s.io/v1:NetworkPolicy", "network-policy", { spec: policy }),
    );
  });
});
