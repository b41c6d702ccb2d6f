import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import {
  ADMISSION_SERVICE,
  AdmissionService,
  type AdmissionServiceArgs,
} from "../../../components/admission/service.ts";
import { standardAccelerators } from "../../../quota/accelerators.ts";
import { readSettings } from "../../../services/admission/settings.ts";
import type { MirrorSetting } from "../../../services/lib/image-mirror/rules.ts";
import { outline, type Recording, type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const imageMirror: MirrorSetting = {
  rules: [{ from: "docker.io", to: "mirror.test:5000/hub" }],
  exempt: ["registry.test"],
  onMissing: "refuse",
};

const build = (own: Partial<AdmissionServiceArgs> = {}): Promise<Recording<AdmissionService>> =>
  recordParts(
    (opts) =>
      new AdmissionService(
        "gate",
        {
          namespace: pulumi.output("library-system"),
          image: pulumi.output("registry.test/library/admission@sha256:1"),
          serviceAccount: pulumi.output("admission"),
          tlsSecret: pulumi.output("gate-tls"),
          priorityClass: "library-platform",
          replicas: 3,
          logLevel: "debug",
          bypassServiceAccounts: ["storage:provisioner", "energy:packer"],
          accelerators: ["vendor.test/slice-*=0.25", "vendor.test/whole=2"],
          imageMirror,
          untouchedContainers: ["mesh", "tunnel"],
          controlPlaneCidrs: ["192.0.2.0/24", "fd00::/64"],
          monitoringNamespace: "library-monitoring",
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "admission" };
const metadata = {
  name: "admission",
  namespace: "library-system",
  labels: { ...labels("admission"), "app.kubernetes.io/name": "admission" },
};

const child = (type: string, part: string, inputs: Record<string, unknown>): Registered => ({
  type: `kubernetes:${type}`,
  name: `gate-${part}`,
  parent: "gate",
  provider: "cluster",
  dependsOn: [],
  inputs: { metadata, ...inputs },
});

const probe = (path: string, rest: Record<string, number>) => ({
  httpGet: { path, port: "metrics" },
  timeoutSeconds: 2,
  ...rest,
});

const container = {
  name: "admission",
  image: "registry.test/library/admission@sha256:1",
  securityContext: {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
  },
  ports: [
    { name: "webhook", containerPort: 8443 },
    { name: "metrics", containerPort: 9090 },
  ],
  env: [
    { name: "PORT", value: "8443" },
    { name: "METRICS_PORT", value: "9090" },
    { name: "TLS_DIR", value: "/etc/carrel/tls" },
    { name: "LOG_LEVEL", value: "debug" },
    { name: "BYPASS_SERVICE_ACCOUNTS", value: "storage:provisioner,energy:packer" },
    { name: "ACCELERATORS", value: "vendor.test/slice-*=0.25,vendor.test/whole=2" },
    {
      name: "IMAGE_MIRROR",
      value:
        '{"rules":[{"from":"docker.io","to":"mirror.test:5000/hub"}],"exempt":["registry.test"],"onMissing":"refuse"}',
    },
    { name: "POD_DEFAULTS_UNTOUCHED", value: "mesh,tunnel" },
    { name: "NAMESPACE", valueFrom: { fieldRef: { fieldPath: "metadata.namespace" } } },
  ],
  resources: { requests: { cpu: "50m", memory: "96Mi" }, limits: { cpu: "1", memory: "256Mi" } },
  startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
  livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
  readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
  volumeMounts: [{ name: "tls", mountPath: "/etc/carrel/tls", readOnly: true }],
};

interface Variable {
  readonly name: string;
  readonly value?: string;
}
/** What the process finds; what the cluster fills in is the namespace alone. */
const environment = (variables: readonly Variable[]): Record<string, string> =>
  Object.fromEntries(variables.map(({ name, value = "library-system" }) => [name, value]));

const podSpec = {
  serviceAccountName: "admission",
  automountServiceAccountToken: true,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    fsGroup: 65532,
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 30,
  enableServiceLinks: false,
  topologySpreadConstraints: [
    {
      maxSkew: 1,
      topologyKey: "kubernetes.io/hostname",
      whenUnsatisfiable: "ScheduleAnyway",
      labelSelector: { matchLabels: selector },
    },
  ],
  containers: [container],
  volumes: [{ name: "tls", secret: { secretName: "gate-tls" } }],
};

const controlPlane = [{ ipBlock: { cidr: "192.0.2.0/24" } }, { ipBlock: { cidr: "fd00::/64" } }];

describe("AdmissionService", () => {
  it("is a deployment, its Service, its budget and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:admission:AdmissionService gate",
      "gate > kubernetes:apps/v1:Deployment gate-deployment",
      "gate > kubernetes:core/v1:Service gate-service",
      "gate > kubernetes:networking.k8s.io/v1:NetworkPolicy gate-network-policy",
      "gate > kubernetes:policy/v1:PodDisruptionBudget gate-disruption-budget",
    ]);
    assert.deepEqual(resourceOf(resources, "gate").inputs, {});
    assert.deepEqual(outputs, { gate: {} });
  });

  it("runs restricted, probed and spread pods, and replaces none before another is ready", async () => {
    const { resources } = await build();
    assert.deepEqual(resourceOf(resources, "gate-deployment"), {
      ...child("apps/v1:Deployment", "deployment", {
        apiVersion: "apps/v1",
        kind: "Deployment",
        spec: {
          replicas: 3,
          selector: { matchLabels: selector },
          strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
          template: { metadata: { labels: metadata.labels }, spec: podSpec },
        },
      }),
      // No pod of it ever runs outside of its policy.
      dependsOn: ["gate-network-policy"],
    });
  });

  it("is set up by variables that the process itself understands", () => {
    const { accelerators, ...settings } = readSettings(environment(container.env));
    assert.deepEqual(settings, {
      port: 8443,
      metricsPort: 9090,
      tlsDir: "/etc/carrel/tls",
      clientCaFile: undefined,
      clientNames: new Set(),
      maxCalls: 512,
      namespace: "library-system",
      bypass: new Set(["system:serviceaccount:storage:provisioner", "system:serviceaccount:energy:packer"]),
      imageMirror,
      untouchedContainers: new Set(["mesh", "tunnel"]),
      logLevel: "debug",
    });
    const weighed = ["vendor.test/slice-1", "vendor.test/whole", "nvidia.com/gpu", "vendor.test/other"];
    assert.deepEqual(
      weighed.map((resource) => accelerators.weightMilli(resource)),
      [250n, 2000n, 1000n, undefined],
    );
  });

  it("is told of empty lists as such: then mesh proxies are no exception and nothing is mirrored", async () => {
    const nothing: MirrorSetting = { rules: [], exempt: [], onMissing: "keep" };
    const { resources } = await build({ accelerators: [], imageMirror: nothing, untouchedContainers: [] });
    const { spec } = resourceOf(resources, "gate-deployment").inputs as {
      spec: { template: { spec: { containers: { env: Variable[] }[] } } };
    };
    const settings = readSettings(environment(spec.template.spec.containers[0]!.env));
    assert.deepEqual(settings.imageMirror, nothing);
    assert.deepEqual(settings.untouchedContainers, new Set());
    assert.deepEqual(settings.accelerators, standardAccelerators);
  });

  interface Template {
    readonly containers: readonly { readonly env: readonly Variable[]; readonly volumeMounts: unknown }[];
    readonly volumes: unknown;
  }
  const templateOf = (resources: readonly Registered[]): Template =>
    (resourceOf(resources, "gate-deployment").inputs as { spec: { template: { spec: Template } } }).spec.template.spec;

  it("asks callers for a certificate where it knows who signs them, in a file that can change without new pods", async () => {
    const { resources } = await build({ clients: { ca: "PEM", names: ["kube-apiserver", "second"] } });
    assert.deepEqual(
      resourceOf(resources, "gate-clients"),
      child("core/v1:ConfigMap", "clients", {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { ...metadata, name: "admission-clients" },
        data: { "ca.crt": "PEM" },
      }),
    );
    assert.deepEqual(resourceOf(resources, "gate-deployment").dependsOn, ["gate-clients", "gate-network-policy"]);
    const { containers, volumes } = templateOf(resources);
    assert.deepEqual(volumes, [
      { name: "tls", secret: { secretName: "gate-tls" } },
      { name: "clients", configMap: { name: "admission-clients" } },
    ]);
    assert.deepEqual(containers[0]?.volumeMounts, [
      { name: "tls", mountPath: "/etc/carrel/tls", readOnly: true },
      { name: "clients", mountPath: "/etc/carrel/clients", readOnly: true },
    ]);
    const { clientCaFile, clientNames } = readSettings(environment(containers[0]!.env));
    assert.deepEqual(
      [clientCaFile, clientNames],
      ["/etc/carrel/clients/ca.crt", new Set(["kube-apiserver", "second"])],
    );
  });

  it("takes every name that the authority signed where it is told of none", async () => {
    const { resources } = await build({ clients: { ca: "PEM", names: [] } });
    const { clientCaFile, clientNames } = readSettings(environment(templateOf(resources).containers[0]!.env));
    assert.deepEqual([clientCaFile, clientNames], ["/etc/carrel/clients/ca.crt", new Set()]);
  });

  it("is called on the Service's own name", async () => {
    const { resources } = await build();
    assert.equal(ADMISSION_SERVICE, "admission");
    assert.deepEqual(
      resourceOf(resources, "gate-service"),
      child("core/v1:Service", "service", {
        apiVersion: "v1",
        kind: "Service",
        spec: {
          type: "ClusterIP",
          selector,
          ports: [
            { name: "webhook", port: 443, targetPort: "webhook" },
            { name: "metrics", port: 9090, targetPort: "metrics" },
          ],
        },
      }),
    );
  });

  it("lets the control plane in to the webhook, monitoring in to the metrics, and itself out to the API server", async () => {
    const { resources } = await build();
    const spec = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: controlPlane, ports: [{ protocol: "TCP", port: "webhook" }] },
        {
          from: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "library-monitoring" } } }],
          ports: [{ protocol: "TCP", port: "metrics" }],
        },
      ],
      egress: [
        {
          to: controlPlane,
          ports: [
            { protocol: "TCP", port: 443 },
            { protocol: "TCP", port: 6443 },
          ],
        },
      ],
    };
    assert.deepEqual(
      resourceOf(resources, "gate-network-policy"),
      child("networking.k8s.io/v1:NetworkPolicy", "network-policy", {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        spec,
      }),
    );
  });

  it("loses one pod at a time to drains", async () => {
    const { resources } = await build();
    assert.deepEqual(
      resourceOf(resources, "gate-disruption-budget"),
      child("policy/v1:PodDisruptionBudget", "disruption-budget", {
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
      }),
    );
  });
});
