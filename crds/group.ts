import { conditions } from "./conditions.ts";
import { type API_VERSION, customResourceDefinition, type FromSchema, quantity, type Schema } from "./schema.ts";

const amounts = {
  type: "object",
  properties: {
    cpu: quantity,
    memory: quantity,
    gpu: quantity,
    "ephemeral-storage": quantity,
    pods: quantity,
  },
} as const satisfies Schema;

const spec = {
  type: "object",
  properties: {
    displayName: { type: "string", description: "Name for people", maxLength: 253 },
    quota: { ...amounts, description: "Of the whole group; absent or null is unlimited, 0 refuses any use" },
    memberQuota: { ...amounts, description: "Of each member in this group" },
    memberQuotas: {
      type: "object",
      description: "Of single members, by user name, in place of memberQuota",
      additionalProperties: amounts,
      maxProperties: 1000,
    },
    defaults: { ...amounts, description: "For containers that state no limit; without it they are refused" },
    volume: {
      type: "object",
      description: "The group's shared volume",
      properties: { size: quantity },
    },
    culling: {
      type: "object",
      description: "When notebooks of this group are stopped; without it as the platform is set",
      properties: {
        idleSeconds: { type: "integer", description: "Without activity; null is never", minimum: 60, nullable: true },
        maxAgeSeconds: { type: "integer", description: "After the start; null is never", minimum: 60, nullable: true },
      },
    },
  },
} as const satisfies Schema;

const status = {
  type: "object",
  properties: {
    id: { type: "string", description: "Of the group in Keycloak", maxLength: 64 },
    conditions: {
      ...conditions,
      description: "Synced says whether Keycloak has the group and its quota, ClaimReady how its volume is",
    },
    members: { type: "integer", description: "How many members the group has", minimum: 0 },
    usage: { ...amounts, description: "What the group's pods take" },
  },
} as const satisfies Schema;

/** People who share a quota. */
export interface Group {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "Group";
  readonly metadata: { readonly name: string; readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: FromSchema<typeof spec>;
  readonly status?: FromSchema<typeof status>;
}

export const groupDefinition = customResourceDefinition({
  kind: "Group",
  plural: "groups",
  singular: "group",
  scope: "Cluster",
  description: "People who share a quota, a volume and images",
  spec,
  status,
  columns: [
    { name: "CPU", type: "string", jsonPath: ".spec.quota.cpu" },
    { name: "Memory", type: "string", jsonPath: ".spec.quota.memory" },
    { name: "GPU", type: "string", jsonPath: ".spec.quota.gpu" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
