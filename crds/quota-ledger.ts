import { type API_VERSION, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

/** More pods of one group under way than this are refused, so that what replicas keep in memory is bounded. */
export const MAX_RESERVATIONS = 50_000;
/** No ledger and no page is larger than this, as JSON. */
export const LEDGER_BYTES = 262_144;
/** More than fit into that size, however short they are. */
const MOST_ITEMS = 2500;
/** More than hold all reservations there may be, half empty and of the longest names. */
const MOST_PAGES = 1000;

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

const page = {
  type: "object",
  required: ["name", "open"],
  properties: {
    name: text,
    open: { type: "integer", minimum: 0, description: "How many of its reservations are open" },
    gone: {
      type: "string",
      pattern: "^[A-Za-z0-9+/]*=*$",
      maxLength: 512,
      description: "Which of its reservations are not open any more: one bit each, lowest first, as base64",
    },
  },
} as const satisfies Schema;

const spec = {
  type: "object",
  "x-kubernetes-validations": [
    {
      rule: "has(self.pageOf) || has(oldSelf.pageOf) ? self == oldSelf : true",
      message: "a page of a ledger never changes",
    },
  ],
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
      maxItems: MOST_ITEMS,
      // One writer, and the API server notes nothing about every single item, which would double the object.
      "x-kubernetes-list-type": "atomic",
    },
    pages: {
      type: "array",
      description: "Ledgers that hold older reservations of this group, because this one would grow too large",
      items: page,
      maxItems: MOST_PAGES,
      "x-kubernetes-list-type": "atomic",
    },
    pageOf: { ...text, description: "The group, on a page; a page belongs to the ledger that refers to it by name" },
    nonce: { type: "string", maxLength: 32, description: "On a page: makes its name one that nobody else can write" },
  },
} as const satisfies Schema;

export type Reservation = FromSchema<typeof reservation>;
/** How a ledger refers to one of its pages. */
export type PageReference = FromSchema<typeof page>;

/** What admission has promised to a group and the watch has not shown yet; or a page of that. */
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
  columns: [
    { name: "Page of", type: "string", jsonPath: ".spec.pageOf" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
