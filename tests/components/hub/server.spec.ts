import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { toApiServer, toDns } from "../../../components/core/network.ts";
import { DATABASE_URL, HubServer, type HubServerArgs } from "../../../components/hub/server.ts";
import { outline, type Recording, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const items = [{ key: "package--page.html", path: "package/page.html" }];
const build = (own: Partial<HubServerArgs> = {}): Promise<Recording<HubServer>> =>
  recordParts(
    (opts) =>
      new HubServer(
        "desk",
        {
          namespace: pulumi.output("library-hub"),
          image: "registry.test/hub@sha256:1",
          serviceAccount: pulumi.output("hub"),
          secrets: [pulumi.output("keys-1"), "token-1"],
          configuration: { program: pulumi.output("program-1"), items, settings: "settings-1" },
          priorityClass: "library-platform",
          workNamespace: "library-work",
          api: { namespace: "library-system", port: 8081 },
          identity: { namespace: "library-identity", port: 8080 },
          monitoringNamespace: "library-monitoring",
          controlPlaneCidrs: ["192.0.2.0/24"],
          ...own,
        },
        opts,
      ),
  );

const programOf = (name: string) => ({ "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": name });
const selector = programOf("hub");
const podLabels = { ...labels("hub"), ...selector };
const metadata = { name: "hub", namespace: "library-hub", labels: podLabels };
const health = { httpGet: { path: "/hub/health", port: "http" }, timeoutSeconds: 3 };

const container = {
  name: "hub",
  image: "registry.test/hub@sha256:1",
  args: ["jupyterhub", "--config", "/usr/local/etc/jupyterhub/jupyterhub_config.py"],
  env: [
    { name: "CARREL_HUB_CONFIG", value: "/etc/carrel/hub/hub.json" },
    { name: "PYTHONUNBUFFERED", value: "1" },
    { name: "PYTHONDONTWRITEBYTECODE", value: "1" },
  ],
  envFrom: [{ secretRef: { name: "keys-1" } }, { secretRef: { name: "token-1" } }],
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
  ports: [{ name: "http", containerPort: 8081 }],
  resources: { requests: { cpu: "200m", memory: "384Mi" }, limits: { memory: "1Gi" } },
  startupProbe: { ...health, periodSeconds: 1, failureThreshold: 600 },
  livenessProbe: { ...health, periodSeconds: 10, failureThreshold: 30 },
  readinessProbe: { ...health, periodSeconds: 5, failureThreshold: 60 },
  volumeMounts: [
    { name: "program", mountPath: "/usr/local/etc/jupyterhub", readOnly: true },
    { name: "settings", mountPath: "/etc/carrel/hub", readOnly: true },
    { name: "state", mountPath: "/srv/jupyterhub" },
    { name: "tmp", mountPath: "/tmp" },
  ],
};

const podSpec = {
  serviceAccountName: "hub",
  automountServiceAccountToken: true,
  priorityClassName: "library-platform",
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 1000,
    runAsGroup: 1000,
    fsGroup: 1000,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  },
  terminationGracePeriodSeconds: 30,
  enableServiceLinks: false,
  containers: [container],
  volumes: [
    { name: "program", configMap: { name: "program-1", items } },
    { name: "settings", configMap: { name: "settings-1" } },
    { name: "state", persistentVolumeClaim: { claimName: "hub-database" } },
    { name: "tmp", emptyDir: { sizeLimit: "256Mi" } },
  ],
};

const inNamespace = (name: string) => ({ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": name } } });
const pods = (name: string) => ({ podSelector: { matchLabels: programOf(name) } });
const tcp = (port: number | string) => [{ protocol: "TCP", port }];

describe("HubServer", () => {
  it("is a deployment with its volume, its Service and its network policy", async () => {
    const { resources } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:hub:HubServer desk",
      "desk > kubernetes:apps/v1:Deployment desk-deployment",
      "desk > kubernetes:core/v1:PersistentVolumeClaim desk-database",
      "desk > kubernetes:core/v1:Service desk-service",
      "desk > kubernetes:networking.k8s.io/v1:NetworkPolicy desk-network-policy",
    ]);
  });

  it("is one pod, never two on one database, inside of its policy", async () => {
    const { resources } = await build();
    const { inputs, dependsOn } = resourceOf(resources, "desk-deployment");
    assert.deepEqual(inputs, {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 1,
        selector: { matchLabels: selector },
        strategy: { type: "Recreate" },
        template: { metadata: { labels: podLabels }, spec: podSpec },
      },
    });
    assert.deepEqual(dependsOn, ["desk-network-policy"]);
  });

  it("keeps its database on a volume that one node writes, of the given class or the cluster's own", async () => {
    const claim = async (own: Partial<HubServerArgs>) =>
      resourceOf((await build(own)).resources, "desk-database").inputs;
    const spec = { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } } };
    const object = { apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { ...metadata, name: "hub-database" } };
    assert.deepEqual(await claim({}), { ...object, spec });
    assert.deepEqual(await claim({ storageClass: "local" }), {
      ...object,
      spec: { ...spec, storageClassName: "local" },
    });
    assert.equal(DATABASE_URL, "sqlite:////srv/jupyterhub/jupyterhub.sqlite");
  });

  it("answers its proxy and notebook servers on the port of the public contract", async () => {
    const { resources } = await build();
    const { inputs } = resourceOf(resources, "desk-service");
    assert.deepEqual(inputs["metadata"], metadata);
    assert.deepEqual(inputs["spec"], {
      type: "ClusterIP",
      selector,
      ports: [{ name: "http", port: 8081, targetPort: "http" }],
    });
  });

  it("is reached by its proxy, itself, notebooks and monitoring, and reaches what it asks, starts and routes to", async () => {
    const { resources } = await build();
    const notebooks = {
      ...inNamespace("library-work"),
      podSelector: { matchLabels: { component: "singleuser-server" } },
    };
    assert.deepEqual(resourceOf(resources, "desk-network-policy").inputs["spec"], {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [
        { from: [pods("proxy"), pods("hub"), notebooks, inNamespace("library-monitoring")], ports: tcp("http") },
      ],
      egress: [
        toApiServer(["192.0.2.0/24"]),
        toDns,
        { to: [pods("hub")], ports: tcp(8081) },
        { to: [pods("proxy")], ports: tcp(8001) },
        { to: [notebooks], ports: tcp(8888) },
        { to: [inNamespace("library-system")], ports: tcp(8081) },
        { to: [inNamespace("library-identity")], ports: tcp(8080) },
      ],
    });
  });
});
