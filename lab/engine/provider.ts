import type { PropertyDiff, Props } from "./values.ts";

/** Values at this border are plain: secrets are revealed, `UNKNOWN` may stand anywhere in previews. */
export interface Check {
  readonly urn: string;
  readonly type: string;
  readonly name: string;
  readonly olds: Props | undefined;
  readonly news: Props;
}

export interface CheckResult {
  readonly inputs: Props;
  readonly failures: readonly { readonly property: string; readonly reason: string }[];
}

export interface Existing {
  readonly urn: string;
  readonly type: string;
  readonly id: string;
  readonly inputs: Props;
  readonly outputs: Props;
}

export interface DiffResult {
  readonly changes: readonly PropertyDiff[];
  readonly replace: boolean;
  readonly deleteBeforeReplace: boolean;
  /** The object is no longer there, so it has to be made again. */
  readonly gone?: boolean;
}

/** How a step is bounded and reports what it waits for. */
export interface StepContext {
  readonly timeoutMs: number | undefined;
  readonly signal: AbortSignal;
  readonly status: (line: string) => void;
}

export interface Create extends StepContext {
  readonly urn: string;
  readonly type: string;
  readonly inputs: Props;
  readonly preview: boolean;
  /** An earlier run was interrupted while it created this object, so it may exist already. */
  readonly recovering: boolean;
}

export interface Update extends StepContext {
  readonly existing: Existing;
  readonly inputs: Props;
  readonly preview: boolean;
}

export interface Created {
  readonly id: string;
  readonly outputs: Props;
}

/** What a resource provider of the engine does; one instance per provider resource. */
export interface Provider {
  configure(inputs: Props): Promise<void>;
  check(request: Check): Promise<CheckResult>;
  diff(existing: Existing, inputs: Props): Promise<DiffResult>;
  create(request: Create): Promise<Created>;
  /** Reads what exists; nothing when it is gone. */
  read(existing: Existing): Promise<Created | undefined>;
  update(request: Update): Promise<{ readonly outputs: Props }>;
  delete(existing: Existing, context: StepContext): Promise<void>;
  invoke(token: string, args: Props): Promise<Props>;
  /** Top-level outputs of a type that are always secret. */
  secretOutputs(type: string): readonly string[];
}

export type ProviderFactory = (packageName: string) => Provider;

/** The object was made or changed, but it is not what it should be; the state keeps it. */
export class PartialFailure extends Error {
  readonly id: string;
  readonly outputs: Props;

  constructor(message: string, id: string, outputs: Props) {
    super(message);
    this.id = id;
    this.outputs = outputs;
  }
}
