import type { Schema } from "./schema.ts";

const condition = {
  type: "object",
  required: ["type", "status", "reason", "message", "lastTransitionTime"],
  properties: {
    type: { type: "string", maxLength: 316 },
    status: { type: "string", enum: ["True", "False", "Unknown"] },
    reason: { type: "string", maxLength: 1024 },
    message: { type: "string", maxLength: 32_768 },
    lastTransitionTime: { type: "string", maxLength: 64 },
    observedGeneration: { type: "integer", minimum: 0 },
  },
} as const satisfies Schema;

/** The conditions of a status, by their type, so that each can have a writer of its own. */
export const conditions = {
  type: "array",
  items: condition,
  maxItems: 16,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["type"],
} as const satisfies Schema;
