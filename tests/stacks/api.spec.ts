import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { publicNames } from "../../config/exposure.ts";
import type { Settings } from "../../config/settings.ts";
import { type KubernetesObject, subjectsOf } from "../../policies/kubernetes.ts";
import { podSecurityProblems } from "../../policies/rules/pod-security-restricted.ts";
import { wildcardProblems } from "../../policies/rules/rbac-no-wildcard.ts";
import { secretEnvProblems } from "../../policies/rules/secret-not-in-env.ts";
import { readSettings } from "../../services/api/settings.ts";
import { FIRST_PATH } from "../../services/api/welcome/first.ts";
import { api } from "../../stacks/api.ts";
import { routesOf } from "../../stacks/exposure.ts";
import { foundation } from "../../stacks/foundation.ts";
import { clusterProvider, outline, type Recording, type Registered, record, resourceOf } from "../support/mocks.ts";
import { unservedRoutes } from "../support/routes.ts";
import { foundationParts, settings } from "./support.ts";

const IMAGE = "registry.test/carrel/api@sha256:0123";
const identity = {
  secrets: { of: (client: string) => pulumi.secret(`secret of ${client}`) },
  keycloakUrl: "http://keycloak.carrel-identity.svc:8080",
  issuer: "https://id.carrel.localhost:8443/realms/carrel",
};
const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const PASSWORD = "random:index/randomPassword:RandomPassword";

interface Facts {
  readonly internalUrl: string;
  readonly serverSecret: string;
  readonly firstAdminLink: string;
  readonly areSecret: readonly boolean[];
  readonly ready: readonly string[];
}

const told = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((tell) => void output.apply(tell));

/** The part on its foundation. */
const build = (given: Settings = settings): Promise<Recording<Facts>> =>
  record(async () => {
    const provider = clusterProvider();
    const made = api(given, foundation(given, provider), identity, pulumi.output(IMAGE), provider);
    const { internalUrl, serverSecret, firstAdminLink, ready } = made;
    return {
      internalUrl,
      serverSecret: await told(serverSecret),
      firstAdminLink: await told(firstAdminLink),
      areSecret: await Promise.all([serverSecret, firstAdminLink].map(pulumi.isSecret)),
      ready: (await Promise.all(ready.map(({ urn }) => told(urn)))).map((urn) => urn.split("::")[3] ?? ""),
    };
  });

interface Pod {
  readonly serviceAccountName: string;
  readonly priorityClassName: string;
  readonly volumes: readonly { readonly name: string; readonly secret: { readonly secretName: string } }[];
  readonly containers: readonly {
    readonly image: string;
    readonly env: readonly { readonly name: string; readonly value: string }[];
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  }[];
}
interface Deployed {
  readonly replicas: number;
  readonly template: { readonly spec: Pod };
}
const deployed = ({ resources }: Recording<unknown>): Deployed =>
  resourceOf(resources, "api-deployment").inputs["spec"] as Deployed;
const processSettings = (recording: Recording<unknown>) =>
  readSettings(
    Object.fromEntries(deployed(recording).template.spec.containers[0]!.env.map(({ name, value }) => [name, value])),
  );

/** What of a Secret each file has, by its path in the pod. */
function filesOf(recording: Recording<unknown>): Record<string, unknown> {
  const { volumes, containers } = deployed(recording).template.spec;
  const secrets = recording.resources.filter(({ type }) => type === "kubernetes:core/v1:Secret");
  const contents = (secretName: string): Record<string, string> => {
    const found = secrets.find(({ inputs }) => (inputs["metadata"] as { name: string }).name === secretName);
    return (found!.inputs["stringData"] as { secret: Record<string, string> }).secret;
  };
  const files = containers[0]!.volumeMounts.flatMap(({ name, mountPath }) => {
    const { secret } = volumes.find((volume) => volume.name === name)!;
    return Object.entries(contents(secret.secretName)).map(([file, text]) => [`${mountPath}/${file}`, text]);
  });
  return Object.fromEntries(files) as Record<string, unknown>;
}

describe("api", () => {
  it("is rights, secrets and the process behind its Service", async () => {
    const { resources } = await build();
    assert.deepEqual(
      outline(resources).filter((line) => !foundationParts.includes(line)),
      [
        " > carrel:api:ApiAccess api-access",
        " > carrel:api:ApiSecrets api-secrets",
        " > carrel:api:ApiService api",
        "api > kubernetes:apps/v1:Deployment api-deployment",
        "api > kubernetes:core/v1:Service api-service",
        "api > kubernetes:networking.k8s.io/v1:NetworkPolicy api-network-policy",
        "api > kubernetes:policy/v1:PodDisruptionBudget api-disruption-budget",
        "api-access > kubernetes:core/v1:ServiceAccount api-access-account",
        `api-access > ${RBAC}:ClusterRole api-access-cluster-role`,
        `api-access > ${RBAC}:ClusterRoleBinding api-access-cluster-role-binding`,
        `api-access > ${RBAC}:Role api-access-role`,
        `api-access > ${RBAC}:RoleBinding api-access-role-binding`,
        "api-secrets > kubernetes:core/v1:Secret api-secrets-api",
        "api-secrets > kubernetes:core/v1:Secret api-secrets-welcome",
        "api-secrets > random:index/randomBytes:RandomBytes api-secrets-invitation-key",
        `api-secrets > ${PASSWORD} api-secrets-first-admin-token`,
        `api-secrets > ${PASSWORD} api-secrets-server-secret`,
      ],
    );
  });

  it("tells the hub where it is and by what it knows it, and the operator the first administrator's link", async () => {
    const { built } = await build();
    assert.deepEqual(built, {
      internalUrl: "http://api.carrel-system.svc:8081/graphql",
      serverSecret: "result of api-secrets-server-secret",
      firstAdminLink: `https://carrel.localhost:8443${FIRST_PATH}?token=result of api-secrets-first-admin-token`,
      areSecret: [true, true],
      ready: ["api"],
    });
  });

  it("serves its routes, and servers at the address that they are told", async () => {
    const { resources, built } = await build();
    const routes = routesOf(settings, { hub: false, identity: false, api: true, ssh: false });
    assert.deepEqual(
      routes.map(({ name }) => name),
      ["api", "welcome"],
    );
    const { hostname, port } = new URL(built.internalUrl);
    const [service = "", namespace = ""] = hostname.split(".");
    assert.deepEqual(unservedRoutes(resources, [...routes, { service, namespace, port: Number(port) }]), []);
  });

  it("is set up as configured", async () => {
    const accelerated = { ...settings, culling: { idleSeconds: 3600, maxAgeSeconds: 86_400 } };
    const recording = await build({ ...accelerated, names: publicNames("library.test", 443) });
    const { accelerators, ...rest } = processSettings(recording);
    assert.deepEqual(rest, {
      port: 8080,
      internalPort: 8081,
      metricsPort: 9090,
      issuer: identity.issuer,
      audiences: ["carrel-api"],
      keycloakUrl: identity.keycloakUrl,
      realm: "carrel",
      clientId: "carrel-api",
      clientSecretFile: "/etc/carrel/api/client-secret",
      serverSecretFile: "/etc/carrel/api/server-secret",
      consoleOrigin: "https://console.library.test",
      publicUrl: "https://library.test",
      welcomeDir: "/etc/carrel/welcome",
      workNamespace: "carrel-work",
      culling: { idleSeconds: 3600, maxAgeSeconds: 86_400 },
      maxCalls: 256,
      logLevel: "info",
    });
    assert.equal(accelerators.weightMilli("vendor.test/slice-1"), 250n);
  });

  it("finds its secrets in the files that it looks for, and of the first administrator's token the hash alone", async () => {
    const recording = await build();
    const { clientSecretFile, serverSecretFile, welcomeDir } = processSettings(recording);
    const token = "result of api-secrets-first-admin-token";
    assert.deepEqual(filesOf(recording), {
      [clientSecretFile]: "secret of carrel-api",
      [serverSecretFile]: recording.built.serverSecret,
      [`${welcomeDir}/first-admin-hash`]: createHash("sha256").update(token).digest("hex"),
      [`${welcomeDir}/invitation-key`]: "hex of api-secrets-invitation-key",
    });
    assert.equal(JSON.stringify(recording.resources).includes(token), false);
  });

  it("runs the given image twice, with its own rights and the platform's priority", async () => {
    const { replicas, template } = deployed(await build());
    const { containers, serviceAccountName, priorityClassName } = template.spec;
    assert.deepEqual(
      { replicas, image: containers[0]?.image, serviceAccountName, priorityClassName },
      { replicas: 2, image: IMAGE, serviceAccountName: "api", priorityClassName: "carrel-platform" },
    );
  });

  it("comes after its rights, kinds and priorities", async () => {
    const { resources } = await build();
    const { dependsOn } = resourceOf(resources, "api");
    const needed = ["api-access-cluster-role-binding", "api-access-role-binding", "definitions-groups"];
    for (const name of [...needed, "definitions-volumes", "priorities-platform"])
      assert.ok(dependsOn.includes(name), `the API does not wait for ${name}: ${dependsOn}`);
  });

  it("is reached by the site's gateway, the hub and monitoring, and reaches the API server, DNS and Keycloak", async () => {
    const { resources } = await build();
    const { ingress, egress } = resourceOf(resources, "api-network-policy").inputs["spec"] as {
      ingress: readonly { from: readonly object[]; ports: readonly { port: string }[] }[];
      egress: readonly object[];
    };
    const from = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
    assert.deepEqual(
      ingress.map(({ from: peers, ports }) => [ports.map(({ port }) => port), peers]),
      [
        [["public"], [from("site-gateway"), { ipBlock: { cidr: "192.0.2.128/32" } }]],
        [["internal"], [from("carrel-hub")]],
        [["metrics"], [from("carrel-monitoring")]],
      ],
    );
    assert.deepEqual(egress.at(0), {
      to: [{ ipBlock: { cidr: "192.0.2.0/24" } }],
      ports: [443, 6443].map((port) => ({ protocol: "TCP", port })),
    });
    assert.deepEqual(egress.at(-1), { to: [from("carrel-identity")], ports: [{ protocol: "TCP", port: 8080 }] });
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
});
