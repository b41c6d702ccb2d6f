import type { ResourceRef } from "../../../services/lib/kube/client.ts";

const core = (kind: string, plural: string): ResourceRef => ({ apiVersion: "v1", kind, plural, namespaced: true });
const own = (kind: string, plural: string): ResourceRef => ({
  apiVersion: "carrel.dev/v1",
  kind,
  plural,
  namespaced: false,
});

export const pods: ResourceRef = core("Pod", "pods");
export const secrets: ResourceRef = core("Secret", "secrets");
export const services: ResourceRef = core("Service", "services");
export const claims: ResourceRef = core("PersistentVolumeClaim", "persistentvolumeclaims");
export const volumes: ResourceRef = {
  apiVersion: "v1",
  kind: "PersistentVolume",
  plural: "persistentvolumes",
  namespaced: false,
};
export const groups: ResourceRef = own("Group", "groups");
export const instanceTypes: ResourceRef = own("InstanceType", "instancetypes");
export const images: ResourceRef = own("Image", "images");

/** What the tests read of a pod. */
export interface Pod {
  readonly metadata: {
    readonly name: string;
    readonly uid: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly spec: {
    readonly containers: readonly { readonly volumeMounts?: readonly { readonly mountPath: string }[] }[];
  };
  readonly status: {
    readonly podIP?: string;
    readonly phase?: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  status.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") === true;
