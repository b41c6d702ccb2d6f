import { groupDefinition } from "./group.ts";
import { podDefaultDefinition } from "./pod-default.ts";
import { quotaLedgerDefinition } from "./quota-ledger.ts";
import type { CustomResourceDefinition } from "./schema.ts";

export type { Group } from "./group.ts";
export { type KubeflowPodDefault, kubeflowPodDefaultDefinition } from "./kubeflow-pod-default.ts";
export type { PodDefault } from "./pod-default.ts";
export { MAX_RESERVATIONS, type QuotaLedger, type Reservation } from "./quota-ledger.ts";
export { API_VERSION, type CustomResourceDefinition } from "./schema.ts";

/** Every custom resource definition of the platform's own group. */
export const customResourceDefinitions: readonly CustomResourceDefinition[] = [
  groupDefinition,
  quotaLedgerDefinition,
  podDefaultDefinition,
];
