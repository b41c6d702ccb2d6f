import { type API_VERSION, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

const text = { type: "string", maxLength: 253 } as const satisfies Schema;
const reference = { type: "string", minLength: 1, maxLength: 512 } as const satisfies Schema;
const packages = {
  type: "array",
  items: { ...text, minLength: 1, pattern: "^[^\\s;&|`$<>\\\\'\"]+$" },
  maxItems: 500,
} as const satisfies Schema;

const variant = {
  type: "object",
  required: ["reference"],
  properties: {
    architecture: { ...text, description: "As nodes name it in kubernetes.io/arch, such as arm64" },
    accelerator: { ...text, description: "Extended resource of the instance type, such as nvidia.com/gpu" },
    reference,
  },
  "x-kubernetes-validations": [
    {
      rule: "has(self.architecture) || has(self.accelerator)",
      message: "a variant says for which architecture or accelerator it is",
    },
  ],
} as const satisfies Schema;

const build = {
  type: "object",
  description: "Builds the image from a base and packages",
  required: ["base"],
  nullable: true,
  properties: { base: reference, apt: packages, pip: packages, conda: packages },
} as const satisfies Schema;

const spec = {
  type: "object",
  properties: {
    displayName: { ...text, description: "Name for people who choose" },
    description: { type: "string", description: "What is in it", maxLength: 4096 },
    reference: { ...reference, description: "The image; of one that is built, where it goes" },
    variants: {
      type: "array",
      description: "In place of reference on other architectures or with an accelerator; the first that fits",
      items: variant,
      maxItems: 16,
    },
    pullSecret: { ...text, description: "Secret beside the pods with the registry's credentials", nullable: true },
    build,
  },
  "x-kubernetes-validations": [
    {
      rule: "has(self.reference) || (has(self.build) && self.build != null)",
      message: "an image needs a reference, or a build that makes one",
    },
  ],
} as const satisfies Schema;

const status = {
  type: "object",
  properties: {
    build: {
      type: "object",
      properties: {
        phase: { type: "string", enum: ["Pending", "Running", "Succeeded", "Failed", "Cancelled"] },
        jobName: text,
        reference: { ...reference, description: "What was built last, by digest" },
        message: { type: "string", maxLength: 4096 },
      },
    },
  },
} as const satisfies Schema;

/** An image that members choose for their notebooks. */
export interface Image {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "Image";
  readonly metadata: { readonly name: string };
  readonly spec: FromSchema<typeof spec>;
  readonly status?: FromSchema<typeof status>;
}

export const imageDefinition = customResourceDefinition({
  kind: "Image",
  plural: "images",
  singular: "image",
  scope: "Cluster",
  description: "An image that members choose for their notebooks",
  spec,
  status,
  columns: [
    { name: "Reference", type: "string", jsonPath: ".spec.reference" },
    { name: "Build", type: "string", jsonPath: ".status.build.phase" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
