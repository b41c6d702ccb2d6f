import { groupDefinition } from "./group.ts";
import { imageDefinition } from "./image.ts";
import { instanceTypeDefinition } from "./instance-type.ts";
import { podDefaultDefinition } from "./pod-default.ts";
import { quotaLedgerDefinition } from "./quota-ledger.ts";
import type { CustomResourceDefinition } from "./schema.ts";
import { volumeDefinition } from "./volume.ts";

export type { Group } from "./group.ts";
export type { Image } from "./image.ts";
export type { InstanceType } from "./instance-type.ts";
export { type KubeflowPodDefault, kubeflowPodDefaultDefinition } from "./kubeflow-pod-default.ts";
export type { PodDefault } from "./pod-default.ts";
export { MAX_RESERVATIONS, type QuotaLedger, type Reservation } from "./quota-ledger.ts";
export { API_VERSION, type CustomResourceDefinition } from "./schema.ts";
export type { Volume, VolumeKind } from "./volume.ts";

/** Every custom resource definition of the platform's own group. */
export const customResourceDefinitions: readonly CustomResourceDefinition[] = [
  groupDefinition,
  quotaLedgerDefinition,
  podDefaultDefinition,
  instanceTypeDefinition,
  imageDefinition,
  volumeDefinition,
];
