import type { ResourceRef } from "../../services/lib/kube/client.ts";

const namespaced = { namespaced: true } as const;
const clusterWide = { namespaced: false } as const;
const rbac = { apiVersion: "rbac.authorization.k8s.io/v1" };
const registration = { apiVersion: "admissionregistration.k8s.io/v1", ...clusterWide };
const carrel = { apiVersion: "carrel.dev/v1" };

export const refs = {
  pods: { apiVersion: "v1", kind: "Pod", plural: "pods", ...namespaced },
  namespaces: { apiVersion: "v1", kind: "Namespace", plural: "namespaces", ...clusterWide },
  accounts: { apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", ...namespaced },
  resourceQuotas: { apiVersion: "v1", kind: "ResourceQuota", plural: "resourcequotas", ...namespaced },
  roles: { ...rbac, kind: "ClusterRole", plural: "clusterroles", ...clusterWide },
  bindings: { ...rbac, kind: "ClusterRoleBinding", plural: "clusterrolebindings", ...clusterWide },
  mutating: { ...registration, kind: "MutatingWebhookConfiguration", plural: "mutatingwebhookconfigurations" },
  validating: { ...registration, kind: "ValidatingWebhookConfiguration", plural: "validatingwebhookconfigurations" },
  definitions: {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    plural: "customresourcedefinitions",
    ...clusterWide,
  },
  groups: { ...carrel, kind: "Group", plural: "groups", ...clusterWide },
  ledgers: { ...carrel, kind: "QuotaLedger", plural: "quotaledgers", ...namespaced },
  podDefaults: { apiVersion: "kubeflow.org/v1alpha1", kind: "PodDefault", plural: "poddefaults", ...namespaced },
} as const satisfies Record<string, ResourceRef>;

/** Of each container: with them a pod has 10 KiB as the API server has it, with its own notes about who wrote what. */
const VARIABLES = 15;
const IMAGES = ["python:3.12", "quay.io/jupyter/base-notebook:2026", `ghcr.io/example/tool@sha256:${"ab".repeat(32)}`];

/** Rules that rewrite each image of a bench pod. */
export const imageMirror = {
  rules: ["docker.io", "quay.io", "ghcr.io"].map((from) => ({ from, to: `mirror.test/${from.split(".")[0]}` })),
  exempt: [],
  onMissing: "keep",
};

const environment = Array.from({ length: VARIABLES }, (_, i) => ({
  name: `SETTING_${i}`,
  value: `value-${"x".repeat(32)}`,
}));

/** A pod of 10 KiB with three containers that nobody schedules: it counts, and costs nothing to run. */
export function benchPod(group: string, user: string): Record<string, unknown> {
  const containers = IMAGES.map((image, i) => ({
    name: `c${i}`,
    image,
    env: environment,
    resources: { limits: { cpu: "10m", memory: "1Mi" }, requests: { cpu: "10m", memory: "1Mi" } },
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
  }));
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      generateName: "bench-",
      labels: { "carrel.dev/group": group, "carrel.dev/user": user, notebook: "yes" },
    },
    spec: {
      schedulerName: "nobody",
      automountServiceAccountToken: false,
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers,
    },
  };
}

/** PodDefaults of one namespace, of which every twentieth applies to a bench pod. */
export function podDefaults(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    apiVersion: refs.podDefaults.apiVersion,
    kind: refs.podDefaults.kind,
    metadata: { name: `default-${String(i).padStart(3, "0")}` },
    spec: {
      selector: { matchLabels: i % 20 === 0 ? { notebook: "yes" } : { [`default-${i}`]: "yes" } },
      env: [{ name: `FROM_${i}`, value: "here" }],
      volumes: [{ name: `volume-${i}`, emptyDir: {} }],
      volumeMounts: [{ name: `volume-${i}`, mountPath: `/mnt/${i}` }],
    },
  }));
}

/** Stands for the uid of a review and of its pod. */
export const UID = "00000000-0000-4000-8000-000000000000";

/** What the API server asks about the creation of a pod. */
export function reviewOf(namespace: string, pod: Record<string, unknown>, dryRun: boolean): string {
  const kind = { group: "", version: "v1", kind: "Pod" };
  const resource = { group: "", version: "v1", resource: "pods" };
  const name = `bench-${UID}`;
  const request = {
    uid: UID,
    kind,
    resource,
    requestKind: kind,
    requestResource: resource,
    namespace,
    name,
    operation: "CREATE",
    userInfo: { username: "ada", groups: ["system:authenticated"] },
    object: { ...pod, metadata: { ...(pod["metadata"] as object), namespace, uid: UID, name } },
    oldObject: null,
    dryRun,
    options: { apiVersion: "meta.k8s.io/v1", kind: "CreateOptions", ...(dryRun ? { dryRun: ["All"] } : {}) },
  };
  return JSON.stringify({ apiVersion: "admission.k8s.io/v1", kind: "AdmissionReview", request });
}
