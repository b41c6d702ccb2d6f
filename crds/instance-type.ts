import { type API_VERSION, amount, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

const text = { type: "string", maxLength: 253 } as const satisfies Schema;

const toleration = {
  type: "object",
  properties: {
    key: text,
    operator: { type: "string", enum: ["Exists", "Equal"] },
    value: { ...text, maxLength: 63 },
    effect: { type: "string", enum: ["NoSchedule", "PreferNoSchedule", "NoExecute"] },
    tolerationSeconds: { type: "integer", minimum: 0 },
  },
} as const satisfies Schema;

const spec = {
  type: "object",
  required: ["cpu", "memory"],
  properties: {
    displayName: { ...text, description: "Name for people who choose" },
    description: { type: "string", description: "What it is good for", maxLength: 4096 },
    cpu: { ...amount, description: "Limit of CPUs" },
    memory: { ...amount, description: "Limit of memory" },
    resources: {
      type: "object",
      description: "Limits of extended resources, such as nvidia.com/gpu",
      additionalProperties: amount,
      maxProperties: 16,
      "x-kubernetes-validations": [
        {
          rule: "self.all(name, name.contains('/'))",
          message: "extended resources have a domain, as in nvidia.com/gpu: cpu and memory stand beside them",
        },
      ],
    },
    requests: {
      type: "object",
      description: "What the scheduler sets aside, where it is less than the limit; quota counts the limit",
      properties: { cpu: amount, memory: amount },
    },
    nodeSelector: { type: "object", additionalProperties: { ...text, maxLength: 63 }, maxProperties: 32 },
    tolerations: { type: "array", items: toleration, maxItems: 32 },
    priorityClassName: text,
  },
} as const satisfies Schema;

/** A size that members choose for their notebooks. */
export interface InstanceType {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "InstanceType";
  readonly metadata: { readonly name: string };
  readonly spec: FromSchema<typeof spec>;
}

export const instanceTypeDefinition = customResourceDefinition({
  kind: "InstanceType",
  plural: "instancetypes",
  singular: "instancetype",
  scope: "Cluster",
  description: "A size that members choose for their notebooks",
  spec,
  columns: [
    { name: "CPU", type: "string", jsonPath: ".spec.cpu" },
    { name: "Memory", type: "string", jsonPath: ".spec.memory" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
