import assert from "node:assert/strict";
import { join } from "node:path";
import { loadSettings, type Settings } from "../../config/settings.ts";
import { PassphraseSecrets } from "../../lab/engine/passphrase.ts";
import { readProject, runtimeConfig } from "../../lab/engine/project.ts";
import { findLab, lab, nodeImage, production, productionWith, rawOf, settingsOf } from "./configurations.ts";

const projectDir = join(import.meta.dirname, "..", "..");

const namespaces: Settings["namespaces"] = {
  system: "carrel-system",
  identity: "carrel-identity",
  hub: "carrel-hub",
  work: "carrel-work",
  storage: "carrel-storage",
  monitoring: "carrel-monitoring",
  energy: "carrel-energy",
  gateway: "carrel-gateway",
};

const ofTheLab: Settings = {
  host: "carrel.localhost",
  prefix: "carrel",
  namespaces,
  cluster: { kubeconfig: "/state/labs/dev/kubeconfig", context: "carrel-dev" },
  images: { registry: "172.30.0.1:5000", repositoryPrefix: "carrel", base: lab.nodeBase, plainHttp: true },
  network: { controlPlaneCidrs: ["172.30.0.1/32", "10.244.0.1/32"] },
  admission: { replicas: 2, logLevel: "info", bypassServiceAccounts: [] },
  certificates: { validityDays: 365, renewalDays: 90 },
};

const ofProduction: Settings = {
  ...ofTheLab,
  host: "notebooks.example.org",
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

describe("loadSettings", () => {
  it("takes everything but the host from the lab that the committed dev stack names", () => {
    assert.deepEqual(loadSettings(devStack(), findLab), ofTheLab);
  });

  it("needs four keys without a lab", () => {
    assert.deepEqual(settingsOf(production), ofProduction);
  });

  it("takes every key that is set", () => {
    const everything = {
      host: "carrel.example.org",
      prefix: "research",
      cluster: { kubeconfig: "apiVersion: v1\n", context: "production" },
      images: { registry: "[2001:db8::5]:5000", repositoryPrefix: "a/b_c", base: nodeImage, plainHttp: false },
      network: { controlPlaneCidrs: ["192.0.2.10/32", "2001:db8::/64"] },
      admission: { replicas: 9, logLevel: "debug", bypassServiceAccounts: ["velero:velero.server"] },
      certificates: { validityDays: 30, renewalDays: 29 },
    };
    const roles = Object.keys(namespaces).map((role) => [role, `research-${role}`]);
    assert.deepEqual(settingsOf(everything), { ...everything, namespaces: Object.fromEntries(roles) });
  });

  it("reads empty texts and objects, as Pulumi.yaml gives them, as not set", () => {
    const empty = { lab: "", prefix: "", cluster: "{}", admission: "", certificates: {} };
    assert.deepEqual(settingsOf(productionWith(empty)), ofProduction);
  });

  it("is deeply frozen, and leaves the lab's own value alone", () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every((inner) => isFrozen(inner)));
    assert.equal(isFrozen(loadSettings(rawOf({ host: "a.example.org", lab: "dev" }), findLab)), true);
    assert.equal(Object.isFrozen(lab.controlPlaneCidrs), false);
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

describe("a key beside a lab", () => {
  const beside = (changes: Parameters<typeof settingsOf>[0]) =>
    settingsOf({ host: "carrel.localhost", lab: "dev", ...changes });

  it("wins over the lab's value", () => {
    const network = { controlPlaneCidrs: ["192.0.2.0/28"] };
    assert.deepEqual(beside({ network }), { ...ofTheLab, network });
    const cluster = { context: "other" };
    assert.deepEqual(beside({ cluster }), { ...ofTheLab, cluster: { ...ofTheLab.cluster, context: "other" } });
  });

  it("leaves the lab's context out with another kubeconfig", () => {
    const cluster = { kubeconfig: "/other/kubeconfig" };
    assert.deepEqual(beside({ cluster }).cluster, { kubeconfig: "/other/kubeconfig", context: undefined });
  });

  it("leaves plain HTTP to the lab's own registry", () => {
    const { images } = ofTheLab;
    const registry = "registry.example.org";
    assert.deepEqual(beside({ images: { registry } }).images, { ...images, registry, plainHttp: false });
    assert.deepEqual(beside({ images: { registry: images.registry } }).images, images);
    assert.deepEqual(beside({ images: { plainHttp: false } }).images, { ...images, plainHttp: false });
  });

  it("may ask for plain HTTP to a lab's registry of any name", () => {
    const given = { ...lab, context: "", registry: { host: "registry.example.org", plainHttp: false } };
    const config = rawOf({ host: "a.example.org", lab: "given", images: { plainHttp: true } });
    const settings = loadSettings(config, () => given);
    assert.equal(settings.images.plainHttp, true);
    // A lab on a given cluster may name no context: the kubeconfig's current one is meant.
    assert.equal(settings.cluster.context, undefined);
  });

  it("takes every address from a lab that cannot know better", () => {
    const kind = { ...lab, controlPlaneCidrs: ["0.0.0.0/0"] };
    const settings = loadSettings(rawOf({ host: "a.example.org", lab: "kind" }), () => kind);
    assert.deepEqual(settings.network.controlPlaneCidrs, ["0.0.0.0/0"]);
  });
});
