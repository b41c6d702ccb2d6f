import { type API_VERSION, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

/** More open reservations than this, and the object would come near to what etcd takes. */
export const MAX_RESERVATIONS = 4000;

const text = { type: "string", maxLength: 253 } as const satisfies Schema;
/** A canonical amount: an integer in thousandths of a CPU, bytes or devices. */
const amount = { type: "string", pattern: "^[0-9]+$", maxLength: 20 } as const satisfies Schema;

const reservation = {
  type: "object",
  required: ["uid", "namespace", "name", "cpuMilli", "memoryBytes", "gpu"],
  properties: {
    uid: { ...text, description: "Of the pod that is being created" },
    namespace: text,
    name: text,
    user: text,
    cpuMilli: amount,
    memoryBytes: amount,
    gpu: amount,
  },
} as const satisfies Schema;

const spec = {
  type: "object",
  properties: {
    observedPodVersion: {
      type: "string",
      description:
        "Resource version of pods up to which reservations were settled; whoever decides has to have seen it",
      maxLength: 40,
    },
    reservations: {
      type: "array",
      description: "Pods that were admitted and have not been seen yet",
      items: reservation,
      maxItems: MAX_RESERVATIONS,
      "x-kubernetes-list-type": "map",
      "x-kubernetes-list-map-keys": ["uid"],
    },
  },
} as const satisfies Schema;

export type Reservation = FromSchema<typeof reservation>;

/** What admission has promised to a group and the watch has not shown yet. */
export interface QuotaLedger {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "QuotaLedger";
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
  };
  readonly spec: FromSchema<typeof spec>;
}

export const quotaLedgerDefinition = customResourceDefinition({
  kind: "QuotaLedger",
  plural: "quotaledgers",
  singular: "quotaledger",
  scope: "Namespaced",
  description: "Reservations of one group; written by admission alone",
  spec,
  columns: [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }],
});
