import assert from "node:assert/strict";
import type { Settings } from "../../config/settings.ts";
import { type KubernetesObject, subjectsOf } from "../../policies/kubernetes.ts";
import { podSecurityProblems } from "../../policies/rules/pod-security-restricted.ts";
import { wildcardProblems } from "../../policies/rules/rbac-no-wildcard.ts";
import { secretEnvProblems } from "../../policies/rules/secret-not-in-env.ts";
import { routesOf } from "../../stacks/exposure.ts";
import { foundation } from "../../stacks/foundation.ts";
import { identity } from "../../stacks/identity.ts";
import { clusterProvider, outline, type Recording, type Registered, record, resourceOf } from "../support/mocks.ts";
import { unservedRoutes } from "../support/routes.ts";
import { settings as everywhere, foundationParts } from "./support.ts";

// The mirror there has none of upstream's Keycloak.
const settings: Settings = { ...everywhere, imageMirror: { ...everywhere.imageMirror, onMissing: "keep" } };

interface Facts {
  readonly keycloakUrl: string;
  readonly issuer: string;
}

/** The part on its foundation. */
const build = (given: Settings = settings): Promise<Recording<Facts>> =>
  record(() => {
    const provider = clusterProvider();
    const { keycloakUrl, issuer } = identity(given, foundation(given, provider), { controllers: IMAGE }, provider);
    return { keycloakUrl, issuer };
  });

const IMAGE = "registry.test/carrel/controllers@sha256:0123";
const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const RANDOM = "random:index/randomPassword:RandomPassword";
const SECRET = "kubernetes:core/v1:Secret";
const database = [
  " > carrel:identity:Postgres postgres",
  "postgres > kubernetes:apps/v1:StatefulSet postgres-stateful-set",
  `postgres > ${SECRET} postgres-secret`,
  "postgres > kubernetes:core/v1:Service postgres-service",
  `postgres > ${POLICY} postgres-network-policy`,
  `postgres > ${RANDOM} postgres-password`,
];
const others = [
  " > carrel:foundation:ManagedNamespace identity",
  " > carrel:identity:BootstrapAccount keycloak-bootstrap",
  " > carrel:identity:ClientSecrets realm-clients",
  " > carrel:identity:ControllersAccess controllers-access",
  " > carrel:identity:Keycloak keycloak",
  " > carrel:identity:RealmControllers controllers",
  "controllers > kubernetes:apps/v1:Deployment controllers-deployment",
  `controllers > ${POLICY} controllers-network-policy`,
  "controllers-access > kubernetes:core/v1:ServiceAccount controllers-access-account",
  `controllers-access > ${RBAC}:ClusterRole controllers-access-cluster-role`,
  `controllers-access > ${RBAC}:ClusterRoleBinding controllers-access-cluster-role-binding`,
  ...["report", "work"].flatMap((part) => [
    `controllers-access > ${RBAC}:Role controllers-access-${part}-role`,
    `controllers-access > ${RBAC}:RoleBinding controllers-access-${part}-role-binding`,
  ]),
  "identity > kubernetes:core/v1:Namespace identity-namespace",
  `identity > ${POLICY} identity-default-deny`,
  `identity > ${POLICY} identity-dns`,
  "keycloak > kubernetes:apps/v1:StatefulSet keycloak-stateful-set",
  `keycloak > ${SECRET} keycloak-secret`,
  "keycloak > kubernetes:core/v1:Service keycloak-headless-service",
  "keycloak > kubernetes:core/v1:Service keycloak-service",
  `keycloak > ${POLICY} keycloak-network-policy`,
  `keycloak-bootstrap > ${SECRET} keycloak-bootstrap-identity`,
  `keycloak-bootstrap > ${SECRET} keycloak-bootstrap-system`,
  `keycloak-bootstrap > ${RANDOM} keycloak-bootstrap-password`,
  `realm-clients > ${SECRET} realm-clients-secret`,
  ...["carrel-api", "carrel-controllers", "dashboard", "grafana", "hub"].map(
    (client) => `realm-clients > ${RANDOM} realm-clients-${client}`,
  ),
];
const own = ({ resources }: Recording<unknown>): string[] =>
  outline(resources).filter((line) => !foundationParts.includes(line));

interface Workload {
  readonly spec: {
    readonly replicas: number;
    readonly template: { readonly spec: { readonly containers: readonly Container[] } };
    readonly volumeClaimTemplates?: readonly { readonly spec: object }[];
  };
}
interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string; readonly valueFrom?: object }[];
}
const workload = ({ resources }: Recording<unknown>, name: string) =>
  (resourceOf(resources, name).inputs as unknown as Workload).spec;
const containerOf = (recording: Recording<unknown>, name: string): Container =>
  workload(recording, name).template.spec.containers[0]!;
const variablesOf = (recording: Recording<unknown>, name: string): Record<string, unknown> =>
  Object.fromEntries(
    containerOf(recording, name).env.map(({ name: key, value, valueFrom }) => [key, value ?? valueFrom]),
  );
const withIdentity = (given: Partial<Settings["identity"]>): Settings => ({
  ...settings,
  identity: { ...settings.identity, ...given },
});

const external = { host: "db.site.test", port: 6432, name: "accounts", user: "librarian", password: "site-password" };

describe("identity", () => {
  it("is Keycloak on its database in a closed namespace, and the controllers of its realm", async () => {
    assert.deepEqual(own(await build()), [...others, ...database].sort());
  });

  it("tells where Keycloak is, inside and for tokens", async () => {
    assert.deepEqual((await build()).built, {
      keycloakUrl: "http://keycloak.carrel-identity.svc:8080",
      issuer: "https://id.carrel.localhost:8443/realms/carrel",
    });
  });

  it("brings no database where the site has one, and hands its password on as a secret", async () => {
    const recording = await build(withIdentity({ database: external }));
    assert.deepEqual(own(recording), [...others].sort());
    const { KC_DB_URL_HOST, KC_DB_URL_PORT, KC_DB_URL_DATABASE, KC_DB_USERNAME } = variablesOf(
      recording,
      "keycloak-stateful-set",
    );
    assert.deepEqual(
      [KC_DB_URL_HOST, KC_DB_URL_PORT, KC_DB_URL_DATABASE, KC_DB_USERNAME],
      ["db.site.test", "6432", "accounts", "librarian"],
    );
    assert.deepEqual(resourceOf(recording.resources, "keycloak-secret").inputs["stringData"], {
      secret: { "database-password": "site-password" },
    });
  });

  it("joins Keycloak and its own database by one name, one password and the labels of both", async () => {
    const recording = await build();
    const { POSTGRES_USER, POSTGRES_DB } = variablesOf(recording, "postgres-stateful-set");
    const keycloak = variablesOf(recording, "keycloak-stateful-set");
    assert.deepEqual([keycloak["KC_DB_USERNAME"], keycloak["KC_DB_URL_DATABASE"]], [POSTGRES_USER, POSTGRES_DB]);
    assert.deepEqual(
      [keycloak["KC_DB_URL_HOST"], keycloak["KC_DB_URL_PORT"]],
      ["postgres.carrel-identity.svc", "5432"],
    );
    const passwords = ["postgres-secret", "keycloak-secret"].map((name) =>
      Object.values((resourceOf(recording.resources, name).inputs["stringData"] as { secret: object }).secret),
    );
    assert.deepEqual(passwords, [["result of postgres-password"], ["result of postgres-password"]]);
    const policies = recording.resources.filter(({ type, parent }) => type === POLICY && parent !== "identity");
    const labelsIn = (name: string, side: string) =>
      JSON.stringify(
        (policies.find((policy) => policy.name === name)!.inputs["spec"] as Record<string, unknown>)[side],
      );
    assert.ok(labelsIn("postgres-network-policy", "ingress").includes('"app.kubernetes.io/name":"keycloak"'));
    assert.ok(labelsIn("keycloak-network-policy", "egress").includes('"app.kubernetes.io/name":"postgres"'));
  });

  it("runs upstream's images, or the lab's, or the site's built one", async () => {
    const started = async (given: Settings) => {
      const recording = await build(given);
      const { image, args } = containerOf(recording, "keycloak-stateful-set");
      return [image.replace(/@.*/, ""), args, containerOf(recording, "postgres-stateful-set").image.replace(/@.*/, "")];
    };
    assert.deepEqual(await started(settings), [
      "quay.io/keycloak/keycloak:26.7.3",
      ["start"],
      "mirror.test/hub/library/postgres:17.10",
    ]);
    const standIns = { keycloak: "lab.test/keycloak", postgres: "lab.test/postgres" };
    assert.deepEqual(await started({ ...withIdentity({ isOptimized: true }), standIns }), [
      "lab.test/keycloak",
      ["start", "--optimized"],
      "lab.test/postgres",
    ]);
    const site = { ...withIdentity({ isOptimized: true, image: "site.test/keycloak:1" }), standIns };
    assert.deepEqual((await started(site))[0], "site.test/keycloak:1");
  });

  it("takes replicas, sizes, classes and names from the configuration", async () => {
    const storage = { ...settings.storage, databaseClass: "fast", sharedClass: "shared" };
    const recording = await build({ ...withIdentity({ replicas: 2, database: { size: "9Gi" } }), storage });
    const { replicas } = workload(recording, "keycloak-stateful-set");
    const claims = workload(recording, "postgres-stateful-set").volumeClaimTemplates?.map(({ spec }) => spec);
    assert.deepEqual(
      [replicas, claims],
      [2, [{ accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "9Gi" } }, storageClassName: "fast" }]],
    );
    assert.equal(variablesOf(recording, "keycloak-stateful-set")["KC_HOSTNAME"], settings.names.identity.url);
    const { NAMESPACE: _, ...controllers } = variablesOf(recording, "controllers-deployment");
    assert.deepEqual(controllers, {
      METRICS_PORT: "9090",
      WORK_NAMESPACE: "carrel-work",
      KEYCLOAK_URL: "http://keycloak.carrel-identity.svc:8080",
      REALM: "carrel",
      HOST: "carrel.localhost",
      PUBLIC_PORT: "8443",
      STORAGE_CLASS: "shared",
      ACCESS_MODE: "ReadWriteMany",
      LOG_LEVEL: "info",
    });
    assert.equal(containerOf(recording, "controllers-deployment").image, IMAGE);
  });

  it("starts Keycloak after its database and its first client, and the controllers after Keycloak and their rights", async () => {
    const { resources } = await build();
    const keycloak = resourceOf(resources, "keycloak").dependsOn;
    for (const name of ["identity-dns", "keycloak-bootstrap-identity", "postgres-stateful-set", "priorities-platform"])
      assert.ok(keycloak.includes(name), `Keycloak does not wait for ${name}: ${keycloak}`);
    const controllers = resourceOf(resources, "controllers").dependsOn;
    const needed = ["controllers-access-work-role-binding", "definitions-groups", "definitions-volumes"];
    for (const name of [...needed, "keycloak-bootstrap-system", "keycloak-stateful-set", "priorities-platform"])
      assert.ok(controllers.includes(name), `the controllers do not wait for ${name}: ${controllers}`);
  });

  it("serves the route of logins", async () => {
    const { resources } = await build();
    const routes = routesOf(settings, { hub: false, identity: true, api: false, ssh: false });
    assert.equal(routes.length, 1);
    assert.deepEqual(unservedRoutes(resources, routes), []);
  });

  it("keeps to the platform's policies: restricted pods, named rights, no secret in a variable", async () => {
    const { resources } = await build();
    const subjects = resources.flatMap(({ type, name, inputs }) => subjectsOf(type, name, inputs as KubernetesObject));
    const rules = [podSecurityProblems, wildcardProblems, secretEnvProblems];
    const problems = subjects.flatMap((subject) => rules.flatMap((rule) => [...rule(subject, [])]));
    assert.deepEqual(problems, []);
  });

  it("reaches the cluster through the given provider only, and labels all that it puts there", async () => {
    const { resources } = await build();
    const onCluster = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.deepEqual([...new Set(onCluster.map(({ provider }) => provider))], ["cluster"]);
    const labelsOf = ({ inputs }: Registered) => (inputs["metadata"] as { labels: Record<string, string> }).labels;
    const unlabelled = onCluster.filter((resource) => labelsOf(resource)["app.kubernetes.io/part-of"] !== "carrel");
    assert.deepEqual(unlabelled, []);
  });

  it("hands no password to the engine in clear text, and to no object but Secrets", async () => {
    const { resources } = await build(withIdentity({ database: external }));
    const holders = resources.filter(({ inputs }) => /site-password|result of/.test(JSON.stringify(inputs)));
    assert.deepEqual([...new Set(holders.map(({ type }) => type))], [SECRET]);
    const text = JSON.stringify(holders, (_key, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value && Object.keys(value).length === 1
        ? "hidden"
        : value,
    );
    assert.doesNotMatch(text, /site-password|result of/);
  });
});
