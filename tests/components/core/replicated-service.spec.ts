import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { type Program, ReplicatedService } from "../../../components/core/replicated-service.ts";
import { type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

class Desk extends ReplicatedService {
  constructor(name: string, program: Program, opts: pulumi.ComponentResourceOptions) {
    super("carrel:test:Desk", name, program, opts);
  }
}

const program: Program = {
  name: "desk",
  namespace: "library",
  replicas: 3,
  ports: [
    { name: "front", container: 8443, service: 443 },
    { name: "back", container: 8081 },
  ],
  container: {
    image: "registry.test/desk:1",
    env: [{ name: "PORT", value: "8443" }],
    resources: { requests: { cpu: "10m" } },
    volumeMounts: [],
  },
  pod: {
    automountServiceAccountToken: false,
    priorityClassName: "platform",
    terminationGracePeriodSeconds: 7,
    volumes: [],
  },
  network: { ingress: [{ from: [{ podSelector: {} }] }], egress: [], monitoringNamespace: "watchers" },
};

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "desk" };
const metadata = {
  name: "desk",
  namespace: "library",
  labels: { ...labels("desk"), "app.kubernetes.io/name": "desk" },
};
const build = async (own: Partial<Program> = {}): Promise<readonly Registered[]> =>
  (await recordParts((opts) => new Desk("front", { ...program, ...own }, opts))).resources;
const inputsOf = (resources: readonly Registered[], part: string): unknown =>
  resourceOf(resources, `front-${part}`).inputs;
const probe = (path: string, rest: object) => ({ httpGet: { path, port: "metrics" }, timeoutSeconds: 2, ...rest });

describe("ReplicatedService", () => {
  const template = {
    metadata: { labels: metadata.labels },
    spec: {
      automountServiceAccountToken: false,
      priorityClassName: "platform",
      terminationGracePeriodSeconds: 7,
      volumes: [],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        runAsGroup: 65532,
        fsGroup: 65532,
        seccompProfile: { type: "RuntimeDefault" },
      },
      enableServiceLinks: false,
      topologySpreadConstraints: [
        {
          maxSkew: 1,
          topologyKey: "kubernetes.io/hostname",
          whenUnsatisfiable: "ScheduleAnyway",
          labelSelector: { matchLabels: selector },
        },
      ],
      containers: [
        {
          name: "desk",
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ["ALL"] },
          },
          ports: [
            { name: "front", containerPort: 8443 },
            { name: "back", containerPort: 8081 },
            { name: "metrics", containerPort: 9090 },
          ],
          startupProbe: probe("/livez", { periodSeconds: 1, failureThreshold: 60 }),
          livenessProbe: probe("/livez", { periodSeconds: 5, failureThreshold: 6 }),
          readinessProbe: probe("/readyz", { periodSeconds: 2, failureThreshold: 2 }),
          image: "registry.test/desk:1",
          env: [{ name: "PORT", value: "8443" }],
          resources: { requests: { cpu: "10m" } },
          volumeMounts: [],
        },
      ],
    },
  };
  const deployment = {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata,
    spec: {
      replicas: 3,
      selector: { matchLabels: selector },
      strategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 0, maxSurge: 1 } },
      template,
    },
  };

  it("runs restricted, probed and spread replicas, never outside of their policy", async () => {
    const { dependsOn, inputs } = resourceOf(await build(), "front-deployment");
    assert.deepEqual([dependsOn, inputs], [["front-network-policy"], deployment]);
  });

  it("rolls its pods by their annotations, and gives them files before it starts them", async () => {
    const resources = await build({
      annotations: { "test/key": "one" },
      configMap: { child: "shelf", name: "desk-files", data: { a: "b" } },
    });
    const { dependsOn, inputs } = resourceOf(resources, "front-deployment");
    const annotated = { ...template, metadata: { ...template.metadata, annotations: { "test/key": "one" } } };
    assert.deepEqual(
      [dependsOn, inputs],
      [["front-network-policy", "front-shelf"], { ...deployment, spec: { ...deployment.spec, template: annotated } }],
    );
    const files = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { ...metadata, name: "desk-files" },
      data: { a: "b" },
    };
    assert.deepEqual(inputsOf(resources, "shelf"), files);
  });

  it("is called at its Service's ports, lets in whom it names and who scrapes, and keeps replicas through a drain", async () => {
    const resources = await build();
    const port = (name: string, number: number) => ({ name, port: number, targetPort: name });
    assert.deepEqual(inputsOf(resources, "service"), {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: { type: "ClusterIP", selector, ports: [port("front", 443), port("back", 8081), port("metrics", 9090)] },
    });
    const watchers = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "watchers" } } };
    assert.deepEqual(inputsOf(resources, "network-policy"), {
      apiVersion: "networking.k8s.io/v1",
      kind: "NetworkPolicy",
      metadata,
      spec: {
        podSelector: { matchLabels: selector },
        policyTypes: ["Ingress", "Egress"],
        ingress: [{ from: [{ podSelector: {} }] }, { from: [watchers], ports: [{ protocol: "TCP", port: "metrics" }] }],
        egress: [],
      },
    });
    assert.deepEqual(inputsOf(resources, "disruption-budget"), {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    });
  });
});
