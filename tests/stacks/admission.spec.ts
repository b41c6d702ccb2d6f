import assert from "node:assert/strict";
import { outline, type Registered, resourceOf } from "../support/mocks.ts";
import { foundationParts, IMAGE, recordProgram } from "./support.ts";

const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const QUOTA_LABEL = "primehub.io/resources-validation-webhook";

const admissionParts = [
  " > carrel:admission:AdmissionAccess admission-access",
  " > carrel:admission:AdmissionService admission",
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
  "quota > kubernetes:admissionregistration.k8s.io/v1:ValidatingWebhookConfiguration quota-configuration",
];

interface Metadata {
  readonly name?: string;
  readonly namespace?: string;
  readonly labels?: Readonly<Record<string, string>>;
}
const metadataOf = ({ inputs }: Registered): Metadata => (inputs["metadata"] ?? {}) as Metadata;

describe("admission on its foundation", () => {
  it("adds rights, a certificate, the process and its webhook", async () => {
    const { resources } = await recordProgram();
    assert.deepEqual(outline(resources), [...foundationParts, ...admissionParts].sort());
  });

  it("comes after its rights, kinds and priorities, and its webhook after it", async () => {
    const { resources } = await recordProgram();
    assert.deepEqual(resourceOf(resources, "admission").dependsOn, [
      "admission-access-account",
      "admission-access-cluster-role",
      "admission-access-cluster-role-binding",
      "admission-access-role",
      "admission-access-role-binding",
      "definitions-groups",
      "definitions-quotaledgers",
      "priorities-batch",
      "priorities-notebook",
      "priorities-placeholder",
      "priorities-platform",
    ]);
    assert.deepEqual(resourceOf(resources, "quota").dependsOn, [
      "admission-deployment",
      "admission-disruption-budget",
      "admission-network-policy",
      "admission-service",
    ]);
  });

  it("runs the given image with the given rights, certificate and priority", async () => {
    const { resources } = await recordProgram();
    const { spec } = resourceOf(resources, "admission-deployment").inputs as {
      spec: { replicas: number; template: { spec: Record<string, unknown> & { containers: { image: string }[] } } };
    };
    const { containers, serviceAccountName, priorityClassName, volumes } = spec.template.spec;
    assert.deepEqual(
      { replicas: spec.replicas, image: containers[0]?.image, serviceAccountName, priorityClassName, volumes },
      {
        replicas: 2,
        image: IMAGE,
        serviceAccountName: "admission",
        priorityClassName: "carrel-platform",
        volumes: [{ name: "tls", secret: { secretName: "admission-serving-tls-generated" } }],
      },
    );
  });

  it("is called on a name that its certificate is for, checked by the authority that signed it", async () => {
    const { resources } = await recordProgram();
    const { webhooks } = resourceOf(resources, "quota-configuration").inputs as {
      webhooks: { clientConfig: { caBundle: string; service: { name: string; namespace: string } } }[];
    };
    const { service, caBundle } = webhooks[0]!.clientConfig;
    const { dnsNames } = resourceOf(resources, "admission-serving-request").inputs as { dnsNames: string[] };
    assert.ok(dnsNames.includes(`${service.name}.${service.namespace}.svc`), dnsNames.join(", "));
    const { caCertPem } = resourceOf(resources, "admission-serving-certificate").inputs;
    assert.equal(Buffer.from(caBundle, "base64").toString("utf8"), caCertPem);
  });

  it("enforces quota in the work namespace alone", async () => {
    const { resources } = await recordProgram();
    const marked = resources.filter((resource) => metadataOf(resource).labels?.[QUOTA_LABEL] !== undefined);
    assert.deepEqual(
      marked.map((resource) => [resource.type, metadataOf(resource).name]),
      [["kubernetes:core/v1:Namespace", "carrel-work"]],
    );
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
