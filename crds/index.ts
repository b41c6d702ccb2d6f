import { groupDefinition } from "./group.ts";
import { quotaLedgerDefinition } from "./quota-ledger.ts";
import type { CustomResourceDefinition } from "./schema.ts";

export type { Group } from "./group.ts";
export { MAX_RESERVATIONS, type QuotaLedger, type Reservation } from "./quota-ledger.ts";
export { API_VERSION, type CustomResourceDefinition } from "./schema.ts";

/** Every custom resource definition of the platform. */
export const customResourceDefinitions: readonly CustomResourceDefinition[] = [groupDefinition, quotaLedgerDefinition];
