import { type API_VERSION, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

/** More open reservations than this, and the object would come near to what etcd takes. */
export const MAX_RESERVATIONS = 2000;

const text = { type: "string", maxLength: 253 } as const satisfies Schema;
/** A canonical amount: an integer in thousandths of a CPU or GPU, or in bytes. */
const amount = { type: "string", pattern: "^[0-9]+$", maxLength: 20 } as const satisfies Schema;

const reservation = {
  type: "object",
  required: ["uid", "namespace", "name", "cpuMilli", "memoryBytes", "gpuMilli", "ephemeralStorageBytes"],
  properties: {
    uid: {
      ...text,
      description: "Of the pod that is being created; for one that grows in place, with /resize behind it",
    },
    namespace: text,
    name: text,
    user: text,
    cpuMilli: amount,
    memoryBytes: amount,
    gpuMilli: amount,
    ephemeralStorageBytes: amount,
    podVersion: {
      ...text,
      description: "Of a growing pod, the version that it grows from: the API server changes no other by this request",
    },
    request: { ...text, description: "Of a growing pod, the request that asked last, from which time is counted anew" },
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
