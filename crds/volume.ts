import { conditions } from "./conditions.ts";
import { type API_VERSION, amount, customResourceDefinition, type FromSchema, type Schema } from "./schema.ts";

const text = { type: "string", maxLength: 253 } as const satisfies Schema;
const path = { type: "string", minLength: 1, maxLength: 1024, pattern: "^/" } as const satisfies Schema;

/** Kinds of volumes, and the field that each of them needs. */
const kinds = { pvc: undefined, nfs: "nfs", git: "git", hostPath: "hostPath", env: "env" } as const;
export type VolumeKind = keyof typeof kinds;

const spec = {
  type: "object",
  required: ["kind"],
  properties: {
    displayName: { ...text, description: "Name for people who choose" },
    description: { type: "string", description: "What is in it", maxLength: 4096 },
    kind: { type: "string", enum: Object.keys(kinds) as VolumeKind[] },
    size: {
      ...amount,
      description: "Of a claim that is made; it grows where the storage class can, and never shrinks",
    },
    storageClassName: { ...text, description: "Of a claim that is made; without it the platform's" },
    claimName: { ...text, description: "Of a claim that is there already, in place of one that is made" },
    mountPath: { ...path, description: "Where notebooks see it" },
    upload: { type: "boolean", description: "Whether those who may write may upload in the browser" },
    nfs: { type: "object", required: ["server", "path"], properties: { server: text, path } },
    git: {
      type: "object",
      required: ["url"],
      properties: {
        url: { type: "string", minLength: 1, maxLength: 2048 },
        ref: { ...text, description: "Branch, tag or commit; without it the remote's default" },
        secretName: { ...text, description: "With the key ssh, for a private repository" },
      },
    },
    hostPath: { type: "object", required: ["path"], properties: { path } },
    env: {
      type: "object",
      description: "Variables that notebooks get",
      additionalProperties: { type: "string", maxLength: 32_768 },
      maxProperties: 256,
      "x-kubernetes-validations": [
        {
          rule: "self.all(name, name.matches('^[A-Za-z_][A-Za-z0-9_]*$'))",
          message: "variables are letters, digits and underscores, and begin with no digit",
        },
      ],
    },
  },
  "x-kubernetes-validations": [
    ...Object.entries(kinds).flatMap(([kind, field]) =>
      field === undefined
        ? []
        : [
            {
              rule: `(self.kind == '${kind}') == has(self.${field})`,
              message: `a volume of kind ${kind} has the field ${field}, and no other has it`,
            },
          ],
    ),
    {
      rule: "self.kind == 'pvc' ? has(self.size) != has(self.claimName) : !has(self.size) && !has(self.claimName)",
      message: "a volume of kind pvc has either a size or a claimName, and no other has one",
    },
    {
      rule: "(self.kind == 'env') != has(self.mountPath)",
      message: "every volume has a mountPath but one of kind env",
    },
    {
      rule: "self.kind == oldSelf.kind",
      message: "the kind cannot be changed: make another volume",
    },
  ],
} as const satisfies Schema;

const status = {
  type: "object",
  properties: {
    conditions: { ...conditions, description: "ClaimReady says how the claim is that was made for it" },
  },
} as const satisfies Schema;

/** Data that groups may read, or read and write. */
export interface Volume {
  readonly apiVersion: typeof API_VERSION;
  readonly kind: "Volume";
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly spec: FromSchema<typeof spec>;
  readonly status?: FromSchema<typeof status>;
}

export const volumeDefinition = customResourceDefinition({
  kind: "Volume",
  plural: "volumes",
  singular: "volume",
  scope: "Namespaced",
  description: "Data that groups may read, or read and write",
  spec,
  status,
  columns: [
    { name: "Kind", type: "string", jsonPath: ".spec.kind" },
    { name: "Path", type: "string", jsonPath: ".spec.mountPath" },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
});
