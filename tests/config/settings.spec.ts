import assert from "node:assert/strict";
import { join } from "node:path";
import { keys } from "../../config/schema.ts";
import { loadSettings, type Settings } from "../../config/settings.ts";
import { PassphraseSecrets } from "../../lab/engine/passphrase.ts";
import { readProject, runtimeConfig } from "../../lab/engine/project.ts";
import {
  findLab,
  lab,
  namesOf,
  namespaces,
  nodeImage,
  ofTheLab,
  production,
  productionWith,
  rawOf,
  settingsOf,
} from "./configurations.ts";

const projectDir = join(import.meta.dirname, "..", "..");

const ofProduction: Settings = {
  ...ofTheLab,
  host: "notebooks.example.org",
  names: namesOf("notebooks.example.org"),
  cluster: { kubeconfig: undefined, context: undefined },
  images: { registry: "registry.example.org", repositoryPrefix: "carrel", base: nodeImage, plainHttp: false },
  network: { controlPlaneCidrs: ["192.0.2.0/28"] },
};

/** The stack's configuration as the engine hands it to the program. */
function devStack(): Record<string, string> {
  const { values } = runtimeConfig(readProject(projectDir, "dev", undefined), PassphraseSecrets.create("unused"));
  const own = Object.entries(values).filter(([key]) => key.startsWith("carrel:"));
  return Object.fromEntries(own.map(([key, value]) => [key.slice("carrel:".length), value]));
}

const everything = {
  host: "carrel.example.org",
  prefix: "research",
  cluster: { kubeconfig: "apiVersion: v1\n", context: "production" },
  images: { registry: "[2001:db8::5]:5000", repositoryPrefix: "a/b_c", base: nodeImage, plainHttp: false },
  network: { controlPlaneCidrs: ["192.0.2.10/32", "2001:db8::/64"] },
  port: "8443",
  ssh: { port: 2022 },
  exposure: {
    httpPort: 8080,
    gatewayClass: "envoy",
    gatewayNamespace: "envoy-system",
    gatewayCidrs: ["192.0.2.9/32"],
    issuer: "ClusterIssuer/letsencrypt",
    otherHosts: ["jupyter.example.org"],
    metallbAddresses: ["192.0.2.7/32", "192.0.2.10-192.0.2.12"],
  },
  platform: { parts: ["identity"], starter: true },
  identity: {
    replicas: 2,
    optimizedImage: "registry.example.org/keycloak:1",
    databaseHost: "postgres.example.org",
    databasePort: 5433,
    databaseName: "sso",
    databaseUser: "kc",
    databasePassword: "hush",
  },
  hub: { contact: "the help desk", namedServers: 3, concurrentStarts: 10, startSeconds: 900 },
  culling: { idleSeconds: 7200, maxAgeSeconds: 604800 },
  storage: { class: "ssd", homeClass: "nfs", sharedClass: "ceph", homeSize: "50Gi", accessMode: "ReadWriteOnce" },
  placement: {
    userScheduler: true,
    placeholders: 3,
    placeholderCpu: "500m",
    placeholderMemory: "4Gi",
    pullImages: true,
  },
  admission: { replicas: 9, logLevel: "debug", bypassServiceAccounts: ["velero:velero.server"] },
  quota: { accelerators: ["vendor.example/gpu-slice=0.5", "vendor.example/slice-*=143m"] },
  imageMirror: {
    rules: [{ from: "docker.io", to: "mirror.example.org:5000/hub" }],
    exempt: ["docker.io/library"],
    onMissing: "refuse",
    failurePolicy: "Fail",
  },
  podDefaults: { failurePolicy: "Fail", untouchedContainers: ["vault-agent"], installKubeflowCrd: false },
  certificates: { validityDays: 30, renewalDays: 29 },
};

describe("loadSettings", () => {
  it("takes everything but the host from the lab that the committed dev stack names", () => {
    assert.deepEqual(loadSettings(devStack(), findLab), { ...ofTheLab, hasStarter: true });
  });

  it("needs four keys without a lab", () => {
    assert.deepEqual(settingsOf(production), ofProduction);
  });

  it("takes every key that is set", () => {
    const roles = Object.keys(namespaces).map((role) => [role, `research-${role}`]);
    const { gatewayNamespace, gatewayCidrs, issuer: _, ...rest } = everything.exposure;
    const { platform: _parts, ...others } = everything;
    assert.deepEqual(settingsOf(everything), {
      ...others,
      namespaces: Object.fromEntries(roles),
      port: 8443,
      names: namesOf("carrel.example.org", ":8443"),
      exposure: {
        ...rest,
        clients: { namespace: gatewayNamespace, cidrs: gatewayCidrs },
        tls: { from: "issuer", kind: "ClusterIssuer", name: "letsencrypt" },
      },
      parts: { identity: true, api: false, hub: false, ssh: false, exposure: false },
      hasStarter: true,
      standIns: {},
      identity: {
        replicas: 2,
        image: "registry.example.org/keycloak:1",
        isOptimized: true,
        database: { host: "postgres.example.org", port: 5433, name: "sso", user: "kc", password: "hush" },
      },
      storage: {
        databaseClass: "ssd",
        homeClass: "nfs",
        sharedClass: "ceph",
        homeSize: "50Gi",
        accessMode: "ReadWriteOnce",
      },
      placement: {
        userScheduler: true,
        placeholders: { count: 3, cpu: "500m", memory: "4Gi" },
        pullImages: true,
      },
    });
  });

  it("reads empty texts and objects, as Pulumi.yaml gives them, as not set", () => {
    const empty = { lab: "", prefix: "", cluster: "{}", admission: "", certificates: {} };
    assert.deepEqual(settingsOf(productionWith(empty)), ofProduction);
  });

  it("gives the mirror's prefixes in the form in which images are compared", () => {
    const imageMirror = {
      rules: [{ from: "Index.Docker.io", to: "Mirror.example.org/hub" }],
      exempt: ["QUAY.example"],
    };
    assert.deepEqual(settingsOf(productionWith({ imageMirror })).imageMirror, {
      rules: [{ from: "docker.io", to: "mirror.example.org/hub" }],
      exempt: ["quay.example"],
      onMissing: "keep",
      failurePolicy: "Ignore",
    });
  });

  it("may refuse images with exemptions alone, and leave no container untouched", () => {
    const imageMirror = { exempt: ["registry.example.org"], onMissing: "refuse" };
    const settings = settingsOf(productionWith({ imageMirror, podDefaults: { untouchedContainers: [] } }));
    assert.deepEqual(settings.imageMirror.rules, []);
    assert.deepEqual(settings.podDefaults.untouchedContainers, []);
  });

  it("is deeply frozen, and leaves the lab's own value and the schema's alone", () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every((inner) => isFrozen(inner)));
    assert.equal(isFrozen(loadSettings(rawOf({ host: "a.example.org", lab: "dev" }), findLab)), true);
    assert.equal(Object.isFrozen(lab.controlPlaneCidrs), false);
    assert.equal(Object.isFrozen(keys["podDefaults.untouchedContainers"].default), false);
  });

  it("asks for the lab only when the configuration names one", () => {
    const asked: string[] = [];
    const find = (name: string) => {
      asked.push(name);
      return lab;
    };
    loadSettings(rawOf(production), find);
    loadSettings(rawOf(productionWith({ lab: "dev" })), find);
    assert.deepEqual(asked, ["dev"]);
  });
});
