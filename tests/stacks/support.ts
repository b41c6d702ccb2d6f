import { publicNames } from "../../config/exposure.ts";
import type { Settings } from "../../config/settings.ts";
import { admission } from "../../stacks/admission.ts";
import { foundation } from "../../stacks/foundation.ts";
import { clusterProvider, type Recording, record } from "../support/mocks.ts";

const prefix = "carrel";
export const IMAGE = "registry.test/carrel/admission@sha256:0123";

/** A configuration with a value of its own in every place where one shows. */
export const settings: Settings = {
  host: "carrel.localhost",
  prefix,
  namespaces: {
    system: `${prefix}-system`,
    identity: `${prefix}-identity`,
    hub: `${prefix}-hub`,
    work: `${prefix}-work`,
    storage: `${prefix}-storage`,
    monitoring: `${prefix}-monitoring`,
    energy: `${prefix}-energy`,
    gateway: `${prefix}-gateway`,
  },
  cluster: { kubeconfig: "of the test", context: "test" },
  images: {
    registry: "registry.test",
    repositoryPrefix: "carrel",
    base: `registry.test/base/node@sha256:${"1".repeat(64)}`,
    plainHttp: false,
  },
  network: { controlPlaneCidrs: ["192.0.2.0/24"] },
  port: 8443,
  names: publicNames("carrel.localhost", 8443),
  ssh: { port: 2222 },
  exposure: {
    httpPort: 8080,
    gatewayClass: "site",
    clients: { namespace: "site-gateway", cidrs: ["192.0.2.128/32"] },
    tls: { from: "authority" },
    otherHosts: ["old.carrel.localhost"],
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
  admission: { replicas: 2, logLevel: "info", bypassServiceAccounts: ["carrel-storage:provisioner"] },
  quota: { accelerators: ["vendor.test/slice-*=0.25"] },
  imageMirror: {
    rules: [{ from: "docker.io", to: "mirror.test/hub" }],
    exempt: ["registry.test"],
    onMissing: "refuse",
    failurePolicy: "Fail",
  },
  podDefaults: { failurePolicy: "Ignore", untouchedContainers: ["mesh"], installKubeflowCrd: true },
  certificates: { validityDays: 90, renewalDays: 30 },
};

/** What index.ts declares on the cluster, without the images' build. */
export const recordProgram = (given: Settings = settings): Promise<Recording<void>> =>
  record(() => {
    const provider = clusterProvider();
    admission(given, foundation(given, provider), IMAGE, provider);
  });

const NETWORK_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const CRD = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition";
const PRIORITY = "kubernetes:scheduling.k8s.io/v1:PriorityClass";

/** The foundation and the cluster's provider, as `outline` writes them. */
export const foundationParts: readonly string[] = [
  " > carrel:foundation:CertificateAuthority authority",
  " > carrel:foundation:Definitions definitions",
  " > carrel:foundation:ManagedNamespace system",
  " > carrel:foundation:ManagedNamespace work",
  " > carrel:foundation:Priorities priorities",
  " > pulumi:providers:kubernetes cluster",
  "authority > tls:index/privateKey:PrivateKey authority-key",
  "authority > tls:index/selfSignedCert:SelfSignedCert authority-certificate",
  `definitions > ${CRD} definitions-groups`,
  `definitions > ${CRD} definitions-images`,
  `definitions > ${CRD} definitions-instancetypes`,
  `definitions > ${CRD} definitions-poddefaults`,
  `definitions > ${CRD} definitions-poddefaults.kubeflow.org`,
  `definitions > ${CRD} definitions-quotaledgers`,
  `definitions > ${CRD} definitions-volumes`,
  `priorities > ${PRIORITY} priorities-batch`,
  `priorities > ${PRIORITY} priorities-notebook`,
  `priorities > ${PRIORITY} priorities-placeholder`,
  `priorities > ${PRIORITY} priorities-platform`,
  "system > kubernetes:core/v1:Namespace system-namespace",
  `system > ${NETWORK_POLICY} system-default-deny`,
  "work > kubernetes:core/v1:Namespace work-namespace",
  `work > ${NETWORK_POLICY} work-default-deny`,
  `work > ${NETWORK_POLICY} work-dns`,
];
