import { restrictedPod } from "./pods.ts";

/** Stands for the uid of a review and of its pod. */
export const REVIEW_UID = "00000000-0000-4000-8000-000000000000";

const resource = { group: "", version: "v1", resource: "pods" };
const kind = { group: "", version: "v1", kind: "Pod" };

function reviewOf(namespace: string, pod: Record<string, unknown>): string {
  const metadata = { ...(pod["metadata"] as object), namespace, uid: REVIEW_UID, name: "work-x7k2p" };
  return JSON.stringify({
    apiVersion: "admission.k8s.io/v1",
    kind: "AdmissionReview",
    request: {
      uid: REVIEW_UID,
      kind,
      resource,
      requestKind: kind,
      requestResource: resource,
      namespace,
      name: "work-x7k2p",
      operation: "CREATE",
      userInfo: { username: "ada", groups: ["system:authenticated"] },
      object: { ...pod, metadata },
      oldObject: null,
      // Nothing is reserved for it.
      dryRun: true,
      options: { apiVersion: "meta.k8s.io/v1", kind: "CreateOptions", dryRun: ["All"] },
    },
  });
}

/** A review for each webhook of a pod that a group has room for; the second carries the guard. */
export function podReviews(namespace: string, group: string): readonly { path: string; body: string }[] {
  const pod = restrictedPod({ group, user: "ada", limits: { cpu: "1", memory: "1Mi" } });
  const guard = { name: "admission-is-not-found", image: "admission-is-not-found" };
  const guarded = { ...pod, spec: { ...(pod["spec"] as object), initContainers: [guard] } };
  return [
    { path: "/quota", body: reviewOf(namespace, pod) },
    { path: "/guard", body: reviewOf(namespace, guarded) },
    { path: "/pod-defaults", body: reviewOf(namespace, pod) },
  ];
}
