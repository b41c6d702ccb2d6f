import { type LabDefaults, loadSettings, type Settings } from "../../config/settings.ts";
import { UserError } from "../../services/lib/user-error.ts";

const digest = "@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/** A node base image by digest. */
export const nodeImage = `registry.example.org/node:24${digest}`;

/** A running lab, as `lab/endpoints.ts` finds it. */
export const lab: LabDefaults = {
  kubeconfig: "/state/labs/dev/kubeconfig",
  context: "carrel-dev",
  registry: { host: "172.30.0.1:5000", plainHttp: true },
  nodeBase: `172.30.0.1:5000/lab/node-base${digest}`,
  controlPlaneCidrs: ["172.30.0.1/32", "10.244.0.1/32"],
};

export const findLab = (name: string): LabDefaults | undefined => (name === "dev" ? lab : undefined);

export const namespaces: Settings["namespaces"] = {
  system: "carrel-system",
  identity: "carrel-identity",
  hub: "carrel-hub",
  work: "carrel-work",
  storage: "carrel-storage",
  monitoring: "carrel-monitoring",
  energy: "carrel-energy",
  gateway: "carrel-gateway",
};

/** The public names of a host, with `:PORT` or nothing at the end of their URLs. */
export function namesOf(host: string, port = ""): Settings["names"] {
  const name = (label: string) => ({ host: `${label}${host}`, url: `https://${label}${host}${port}` });
  return {
    hub: name(""),
    identity: name("id."),
    api: name("api."),
    console: name("console."),
    grafana: name("grafana."),
    dashboard: name("dashboard."),
  };
}

/** What a host and the lab make, with the default of everything else. */
export const ofTheLab: Settings = {
  host: "carrel.localhost",
  prefix: "carrel",
  namespaces,
  cluster: { kubeconfig: "/state/labs/dev/kubeconfig", context: "carrel-dev" },
  images: { registry: "172.30.0.1:5000", repositoryPrefix: "carrel", base: lab.nodeBase, plainHttp: true },
  network: { controlPlaneCidrs: ["172.30.0.1/32", "10.244.0.1/32"] },
  port: 443,
  names: namesOf("carrel.localhost"),
  ssh: { port: 22 },
  exposure: {
    httpPort: 80,
    gatewayClass: undefined,
    clients: { namespace: "carrel-gateway", cidrs: [] },
    tls: { from: "authority" },
    otherHosts: [],
    metallbAddresses: [],
  },
  parts: { identity: true, api: true, hub: true, ssh: true, exposure: true },
  hasStarter: false,
  standIns: {},
  identity: { replicas: 1, image: undefined, isOptimized: false, database: { size: "5Gi" } },
  hub: { contact: "the administrators of this platform", namedServers: 0, concurrentStarts: 64, startSeconds: 300 },
  culling: { idleSeconds: null, maxAgeSeconds: null },
  storage: {
    databaseClass: undefined,
    homeClass: undefined,
    sharedClass: undefined,
    homeSize: "10Gi",
    accessMode: "ReadWriteMany",
  },
  placement: { userScheduler: false, placeholders: { count: 0, cpu: "1", memory: "2Gi" }, pullImages: false },
  admission: { replicas: 2, logLevel: "info", bypassServiceAccounts: [] },
  quota: { accelerators: [] },
  imageMirror: { rules: [], exempt: [], onMissing: "keep", failurePolicy: "Ignore" },
  podDefaults: {
    failurePolicy: "Ignore",
    untouchedContainers: ["istio-proxy", "linkerd-proxy"],
    installKubeflowCrd: true,
  },
  certificates: { validityDays: 365, renewalDays: 90 },
};

export type Sections = Readonly<Record<string, string | Readonly<Record<string, unknown>>>>;

/** The least that a stack without a lab has to say. */
export const production = {
  host: "notebooks.example.org",
  images: { registry: "registry.example.org", base: nodeImage },
  network: { controlPlaneCidrs: ["192.0.2.0/28"] },
} as const satisfies Sections;

/** A configuration as Pulumi gives it: text as it is, objects as JSON. */
export function rawOf(config: Sections): Record<string, string> {
  return Object.fromEntries(
    Object.entries(config).map(([key, value]) => [key, typeof value === "string" ? value : JSON.stringify(value)]),
  );
}

/** The production configuration with some sections extended and some keys replaced. */
export function productionWith(changes: Sections): Sections {
  const merged = Object.entries(changes).map(([key, value]) => {
    const before = (production as Sections)[key];
    return [key, typeof value === "string" || typeof before !== "object" ? value : { ...before, ...value }];
  });
  return { ...production, ...Object.fromEntries(merged) };
}

export function settingsOf(config: Sections): Settings {
  return loadSettings(rawOf(config), findLab);
}

/** Every problem of a configuration; none when it is right. */
export function problemsOf(config: Sections, secretKeys: readonly string[] = []): readonly string[] {
  try {
    loadSettings(rawOf(config), findLab, secretKeys);
    return [];
  } catch (error) {
    if (error instanceof UserError && error.code === "config") return error.problems;
    throw error;
  }
}
