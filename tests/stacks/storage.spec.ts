import assert from "node:assert/strict";
import type { Settings } from "../../config/settings.ts";
import { type KubernetesObject, subjectsOf } from "../../policies/kubernetes.ts";
import { defaultDenyProblems } from "../../policies/rules/default-deny.ts";
import { podSecurityProblems } from "../../policies/rules/pod-security-restricted.ts";
import { wildcardProblems } from "../../policies/rules/rbac-no-wildcard.ts";
import { secretEnvProblems } from "../../policies/rules/secret-not-in-env.ts";
import { foundation } from "../../stacks/foundation.ts";
import { storage } from "../../stacks/storage.ts";
import { clusterProvider, outline, type Reads, type Recording, record, resourceOf } from "../support/mocks.ts";
import { settings as everywhere, foundationParts } from "./support.ts";

// The mirror there has none of Kubernetes' images.
const settings: Settings = { ...everywhere, imageMirror: { ...everywhere.imageMirror, onMissing: "keep" } };
const on = (given: Partial<Settings["storage"]>): Settings => ({
  ...settings,
  storage: { ...settings.storage, ...given },
});
const build = (given: Settings, reads: Reads = {}): Promise<Recording<number>> =>
  record(
    async () => {
      const provider = clusterProvider();
      const { ready, verified } = storage(given, foundation(given, provider), provider);
      await (verified as { promise(): Promise<void> } | undefined)?.promise();
      return ready.length;
    },
    { reads },
  );
const own = ({ resources }: Recording<unknown>): string[] =>
  outline(resources).filter((line) => !foundationParts.includes(line));

const common = { className: "carrel-nfs", kubeletDir: "/kubelet" };
const onSite = { ...common, server: "files.test", path: "/export" };
const inCluster = { ...common, size: "500Gi", clients: ["192.0.2.0/28"] };
const RBAC = "kubernetes:rbac.authorization.k8s.io/v1";
const POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy";
const driver = [
  " > carrel:foundation:ManagedNamespace storage",
  " > carrel:storage:CsiAccess nfs-access",
  " > carrel:storage:CsiDriverNfs nfs-driver",
  " > carrel:storage:NfsClass nfs-class",
  "nfs-access > kubernetes:core/v1:ServiceAccount nfs-access-controller",
  "nfs-access > kubernetes:core/v1:ServiceAccount nfs-access-node",
  `nfs-access > ${RBAC}:ClusterRole nfs-access-cluster-role`,
  `nfs-access > ${RBAC}:ClusterRoleBinding nfs-access-cluster-role-binding`,
  `nfs-access > ${RBAC}:Role nfs-access-role`,
  `nfs-access > ${RBAC}:RoleBinding nfs-access-role-binding`,
  "nfs-class > kubernetes:storage.k8s.io/v1:StorageClass nfs-class-class",
  "nfs-driver > kubernetes:apps/v1:DaemonSet nfs-driver-node",
  "nfs-driver > kubernetes:apps/v1:Deployment nfs-driver-controller",
  "nfs-driver > kubernetes:storage.k8s.io/v1:CSIDriver nfs-driver-driver",
  "storage > kubernetes:core/v1:Namespace storage-namespace",
  `storage > ${POLICY} storage-default-deny`,
];
const server = [
  " > carrel:storage:NfsGanesha nfs-server",
  "nfs-server > kubernetes:apps/v1:StatefulSet nfs-server-stateful-set",
  "nfs-server > kubernetes:core/v1:ConfigMap nfs-server-config",
  "nfs-server > kubernetes:core/v1:Service nfs-server-service",
  `nfs-server > ${POLICY} nfs-server-network-policy`,
];
const parametersOf = ({ resources }: Recording<unknown>) =>
  resourceOf(resources, "nfs-class-class").inputs["parameters"] as Record<string, string>;

describe("storage", () => {
  it("is nothing where the cluster's default class does", async () => {
    const recording = await build(settings);
    assert.deepEqual([own(recording), recording.built], [[], 0]);
  });

  it("is the driver and a class on the site's own server", async () => {
    const recording = await build(on({ nfs: onSite, homeClass: "carrel-nfs", sharedClass: "carrel-nfs" }));
    assert.deepEqual([own(recording), recording.built], [[...driver].sort(), 1]);
    const { server: host, share } = parametersOf(recording);
    assert.deepEqual([host, share], ["files.test", "/export"]);
  });

  it("is a server too where the site has none, on the class of databases", async () => {
    const recording = await build(on({ nfs: inCluster, databaseClass: "ssd" }));
    assert.deepEqual(own(recording), [...driver, ...server].sort());
    const { server: host, share } = parametersOf(recording);
    assert.deepEqual([host, share], ["nfs.carrel-storage.svc", "/"]);
    const { spec } = resourceOf(recording.resources, "nfs-server-stateful-set").inputs as {
      spec: { volumeClaimTemplates: readonly { spec: { storageClassName: string } }[] };
    };
    assert.equal(spec.volumeClaimTemplates[0]?.spec.storageClassName, "ssd");
  });

  it("has a namespace that takes what mounts for a node", async () => {
    const { resources } = await build(on({ nfs: onSite }));
    const { metadata } = resourceOf(resources, "storage-namespace").inputs as {
      metadata: { name: string; labels: Record<string, string> };
    };
    assert.deepEqual(
      [metadata.name, metadata.labels["pod-security.kubernetes.io/enforce"]],
      ["carrel-storage", "privileged"],
    );
  });

  it("has the class made once its driver and its server are there", async () => {
    const { resources } = await build(on({ nfs: inCluster }));
    assert.deepEqual(resourceOf(resources, "nfs-class").dependsOn, [
      ...["nfs-driver-controller", "nfs-driver-driver", "nfs-driver-node"],
      ...["nfs-server-config", "nfs-server-network-policy", "nfs-server-service", "nfs-server-stateful-set"],
    ]);
  });

  it("stops at a class of one node that several nodes were to share", async () => {
    const reads = { "local-path": { provisioner: "rancher.io/local-path" } };
    const failing = build(on({ homeClass: "local-path" }), reads);
    await assert.rejects(failing, (error: Error) =>
      error.message.includes('carrel:storage.homeClass: StorageClass "local-path" is of rancher.io/local-path'),
    );
  });

  it("reads the classes that are named, and is ready when they will do", async () => {
    const recording = await build(on({ homeClass: "ceph", sharedClass: "ceph" }), {
      ceph: { provisioner: "rook-ceph.cephfs.csi.ceph.com" },
    });
    assert.deepEqual([own(recording), recording.built], [[" > carrel:storage:ClassCheck storage-classes"], 1]);
  });

  it("keeps to the platform's policies but in its own namespace, and to named rights everywhere", async () => {
    const { resources } = await build(on({ nfs: inCluster }));
    const subjects = resources.flatMap(({ type, name, inputs }) => subjectsOf(type, name, inputs as KubernetesObject));
    const problems = subjects.flatMap((subject) => [
      ...podSecurityProblems(subject, ["carrel-storage"]),
      ...wildcardProblems(subject, []),
      ...secretEnvProblems(subject, []),
    ]);
    assert.deepEqual([...problems, ...defaultDenyProblems(subjects, [])], []);
    assert.ok(subjects.some((subject) => [...podSecurityProblems(subject, [])].length > 0));
  });

  it("reaches the cluster through the given provider only", async () => {
    const { resources } = await build(on({ nfs: inCluster, homeClass: "ceph" }), { ceph: { provisioner: "ceph" } });
    const others = resources.filter(({ type, provider }) => type.startsWith("kubernetes:") && provider !== "cluster");
    assert.deepEqual(others, []);
  });
});
