import type { Props } from "./values.ts";

/** What the program wants of one resource, decoded from its registration. */
export interface Goal {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly custom: boolean;
  readonly parent: string | undefined;
  readonly inputs: Props;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, readonly string[]>>;
  /** `urn::id`, or nothing for the default provider of the type's package. */
  readonly provider: string | undefined;
  readonly protect: boolean;
  readonly retainOnDelete: boolean;
  readonly deletedWith: string | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly deleteBeforeReplace: boolean | undefined;
  readonly aliases: readonly string[];
  readonly importId: string | undefined;
  readonly additionalSecretOutputs: readonly string[];
  readonly timeoutsMs: { readonly create?: number; readonly update?: number; readonly delete?: number };
}

export type Operation = "same" | "create" | "update" | "replace" | "delete" | "import" | "read" | "refresh";

/** What the SDK is told about a resource. */
export interface Registered {
  readonly urn: string;
  readonly id: string;
  readonly outputs: Props;
  readonly failed: boolean;
}
