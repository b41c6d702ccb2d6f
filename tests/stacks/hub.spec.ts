import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/settings.ts";
import { type KubernetesObject, subjectsOf } from "../../policies/kubernetes.ts";
import { defaultDenyProblems } from "../../policies/rules/default-deny.ts";
import { podSecurityProblems } from "../../policies/rules/pod-security-restricted.ts";
import { wildcardProblems } from "../../policies/rules/rbac-no-wildcard.ts";
import { secretEnvProblems } from "../../policies/rules/secret-not-in-env.ts";
import { routesOf, sshTargetOf } from "../../stacks/exposure.ts";
import { foundation } from "../../stacks/foundation.ts";
import { type HubSources, hub, hubProgram, hubSettings } from "../../stacks/hub.ts";
import { clusterProvider, outline, type Recording, type Registered, record, resourceOf } from "../support/mocks.ts";
import { unservedRoutes } from "../support/routes.ts";
import { settings as everywhere, foundationParts } from "./support.ts";

// The mirror there has none of upstream's JupyterHub.
const settings: Settings = { ...everywhere, imageMirror: { ...everywhere.imageMirror, onMissing: "keep" } };
const withoutSsh: Settings = { ...settings, parts: { ...settings.parts, ssh: false } };
const SSH_IMAGE = "registry.test/carrel/ssh@sha256:0123";

const sources = (): HubSources => ({
  identity: {
    secrets: { of: (client) => pulumi.secret(`veiled secret of ${client}`) },
    keycloakUrl: "http://keycloak.carrel-identity.svc:8080",
    issuer: "https://id.carrel.localhost:8443/realms/carrel",
  },
  api: {
    serverSecret: pulumi.secret("veiled secret of the API"),
    internalUrl: "http://api.carrel-system.svc:8081/graphql",
  },
});

interface Facts {
  readonly ssh: readonly (string | undefined)[] | undefined;
  readonly namespace: string;
  readonly ready: number;
}

const told = <T>(output: pulumi.Output<T>): Promise<T> => new Promise((tell) => output.apply(tell));

/** The part on its foundation. */
const build = (given: Settings = settings): Promise<Recording<Facts>> =>
  record(async () => {
    const provider = clusterProvider();
    const { namespace, ssh, ready } = hub(given, foundation(given, provider), sources(), { ssh: SSH_IMAGE }, provider);
    return {
      namespace: await told(namespace.name),
      ssh: ssh && [await told(ssh.fingerprint), await told(ssh.knownHosts)],
      ready: ready.length,
    };
  });

const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const RANDOM = "random:index/randomBytes:RandomBytes";
const notebooks = [
  " > carrel:foundation:ManagedNamespace hub",
  " > carrel:hub:HubAccess hub-access",
  " > carrel:hub:HubConfiguration hub-configuration",
  " > carrel:hub:HubProxy hub-proxy",
  " > carrel:hub:HubSecrets hub-secrets",
  " > carrel:hub:HubServer hub-server",
  " > carrel:hub:NotebookPolicy notebook-policy",
  "hub > kubernetes:core/v1:Namespace hub-namespace",
  `hub > ${POLICY} hub-default-deny`,
  "hub-access > kubernetes:core/v1:ServiceAccount hub-access-account",
  `hub-access > ${RBAC}:Role hub-access-role`,
  `hub-access > ${RBAC}:RoleBinding hub-access-role-binding`,
  "hub-configuration > kubernetes:core/v1:ConfigMap hub-configuration-program",
  "hub-configuration > kubernetes:core/v1:ConfigMap hub-configuration-settings",
  "hub-proxy > kubernetes:apps/v1:Deployment hub-proxy-deployment",
  "hub-proxy > kubernetes:core/v1:Service hub-proxy-api",
  "hub-proxy > kubernetes:core/v1:Service hub-proxy-public",
  `hub-proxy > ${POLICY} hub-proxy-network-policy`,
  "hub-secrets > kubernetes:core/v1:Secret hub-secrets-hub",
  "hub-secrets > kubernetes:core/v1:Secret hub-secrets-proxy",
  ...["cookie-key", "crypt-key", "culler-token", "metrics-token", "proxy-token"].map(
    (part) => `hub-secrets > ${RANDOM} hub-secrets-${part}`,
  ),
  "hub-server > kubernetes:apps/v1:Deployment hub-server-deployment",
  "hub-server > kubernetes:core/v1:PersistentVolumeClaim hub-server-database",
  "hub-server > kubernetes:core/v1:Service hub-server-service",
  `hub-server > ${POLICY} hub-server-network-policy`,
  `notebook-policy > ${POLICY} notebook-policy-network-policy`,
];
const ssh = [
  "hub-secrets > kubernetes:core/v1:Secret hub-secrets-ssh-gateway",
  `hub-secrets > ${RANDOM} hub-secrets-ssh-gateway-token`,
  " > carrel:ssh:HostKey ssh-host-key",
  " > carrel:ssh:SshService ssh",
  "ssh > kubernetes:apps/v1:Deployment ssh-deployment",
  "ssh > kubernetes:core/v1:Service ssh-service",
  `ssh > ${POLICY} ssh-network-policy`,
  "ssh > kubernetes:policy/v1:PodDisruptionBudget ssh-disruption-budget",
  "ssh-host-key > kubernetes:core/v1:Secret ssh-host-key-secret",
  "ssh-host-key > tls:index/privateKey:PrivateKey ssh-host-key-key",
];
const own = ({ resources }: Recording<unknown>): string[] =>
  outline(resources).filter((line) => !foundationParts.includes(line));

interface Container {
  readonly image: string;
  readonly args?: readonly string[];
  readonly env: readonly { readonly name: string; readonly value?: string }[];
}
interface Pod {
  readonly containers: readonly Container[];
  readonly volumes: readonly object[];
}
const podOf = ({ resources }: Recording<unknown>, name: string): Pod =>
  (resourceOf(resources, name).inputs["spec"] as { template: { spec: Pod } }).template.spec;
const containerOf = (recording: Recording<unknown>, name: string): Container => podOf(recording, name).containers[0]!;
const objectsOf = ({ resources }: Recording<unknown>): Registered[] =>
  resources.filter(({ type }) => type.startsWith("kubernetes:"));

describe("hub", () => {
  it("is JupyterHub and its proxy in a closed namespace, the notebooks' network policy, and SSH", async () => {
    assert.deepEqual(own(await build()), [...notebooks, ...ssh].sort());
  });

  it("tells by what the SSH gateway is known, and what to wait for", async () => {
    assert.deepEqual((await build()).built, {
      namespace: "carrel-hub",
      ssh: [
        "publicKeyFingerprintSha256 of ssh-host-key-key",
        "[carrel.localhost]:2222 publicKeyOpenssh of ssh-host-key-key",
      ],
      ready: 3,
    });
  });

  it("has no SSH gateway where that part is off, and lets none in", async () => {
    const recording = await build(withoutSsh);
    assert.deepEqual(own(recording), [...notebooks].sort());
    assert.deepEqual([recording.built.ssh, recording.built.ready], [undefined, 2]);
    const policy = JSON.stringify(resourceOf(recording.resources, "hub-proxy-network-policy").inputs);
    assert.doesNotMatch(policy, /"ssh"/);
  });

  it("serves the hub's route and SSH's", async () => {
    const { resources } = await build();
    const parts = { hub: true, identity: false, api: false, ssh: true };
    const targets = [...routesOf(settings, parts), sshTargetOf(settings, parts)!];
    assert.equal(targets.length, 2);
    assert.deepEqual(unservedRoutes(resources, targets), []);
  });

  it("calls its own Services by names that are there", async () => {
    const recording = await build();
    const [hubArgs, told] = [containerOf(recording, "hub-proxy-deployment").args, hubSettings(settings, sources())];
    const hubUrl = containerOf(recording, "ssh-deployment").env.find(({ name }) => name === "HUB_URL")?.value;
    const urls = [told["hubUrl"], told["proxyApiUrl"], hubUrl, ...(hubArgs ?? []).map((arg) => arg.split("=")[1])];
    const called = urls.map(String).filter((url) => url.startsWith("http:"));
    assert.equal(called.length, 5);
    const targets = called.map((url) => {
      const { hostname, port } = new URL(url);
      const [service = "", namespace = ""] = hostname.split(".");
      return { service, namespace, port: Number(port) };
    });
    assert.deepEqual(unservedRoutes(recording.resources, targets), []);
  });

  it("reads the Secrets and ConfigMaps of its own, by names that change with them", async () => {
    const recording = await build();
    const text = JSON.stringify(podOf(recording, "hub-server-deployment"));
    const read = ["hub-secrets-hub", "hub-secrets-proxy", "hub-configuration-program", "hub-configuration-settings"];
    for (const name of read) assert.ok(text.includes(`"${name}-generated"`), name);
    const proxy = JSON.stringify(podOf(recording, "hub-proxy-deployment"));
    assert.deepEqual(proxy.match(/"hub-[a-z-]+-generated"/g), ['"hub-secrets-proxy-generated"']);
  });

  it("lets the SSH gateway ask the hub with the token that the hub knows it by", async () => {
    const recording = await build();
    const variables = Object.fromEntries(
      containerOf(recording, "ssh-deployment").env.map(({ name, value }) => [name, value]),
    );
    assert.equal(variables["KEYS_URL"], "http://proxy-public.carrel-hub.svc:8000/hub/api/ssh-login");
    const mounted = JSON.stringify(podOf(recording, "ssh-deployment").volumes);
    assert.ok(mounted.includes('"hub-secrets-ssh-gateway-generated"'), mounted);
    const values = ["hub-secrets-hub", "hub-secrets-ssh-gateway"].map((name) => {
      const { stringData } = resourceOf(recording.resources, name).inputs as {
        stringData: { secret: Record<string, string> };
      };
      return stringData.secret["SSH_GATEWAY_TOKEN"] ?? stringData.secret["token"];
    });
    assert.deepEqual(values, Array(2).fill("hex of hub-secrets-ssh-gateway-token"));
  });

  it("mounts its whole program where JupyterHub looks for it", async () => {
    const recording = await build();
    const { data } = resourceOf(recording.resources, "hub-configuration-program").inputs as {
      data: Record<string, string>;
    };
    const [volume] = podOf(recording, "hub-server-deployment").volumes as {
      configMap: { items: { key: string; path: string }[] };
    }[];
    const mounted = Object.fromEntries(volume!.configMap.items.map(({ key, path }) => [path, data[key]]));
    assert.deepEqual(mounted, hubProgram());
    assert.equal(Object.keys(data).length, Object.keys(mounted).length);
    const longest = Object.keys(data).filter((key) => !/^[-._a-zA-Z0-9]{1,253}$/.test(key));
    assert.deepEqual(longest, []);
  });

  it("takes images, classes and patience from the configuration", async () => {
    const standIns = { hub: "lab.test/hub", proxy: "lab.test/proxy" };
    const storage = { ...settings.storage, databaseClass: "fast" };
    const recording = await build({ ...settings, standIns, storage, hub: { ...settings.hub, startSeconds: 900 } });
    const images = ["hub-server", "hub-proxy", "ssh"].map((name) => containerOf(recording, `${name}-deployment`).image);
    assert.deepEqual(images, ["lab.test/hub", "lab.test/proxy", SSH_IMAGE]);
    const { storageClassName } = resourceOf(recording.resources, "hub-server-database").inputs["spec"] as {
      storageClassName: string;
    };
    assert.equal(storageClassName, "fast");
    const environment = containerOf(recording, "ssh-deployment").env;
    const variables = Object.fromEntries(environment.map(({ name, value }) => [name, value]));
    assert.deepEqual(
      [variables["START_SECONDS"], variables["TOKEN_URL"]],
      ["900", "https://carrel.localhost:8443/hub/token"],
    );
  });

  it("starts the hub after its proxy, its rights and the notebooks' network policy", async () => {
    const { dependsOn } = resourceOf((await build()).resources, "hub-server");
    const needed = ["hub-proxy-deployment", "hub-access-role-binding", "notebook-policy-network-policy"];
    for (const name of [...needed, "hub-default-deny", "priorities-platform"])
      assert.ok(dependsOn.includes(name), `the hub does not wait for ${name}: ${dependsOn}`);
  });

  it("keeps to the platform's policies: restricted pods, named rights, closed namespaces, no secret in a variable", async () => {
    const { resources } = await build();
    const subjects = resources.flatMap(({ type, name, inputs }) => subjectsOf(type, name, inputs as KubernetesObject));
    const problems = subjects.flatMap((subject) => [
      ...podSecurityProblems(subject, []),
      ...wildcardProblems(subject, []),
      // The page on which people make a token is no token.
      ...secretEnvProblems(subject, []),
    ]);
    assert.deepEqual([...problems, ...defaultDenyProblems(subjects, [])], []);
  });

  it("reaches the cluster through the given provider only, and labels all that it puts there", async () => {
    const objects = objectsOf(await build());
    assert.deepEqual([...new Set(objects.map(({ provider }) => provider))], ["cluster"]);
    const labelsOf = ({ inputs }: Registered) => (inputs["metadata"] as { labels: Record<string, string> }).labels;
    const unlabelled = objects.filter((resource) => labelsOf(resource)["app.kubernetes.io/part-of"] !== "carrel");
    assert.deepEqual(unlabelled, []);
  });

  it("hands no secret to the engine in clear text, and to no object but Secrets", async () => {
    const { resources } = await build();
    const secret = /veiled secret|hex of|privateKeyOpenssh of/;
    const holders = resources.filter(({ inputs }) => secret.test(JSON.stringify(inputs)));
    assert.deepEqual([...new Set(holders.map(({ type }) => type))], ["kubernetes:core/v1:Secret"]);
    const text = JSON.stringify(holders, (_key, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value && Object.keys(value).length === 1 ? "" : value,
    );
    assert.doesNotMatch(text, secret);
  });
});

describe("hubProgram", () => {
  it("is every file that the hub imports or renders, and nothing else", () => {
    const paths = Object.keys(hubProgram());
    const folder = join(import.meta.dirname, "..", "..", "services", "hub");
    assert.deepEqual(
      paths.filter((path) => !existsSync(join(folder, path))),
      [],
    );
    const kinds = [...new Set(paths.map((path) => path.replace(/[a-z_-]+(\.[a-z]+)$/, "*$1")))];
    assert.deepEqual(kinds.sort(), [
      "*.py",
      "carrel_hub/*.graphql",
      "carrel_hub/*.py",
      "carrel_hub/ssh_keys/*.graphql",
      "carrel_hub/ssh_keys/*.py",
      "carrel_hub/templates/*.html",
    ]);
    const needed = ["jupyterhub_config.py", "carrel_hub/__init__.py", "carrel_hub/culler.py", "carrel_hub/settings.py"];
    for (const path of needed) assert.ok(paths.includes(path), path);
  });
});

const FILL = "a".repeat(64);
const READ = `
import dataclasses, json, sys
from carrel_hub.settings import read_settings
file, names = json.load(sys.stdin)
settings = dataclasses.asdict(read_settings(file, {name: "${FILL}" for name in names}))
print(json.dumps(settings))
`;

/** What the hub's own program makes of a file. */
function readByHub(file: object, secrets: readonly string[]): Record<string, unknown> {
  const PYTHONPATH = join(import.meta.dirname, "..", "..", "services", "hub");
  const env = { ...process.env, PYTHONPATH, PYTHONDONTWRITEBYTECODE: "1" };
  const input = JSON.stringify([file, secrets]);
  return JSON.parse(execFileSync("python3", ["-c", READ], { input, env, encoding: "utf8" }));
}

const asMeant = {
  public_url: "https://carrel.localhost:8443",
  hub_url: "http://hub.carrel-hub.svc:8081",
  proxy_api_url: "http://proxy-api.carrel-hub.svc:8001",
  api_url: "http://api.carrel-system.svc:8081/graphql",
  api_timeout_seconds: 5,
  database_url: "sqlite:////srv/jupyterhub/jupyterhub.sqlite",
  upgrade_database: true,
  contact: "the administrators of this platform",
  named_server_limit: 3,
  concurrent_spawn_limit: 64,
  identity: {
    issuer: "https://id.carrel.localhost:8443/realms/carrel",
    backchannel_url: "http://keycloak.carrel-identity.svc:8080",
    client_id: "hub",
    admin_role: "carrel-admin",
  },
  work: {
    namespace: "carrel-work",
    storage_class: "shared",
    home_size: "20Gi",
    access_mode: "ReadWriteMany",
    scheduler_name: null,
    priority_class: "carrel-notebook",
    image_pull_policy: "IfNotPresent",
    node_selector: {},
    tolerations: [],
    preferred_node_labels: {},
    environment: {},
    start_timeout_seconds: 900,
    pull_grace_seconds: 15,
  },
  culling: { enabled: true, every_seconds: 300, idle_seconds: 7200, max_age_seconds: null },
  ssh: { host: "carrel.localhost", port: 2222 },
  secrets: {
    api_server_secret: FILL,
    oauth_client_secret: FILL,
    configproxy_auth_token: FILL,
    culler_api_token: FILL,
    metrics_api_token: FILL,
    ssh_gateway_token: FILL,
  },
};

describe("hubSettings", () => {
  it("is read by the hub as it is meant, with the Secrets' variables", async () => {
    const { resources } = await build();
    const secrets = ["hub-secrets-hub", "hub-secrets-proxy"].flatMap((name) => {
      const { stringData } = resourceOf(resources, name).inputs as { stringData: { secret: object } };
      return Object.keys(stringData.secret);
    });
    const storage = { ...settings.storage, homeClass: "shared", homeSize: "20Gi" };
    const culling = { idleSeconds: 7200, maxAgeSeconds: null };
    const given = { ...settings, storage, culling, hub: { ...settings.hub, namedServers: 3, startSeconds: 900 } };
    assert.deepEqual(readByHub(hubSettings(given, sources()), secrets), asMeant);
  });

  it("knows of no SSH where that part is off", async () => {
    const told = hubSettings(withoutSsh, sources());
    assert.equal(told["ssh"], null);
    const { stringData } = resourceOf((await build(withoutSsh)).resources, "hub-secrets-hub").inputs as {
      stringData: { secret: object };
    };
    assert.equal("SSH_GATEWAY_TOKEN" in stringData.secret, false);
  });

  it("leaves the class of homes to the cluster where none is given", () => {
    const { work } = hubSettings(settings, sources()) as { work: { storageClass: unknown } };
    assert.equal(work.storageClass, null);
  });

  it("names the scheduler of notebooks where they have one of their own, which is then there", async () => {
    const given = { ...settings, placement: { ...settings.placement, userScheduler: true } };
    const { work } = hubSettings(given, sources()) as { work: { schedulerName: unknown } };
    assert.equal(work.schedulerName, "carrel-user-scheduler");
    const recording = await build(given);
    const deployment = resourceOf(recording.resources, "user-scheduler-deployment");
    assert.equal((deployment.inputs["metadata"] as { namespace: string }).namespace, "carrel-hub");
    assert.equal(recording.built.ready, 4);
  });

  it("gives notebooks a priority that the foundation has", async () => {
    const { resources } = await build();
    const { work } = hubSettings(settings, sources()) as { work: { priorityClass: string } };
    const classes = resources.filter(({ type }) => type.endsWith(":PriorityClass"));
    const names = classes.map(({ inputs }) => (inputs["metadata"] as { name: string }).name);
    assert.ok(names.includes(work.priorityClass), names.join(", "));
  });
});
