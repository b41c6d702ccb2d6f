import type { ResourceRef } from "../../services/lib/kube/client.ts";

const carrel = { apiVersion: "carrel.dev/v1", namespaced: false } as const;
const core = { apiVersion: "v1", namespaced: true } as const;

export const refs = {
  groups: { ...carrel, kind: "Group", plural: "groups" },
  instanceTypes: { ...carrel, kind: "InstanceType", plural: "instancetypes" },
  images: { ...carrel, kind: "Image", plural: "images" },
  pods: { ...core, kind: "Pod", plural: "pods" },
  secrets: { ...core, kind: "Secret", plural: "secrets" },
  claims: { ...core, kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims" },
  volumes: { ...core, kind: "PersistentVolume", plural: "persistentvolumes", namespaced: false },
} as const satisfies Readonly<Record<string, ResourceRef>>;

/** Of the platform, as a lab installs it. */
export const namespaces = { system: "carrel-system", identity: "carrel-identity", work: "carrel-work" } as const;
