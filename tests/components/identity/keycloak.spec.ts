import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { Keycloak, type KeycloakArgs } from "../../../components/identity/keycloak.ts";
import { keycloakPod } from "../../../components/identity/keycloak-pod.ts";
import { outline, type Recording, type Registered, recordParts, resourceOf, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const database = { host: "db.library-identity.svc", port: 5432, name: "accounts", user: "librarian" };
const nearby = { "app.kubernetes.io/name": "db" };
const args: KeycloakArgs = {
  namespace: "library-identity",
  replicas: 1,
  image: "registry.test/keycloak@sha256:1",
  isOptimized: true,
  priorityClass: "library-platform",
  publicUrl: "https://id.library.test",
  database: { ...database, password: "hush", selector: nearby },
  bootstrapSecret: "first-client",
  gateway: { namespace: "site-gateway", cidrs: ["192.0.2.128/32"] },
  system: { namespace: "library-system", programs: ["clerk", "porter"] },
  hubNamespace: "library-hub",
  monitoringNamespace: "library-monitoring",
};
const build = (own: Partial<KeycloakArgs> = {}, opts: pulumi.ComponentResourceOptions = {}) =>
  recordParts(
    (given) =>
      new Keycloak(
        "door",
        { ...args, database: { ...args.database, password: pulumi.secret("hush") }, ...own },
        { ...given, ...opts },
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "keycloak" };
const metadata = {
  name: "keycloak",
  namespace: "library-identity",
  labels: { ...labels("identity"), "app.kubernetes.io/name": "keycloak" },
};
const child = (type: string, part: string, fields: object, dependsOn: string[] = []): Registered => {
  const [version = "", kind = ""] = type.split(":");
  const apiVersion = version === "core/v1" ? "v1" : version;
  const inputs = { apiVersion, kind, metadata, ...fields };
  return { type: `kubernetes:${type}`, name: `door-${part}`, parent: "door", provider: "cluster", dependsOn, inputs };
};
const parts = [
  " > carrel:identity:Keycloak door",
  "door > kubernetes:apps/v1:StatefulSet door-stateful-set",
  "door > kubernetes:core/v1:Secret door-secret",
  "door > kubernetes:core/v1:Service door-headless-service",
  "door > kubernetes:core/v1:Service door-service",
  "door > kubernetes:networking.k8s.io/v1:NetworkPolicy door-network-policy",
];

const inNamespace = (name: string) => ({
  namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } },
});
const program = (name: string) => ({
  ...inNamespace("library-system"),
  podSelector: { matchLabels: { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": name } },
});
const ports = (...of: (string | number)[]) => of.map((port) => ({ protocol: "TCP", port }));
const self = { podSelector: { matchLabels: selector } };

interface Egress {
  readonly spec: { readonly egress: readonly object[] };
}
const egressOf = ({ resources }: Recording<Keycloak>): readonly object[] =>
  (resourceOf(resources, "door-network-policy").inputs as unknown as Egress).spec.egress;

describe("Keycloak", () => {
  it("is a stateful set, its Services, the password of its database and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), parts);
    assert.deepEqual(outputs, { door: {} });
  });

  it("runs its pods never outside of their policy, and gives up a broken one for its next version", async () => {
    const { resources } = await build();
    const spec = {
      serviceName: "keycloak-headless",
      replicas: 1,
      podManagementPolicy: "Parallel",
      selector: { matchLabels: selector },
      template: { metadata: { labels: metadata.labels }, spec: keycloakPod(args, "door-secret-generated") },
    };
    const expected = child("apps/v1:StatefulSet", "stateful-set", { spec }, ["door-network-policy"]);
    assert.deepEqual(resourceOf(resources, "door-stateful-set"), expected);
  });

  it("is waited for as long as two pods take that build themselves", async () => {
    const timeouts = new Map<string, pulumi.CustomTimeouts | undefined>();
    await build({}, { transformations: [({ name, opts }) => void timeouts.set(name, opts.customTimeouts)] });
    assert.deepEqual(timeouts.get("door-stateful-set"), { create: "20m", update: "20m" });
  });

  it("keeps the password in a Secret whose name changes with it, so that pods are rolled", async () => {
    const { resources } = await build();
    const { name: _, ...unnamed } = metadata;
    assert.deepEqual(
      resourceOf(resources, "door-secret"),
      child("core/v1:Secret", "secret", {
        metadata: unnamed,
        type: "Opaque",
        stringData: secret({ "database-password": "hush" }),
      }),
    );
  });

  it("has two replicas that are never drained at once, where two are asked for", async () => {
    const { resources } = await build({ replicas: 2 });
    const budget = "door > kubernetes:policy/v1:PodDisruptionBudget door-disruption-budget";
    assert.deepEqual(outline(resources), [...parts, budget]);
    const spec = { maxUnavailable: 1, selector: { matchLabels: selector } };
    assert.deepEqual(
      resourceOf(resources, "door-disruption-budget"),
      child("policy/v1:PodDisruptionBudget", "disruption-budget", { spec }),
    );
    const set = resourceOf(resources, "door-stateful-set").inputs as { spec: { replicas: number } };
    assert.equal(set.spec.replicas, 2);
  });

  it("answers requests behind one Service, and tells its health behind another", async () => {
    const { resources } = await build();
    const http = [{ name: "http", port: 8080, targetPort: "http" }];
    assert.deepEqual(
      resourceOf(resources, "door-service"),
      child("core/v1:Service", "service", { spec: { type: "ClusterIP", selector, ports: http } }),
    );
    const management = [{ name: "management", port: 9000, targetPort: "management" }];
    const spec = { type: "ClusterIP", clusterIP: "None", publishNotReadyAddresses: true, selector, ports: management };
    assert.deepEqual(
      resourceOf(resources, "door-headless-service"),
      child("core/v1:Service", "headless-service", { metadata: { ...metadata, name: "keycloak-headless" }, spec }),
    );
  });

  it("is reached by the gateway, the hub and two programs, and reaches its database and logins elsewhere", async () => {
    const { resources } = await build();
    const people = [inNamespace("site-gateway"), { ipBlock: { cidr: "192.0.2.128/32" } }];
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [...people, program("clerk"), program("porter"), inNamespace("library-hub")], ports: ports("http") },
        { from: [inNamespace("library-monitoring")], ports: ports("management") },
        { from: [self], ports: ports(7800, 57800) },
      ],
      egress: [
        { to: [{ podSelector: { matchLabels: nearby } }], ports: ports(5432) },
        { to: [self], ports: ports(7800, 57800) },
        { ports: ports(443, 636) },
      ],
    };
    assert.deepEqual(
      resourceOf(resources, "door-network-policy"),
      child("networking.k8s.io/v1:NetworkPolicy", "network-policy", { spec }),
    );
  });

  it("reaches a database that is not in the cluster on its port, wherever it is", async () => {
    const recording = await build({ database: { ...database, port: 6432, password: pulumi.secret("hush") } });
    assert.deepEqual(egressOf(recording)[0], { ports: ports(6432) });
  });
});
