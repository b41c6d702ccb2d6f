import { type API_VERSION, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

const text = { type: "string", maxLength: 253 } as const satisfies Schema;
const textMap = { type: "object", additionalProperties: { type: "string" } } as const satisfies Schema;

/** Fields of Kubernetes that grow with its releases: kept whole, and checked when the pod is made. */
const anything = { type: "object", "x-kubernetes-preserve-unknown-fields": true } as const;

/** A second element of one name would be merged into the first, which nobody can mean. */
const named = {
  type: "array",
  items: { ...anything, required: ["name"], properties: { name: { type: "string", minLength: 1, maxLength: 253 } } },
  maxItems: 100,
  "x-kubernetes-list-type": "map",
  "x-kubernetes-list-map-keys": ["name"],
} as const;

const template = {
  type: "object",
  description:
    "Merged over the template's by strategic merge: containers, volumes and variables by name, mounts by path",
  properties: {
    metadata: { type: "object", properties: { labels: textMap, annotations: textMap } },
    spec: { ...anything, properties: { containers: named, initContainers: named, volumes: named } },
  },
} as const satisfies Schema;

const dependency = {
  type: "object",
  required: ["apiVersion", "kind", "name"],
  properties: { apiVersion: text, kind: text, name: text },
} as const satisfies Schema;

const spec = {
  type: "object",
  required: ["template"],
  properties: {
    displayName: { ...text, description: "Name for people who choose" },
    description: { type: "string", description: "What it is good for", maxLength: 4096 },
    template,
    dependencies: {
      type: "array",
      description: "Objects of this namespace that pods with it need in theirs",
      items: dependency,
      maxItems: 100,
    },
  },
} as const satisfies Schema;

/** A part of a pod that templates and notebooks share. */
export interface PodDefault {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "PodDefault";
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string };
  readonly spec: FromSchema<typeof spec>;
}

export const podDefaultDefinition = customResourceDefinition({
  kind: "PodDefault",
  plural: "poddefaults",
  singular: "poddefault",
  scope: "Namespaced",
  description: "A part of a pod, shaped as a pod template, that templates require or notebooks choose",
  spec,
  columns: [
    { name: "Display name", type: "string", jsonPath: ".spec.displayName" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
