import assert from "node:assert/strict";
import { readSettings } from "../../services/admission/settings.ts";
import { outline, type Registered, resourceOf } from "../support/mocks.ts";
import { foundationParts, IMAGE, recordProgram, settings } from "./support.ts";

const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const optInLabels = [
  "primehub.io/resources-validation-webhook",
  "carrel.dev/pod-defaults",
  "primehub.io/image-mutation-webhook",
];

const admissionParts = [
  " > carrel:admission:AdmissionAccess admission-access",
  " > carrel:admission:AdmissionService admission",
  " > carrel:admission:MutatingWebhooks mutation",
  " > carrel:admission:QuotaWebhook quota",
  " > carrel:core:ServingCertificate admission-serving",
  "admission > kubernetes:apps/v1:Deployment admission-deployment",
  "admission > kubernetes:core/v1:Service admission-service",
  "admission > kubernetes:networking.k8s.io/v1:NetworkPolicy admission-network-policy",
  "admission > kubernetes:policy/v1:PodDisruptionBudget admission-disruption-budget",
  "admission-access > kubernetes:core/v1:ServiceAccount admission-access-account",
  `admission-access > ${RBAC}:ClusterRole admission-access-cluster-role`,
  `admission-access > ${RBAC}:ClusterRoleBinding admission-access-cluster-role-binding`,
  `admission-access > ${RBAC}:Role admission-access-role`,
  `admission-access > ${RBAC}:RoleBinding admission-access-role-binding`,
  "admission-serving > kubernetes:core/v1:Secret admission-serving-tls",
  "admission-serving > tls:index/certRequest:CertRequest admission-serving-request",
  "admission-serving > tls:index/locallySignedCert:LocallySignedCert admission-serving-certificate",
  "admission-serving > tls:index/privateKey:PrivateKey admission-serving-key",
  "mutation > kubernetes:admissionregistration.k8s.io/v1:MutatingWebhookConfiguration mutation-configuration",
  "quota > kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration quota-configuration",
];

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
const metadataOf = ({ inputs }: Registered): Metadata => (inputs["metadata"] ?? {}) as Metadata;

interface Webhook {
  readonly name: string;
  readonly failurePolicy: string;
  readonly clientConfig: { readonly caBundle: string; readonly service: { readonly name: string; namespace: string } };
}

interface Deployed {
  readonly replicas: number;
  readonly template: {
    readonly spec: Readonly<Record<string, unknown>> & {
      readonly containers: readonly { readonly image: string; readonly env: readonly Variable[] }[];
    };
  };
}
interface Variable {
  readonly name: string;
  readonly value?: string;
}
const deployed = (resources: readonly Registered[]): Deployed =>
  resourceOf(resources, "admission-deployment").inputs["spec"] as Deployed;

describe("admission on its foundation", () => {
  it("adds rights, a certificate, the process and its webhooks", async () => {
    const { resources } = await recordProgram();
    assert.deepEqual(outline(resources), [...foundationParts, ...admissionParts].sort());
  });

  it("comes after its rights, kinds and priorities, and its webhooks after it", async () => {
    const { resources } = await recordProgram();
    assert.deepEqual(resourceOf(resources, "admission").dependsOn, [
      "admission-access-account",
      "admission-access-cluster-role",
      "admission-access-cluster-role-binding",
      "admission-access-role",
      "admission-access-role-binding",
      "definitions-groups",
      "definitions-images",
      "definitions-instancetypes",
      "definitions-poddefaults",
      "definitions-poddefaults.kubeflow.org",
      "definitions-quotaledgers",
      "definitions-volumes",
      "priorities-batch",
      "priorities-notebook",
      "priorities-placeholder",
      "priorities-platform",
    ]);
    for (const webhooks of ["quota", "mutation"]) {
      assert.deepEqual(resourceOf(resources, webhooks).dependsOn, [
        "admission-deployment",
        "admission-disruption-budget",
        "admission-network-policy",
        "admission-service",
      ]);
    }
  });

  it("runs the given image with the given rights, certificate and priority", async () => {
    const { resources } = await recordProgram();
    const { replicas, template } = deployed(resources);
    const { containers, serviceAccountName, priorityClassName, volumes } = template.spec;
    assert.deepEqual(
      { replicas, image: containers[0]?.image, serviceAccountName, priorityClassName, volumes },
      {
        replicas: 2,
        image: IMAGE,
        serviceAccountName: "admission",
        priorityClassName: "carrel-platform",
        volumes: [{ name: "tls", secret: { secretName: "admission-serving-tls-generated" } }],
      },
    );
  });

  it("is set up as configured", async () => {
    const { resources } = await recordProgram();
    const variables = deployed(resources).template.spec.containers[0]!.env;
    const environment = variables.map(({ name, value = "carrel-system" }) => [name, value] as const);
    const { accelerators, ...rest } = readSettings(Object.fromEntries(environment));
    const { failurePolicy: _, ...imageMirror } = settings.imageMirror;
    assert.deepEqual(rest, {
      port: 8443,
      metricsPort: 9090,
      tlsDir: "/etc/carrel/tls",
      clientCaFile: undefined,
      clientNames: new Set(),
      maxCalls: 512,
      namespace: "carrel-system",
      bypass: new Set(["system:serviceaccount:carrel-storage:provisioner"]),
      imageMirror,
      untouchedContainers: new Set(["mesh"]),
      logLevel: "info",
    });
    assert.equal(accelerators.weightMilli("vendor.test/slice-1"), 250n);
  });

  it("asks the API server for a certificate where the configuration says who signs it", async () => {
    const clients = { ca: "PEM", names: ["kube-apiserver"] };
    const { resources } = await recordProgram({ ...settings, admission: { ...settings.admission, clients } });
    assert.deepEqual(resourceOf(resources, "admission-clients").inputs["data"], { "ca.crt": "PEM" });
    const variables = deployed(resources).template.spec.containers[0]!.env;
    const own = variables.filter(({ name }) => name.startsWith("CLIENT_"));
    assert.deepEqual(own, [
      { name: "CLIENT_CA_FILE", value: "/etc/carrel/clients/ca.crt" },
      { name: "CLIENT_NAMES", value: "kube-apiserver" },
    ]);
  });

  it("fails open or closed as configured, the guard open and quota closed always", async () => {
    const { resources } = await recordProgram();
    const policies = ["quota-configuration", "mutation-configuration"].flatMap((name) =>
      (resourceOf(resources, name).inputs["webhooks"] as Webhook[]).map((webhook) => [
        webhook.name,
        webhook.failurePolicy,
      ]),
    );
    assert.deepEqual(policies, [
      ["quota.carrel.dev", "Fail"],
      ["guard.carrel.dev", "Ignore"],
      ["pod-defaults-image-mirror.carrel.dev", "Fail"],
      ["pod-defaults.carrel.dev", "Ignore"],
      ["pod-defaults-kubeflow.carrel.dev", "Ignore"],
      ["image-mirror.carrel.dev", "Fail"],
    ]);
  });

  it("needs Kubeflow's kind only where it installs it", async () => {
    const podDefaults = { ...settings.podDefaults, installKubeflowCrd: false };
    const { resources } = await recordProgram({ ...settings, podDefaults });
    const kinds = resourceOf(resources, "admission").dependsOn.filter((name) => name.startsWith("definitions-"));
    assert.ok(kinds.includes("definitions-groups"));
    assert.ok(!kinds.includes("definitions-poddefaults.kubeflow.org"));
  });

  it("is called on a name that its certificate is for, checked by the authority that signed it", async () => {
    const { resources } = await recordProgram();
    const webhooks = ["quota-configuration", "mutation-configuration"].flatMap(
      (name) => resourceOf(resources, name).inputs["webhooks"] as Webhook[],
    );
    assert.equal(webhooks.length, 6);
    const { dnsNames } = resourceOf(resources, "admission-serving-request").inputs as { dnsNames: string[] };
    const { caCertPem } = resourceOf(resources, "admission-serving-certificate").inputs;
    for (const { clientConfig } of webhooks) {
      const { service, caBundle } = clientConfig;
      assert.ok(dnsNames.includes(`${service.name}.${service.namespace}.svc`), dnsNames.join(", "));
      assert.equal(Buffer.from(caBundle, "base64").toString("utf8"), caCertPem);
    }
  });

  it("works in the work namespace alone", async () => {
    const { resources } = await recordProgram();
    for (const label of optInLabels) {
      const marked = resources.filter((resource) => metadataOf(resource).labels?.[label] !== undefined);
      assert.deepEqual(
        marked.map((resource) => [resource.type, metadataOf(resource).name]),
        [["kubernetes:core/v1:Namespace", "carrel-work"]],
      );
    }
  });

  it("puts nothing into a namespace of somebody else", async () => {
    const { resources } = await recordProgram();
    const used = new Set(resources.flatMap((resource) => metadataOf(resource).namespace ?? []));
    assert.deepEqual([...used].sort(), ["carrel-system", "carrel-work"]);
  });

  it("reaches the cluster through the given provider only, and labels all that it puts there", async () => {
    const { resources } = await recordProgram();
    const onCluster = resources.filter(({ type }) => type.startsWith("kubernetes:"));
    assert.deepEqual([...new Set(onCluster.map(({ provider }) => provider))], ["cluster"]);
    const unlabelled = onCluster.filter(
      (resource) => metadataOf(resource).labels?.["app.kubernetes.io/part-of"] !== "carrel",
    );
    assert.deepEqual(unlabelled, []);
  });

  it("hands no key and no Secret to the engine in clear text", async () => {
    const { resources } = await recordProgram();
    const text = JSON.stringify(resources, (_key, value: unknown) =>
      typeof value === "object" && value !== null && "secret" in value && Object.keys(value).length === 1
        ? "hidden"
        : value,
    );
    assert.equal(text.includes("privateKeyPem of"), false);
    assert.ok(JSON.stringify(resources).includes("privateKeyPem of"), "the mock made no key at all");
  });
});
