/** A structural schema of a custom resource, as `apiextensions.k8s.io/v1` takes it. */
export interface Schema {
  readonly type?: "object" | "string" | "integer" | "boolean" | "array";
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly nullable?: boolean;
  readonly anyOf?: readonly { readonly type: "integer" | "string" }[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
  readonly maxProperties?: number;
  readonly enum?: readonly string[];
  readonly "x-kubernetes-int-or-string"?: true;
  readonly "x-kubernetes-list-type"?: "map" | "set" | "atomic";
  readonly "x-kubernetes-list-map-keys"?: readonly string[];
  readonly "x-kubernetes-validations"?: readonly { readonly rule: string; readonly message: string }[];
}

type Required<S extends Schema> = S["required"] extends readonly (infer K extends string)[] ? K : never;
type Nullable<S extends Schema, T> = S["nullable"] extends true ? T | null : T;

type ObjectOf<S extends Schema, P extends Readonly<Record<string, Schema>>> = {
  readonly [K in keyof P as K extends Required<S> ? K : never]: FromSchema<P[K]>;
} & { readonly [K in keyof P as K extends Required<S> ? never : K]?: FromSchema<P[K]> };

type Plain<S extends Schema> = S["x-kubernetes-int-or-string"] extends true
  ? string | number
  : S["type"] extends "string"
    ? string
    : S["type"] extends "integer"
      ? number
      : S["type"] extends "boolean"
        ? boolean
        : S["items"] extends Schema
          ? readonly FromSchema<S["items"]>[]
          : S["additionalProperties"] extends Schema
            ? Readonly<Record<string, FromSchema<S["additionalProperties"]>>>
            : S["properties"] extends Readonly<Record<string, Schema>>
              ? ObjectOf<S, S["properties"]>
              : unknown;

/** The TypeScript type of the values that a schema admits. */
export type FromSchema<S extends Schema> = Nullable<S, Plain<S>>;

export const GROUP = "carrel.dev";
export const VERSION = "v1";
export const API_VERSION = `${GROUP}/${VERSION}` as const;

/** Kubernetes' quantity grammar without a sign: what is declared is 0 or more. */
export const quantity = {
  "x-kubernetes-int-or-string": true,
  anyOf: [{ type: "integer" }, { type: "string" }],
  // The pattern is for texts alone.
  minimum: 0,
  pattern: "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$",
  maxLength: 32,
  nullable: true,
} as const satisfies Schema;

const { nullable: _, ...stated } = quantity;
/** A quantity where nothing stated would mean nothing. */
export const amount = stated;

/** A definition as it is applied, with one served and stored version. */
export interface Definition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly scope: "Cluster" | "Namespaced";
  readonly description: string;
  readonly spec: Schema;
  readonly status?: Schema;
  readonly columns?: readonly { readonly name: string; readonly type: string; readonly jsonPath: string }[];
}

export interface CustomResourceDefinition {
  readonly apiVersion: "apiextensions.k8s.io/v1";
  readonly kind: "CustomResourceDefinition";
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** The complete object of a definition. */
export function customResourceDefinition(definition: Definition): CustomResourceDefinition {
  const { kind, plural, singular, shortNames, scope, description, spec, status, columns } = definition;
  const properties = {
    apiVersion: { type: "string" },
    kind: { type: "string" },
    metadata: { type: "object" },
    spec,
    ...(status === undefined ? {} : { status }),
  };
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      names: { kind, listKind: `${kind}List`, plural, singular, ...(shortNames === undefined ? {} : { shortNames }) },
      scope,
      versions: [
        {
          name: VERSION,
          served: true,
          storage: true,
          schema: { openAPIV3Schema: { type: "object", description, required: ["spec"], properties } },
          ...(columns === undefined ? {} : { additionalPrinterColumns: columns }),
          ...(status === undefined ? {} : { subresources: { status: {} } }),
        },
      ],
    },
  };
}
