import type { KubeClient, ResourceRef } from "../../services/lib/kube/client.ts";

export const pods: ResourceRef = { apiVersion: "v1", kind: "Pod", plural: "pods", namespaced: true };
export const groups: ResourceRef = { apiVersion: "carrel.dev/v1", kind: "Group", plural: "groups", namespaced: false };
export const ledgers: ResourceRef = {
  apiVersion: "carrel.dev/v1",
  kind: "QuotaLedger",
  plural: "quotaledgers",
  namespaced: true,
};

export interface PodSpec {
  readonly name?: string;
  readonly group?: string;
  readonly user?: string;
  readonly limits?: Record<string, string>;
}

/** A pod that Pod Security `restricted` allows and that no node takes: it counts, and costs nothing to run. */
export function restrictedPod(spec: PodSpec): Record<string, unknown> {
  const labels = {
    ...(spec.group === undefined ? {} : { "carrel.dev/group": spec.group }),
    ...(spec.user === undefined ? {} : { "carrel.dev/user": spec.user }),
  };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { ...(spec.name === undefined ? { generateName: "work-" } : { name: spec.name }), labels },
    spec: {
      automountServiceAccountToken: false,
      nodeSelector: { "carrel.dev/test": "nowhere" },
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: "main",
          image: "registry.invalid/none@sha256:0000000000000000000000000000000000000000000000000000000000000000",
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } },
          ...(spec.limits === undefined ? {} : { resources: { limits: spec.limits } }),
        },
      ],
    },
  };
}

/** Creates a group for a test, named after it, and answers its name. */
export async function createGroup(client: KubeClient, name: string, spec: Record<string, unknown>): Promise<string> {
  await client.create(groups, undefined, {
    apiVersion: "carrel.dev/v1",
    kind: "Group",
    metadata: { name },
    spec: { displayName: name, ...spec },
  });
  return name;
}
