import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ganeshaConfig } from "../../../components/storage/ganesha-config.ts";
import { NfsGanesha, type NfsGaneshaArgs } from "../../../components/storage/nfs-ganesha.ts";
import { outline, type Recording, type Registered, recordParts, resourceOf } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const IMAGE = "registry.test/nfs@sha256:1";
const clients = ["192.0.2.0/28", "10.244.0.0/16"];
const build = (own: Partial<NfsGaneshaArgs> = {}): Promise<Recording<NfsGanesha>> =>
  recordParts(
    (opts) =>
      new NfsGanesha(
        "server",
        {
          namespace: pulumi.output("library-storage"),
          image: IMAGE,
          priorityClass: "library-platform",
          size: "500Gi",
          clients,
          ...own,
        },
        opts,
      ),
  );

const selector = { "app.kubernetes.io/part-of": "carrel", "app.kubernetes.io/name": "nfs" };
const own = { ...labels("storage"), ...selector };
const metadata = { name: "nfs", namespace: "library-storage", labels: own };
const child = (type: string, part: string, fields: object, dependsOn: string[] = []): Registered => {
  const [version = "", kind = ""] = type.split(":");
  const apiVersion = version === "core/v1" ? "v1" : version;
  const inputs = { apiVersion, kind, metadata, ...fields };
  return {
    type: `kubernetes:${type}`,
    name: `server-${part}`,
    parent: "server",
    provider: "cluster",
    dependsOn,
    inputs,
  };
};
const closed = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true };
const probe = (rest: object) => ({ tcpSocket: { port: "nfs" }, ...rest });

const podSpec = {
  automountServiceAccountToken: false,
  priorityClassName: "library-platform",
  securityContext: { runAsUser: 0, runAsGroup: 0, seccompProfile: { type: "Unconfined" } },
  terminationGracePeriodSeconds: 100,
  enableServiceLinks: false,
  initContainers: [
    {
      name: "folders",
      image: IMAGE,
      command: ["mkdir", "-p", "/export/share", "/export/recovery"],
      securityContext: { ...closed, capabilities: { drop: ["ALL"] } },
      resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
      volumeMounts: [{ name: "data", mountPath: "/export" }],
    },
  ],
  containers: [
    {
      name: "nfs",
      image: IMAGE,
      command: [
        ...["ganesha.nfsd", "-F", "-L", "STDOUT", "-p", "/run/ganesha/ganesha.pid"],
        ...["-f", "/etc/carrel/ganesha/ganesha.conf"],
      ],
      securityContext: {
        ...closed,
        capabilities: {
          drop: ["ALL"],
          add: ["CHOWN", "DAC_OVERRIDE", "DAC_READ_SEARCH", "FOWNER", "FSETID", "SETGID", "SETUID"],
        },
      },
      ports: [{ name: "nfs", containerPort: 2049 }],
      resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "1Gi" } },
      startupProbe: probe({ periodSeconds: 2, failureThreshold: 60 }),
      livenessProbe: probe({ periodSeconds: 10, failureThreshold: 6 }),
      readinessProbe: probe({ periodSeconds: 5, failureThreshold: 2 }),
      volumeMounts: [
        { name: "data", mountPath: "/export" },
        { name: "config", mountPath: "/etc/carrel/ganesha", readOnly: true },
        { name: "run", mountPath: "/run/ganesha" },
        { name: "tmp", mountPath: "/tmp" },
      ],
    },
  ],
  volumes: [
    { name: "config", configMap: { name: "server-config-generated" } },
    { name: "run", emptyDir: { sizeLimit: "1Mi" } },
    { name: "tmp", emptyDir: { sizeLimit: "16Mi" } },
  ],
};
const claim = (rest: object) => ({
  metadata: { name: "data", labels: own },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "500Gi" } }, ...rest },
});
const spec = {
  serviceName: "nfs",
  replicas: 1,
  podManagementPolicy: "Parallel",
  selector: { matchLabels: selector },
  template: { metadata: { labels: own }, spec: podSpec },
  volumeClaimTemplates: [claim({})],
  persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" },
};

describe("NfsGanesha", () => {
  it("is a stateful set, its configuration, its Service and its network policy", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(outline(resources), [
      " > carrel:storage:NfsGanesha server",
      "server > kubernetes:apps/v1:StatefulSet server-stateful-set",
      "server > kubernetes:core/v1:ConfigMap server-config",
      "server > kubernetes:core/v1:Service server-service",
      "server > kubernetes:networking.k8s.io/v1:NetworkPolicy server-network-policy",
    ]);
    assert.deepEqual(outputs, { server: { host: "nfs.library-storage.svc" } });
  });

  it("runs Ganesha alone on a volume that is kept, never outside of its policy", async () => {
    const { resources } = await build();
    const waits = ["server-network-policy", "server-service"];
    assert.deepEqual(
      resourceOf(resources, "server-stateful-set"),
      child("apps/v1:StatefulSet", "stateful-set", { spec }, waits),
    );
  });

  it("has its volume on the class that is named", async () => {
    const { resources } = await build({ storageClass: "ssd" });
    const { spec: given } = resourceOf(resources, "server-stateful-set").inputs as { spec: typeof spec };
    assert.deepEqual(given.volumeClaimTemplates, [claim({ storageClassName: "ssd" })]);
  });

  it("starts anew when its configuration changes, which has another name then", async () => {
    const { resources } = await build();
    const fields = {
      metadata: { namespace: "library-storage", labels: own },
      immutable: true,
      data: { "ganesha.conf": ganeshaConfig(clients) },
    };
    assert.deepEqual(resourceOf(resources, "server-config"), child("core/v1:ConfigMap", "config", fields));
  });

  it("has an address that stays", async () => {
    const { resources } = await build();
    const ports = [{ name: "nfs", port: 2049, targetPort: "nfs" }];
    const fields = { spec: { type: "ClusterIP", selector, ports } };
    assert.deepEqual(resourceOf(resources, "server-service"), child("core/v1:Service", "service", fields));
  });

  it("is reached by nodes alone, and goes nowhere", async () => {
    const { resources } = await build();
    const from = clients.map((cidr) => ({ ipBlock: { cidr } }));
    const policy = {
      podSelector: { matchLabels: selector },
      policyTypes: ["Ingress", "Egress"],
      ingress: [{ from, ports: [{ protocol: "TCP", port: "nfs" }] }],
    };
    assert.deepEqual(
      resourceOf(resources, "server-network-policy"),
      child("networking.k8s.io/v1:NetworkPolicy", "network-policy", { spec: policy }),
    );
  });
});
