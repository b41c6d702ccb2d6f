import { isDeepStrictEqual } from "node:util";
import { UserError } from "../../services/lib/user-error.ts";
import type { Goal, Operation } from "./goal.ts";
import {
  type Created,
  type DiffResult,
  type Existing,
  PartialFailure,
  type Provider,
  type StepContext,
} from "./provider.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ResourceState } from "./state.ts";
import {
  diffValues,
  isBelow,
  masked,
  type PropertyDiff,
  type Props,
  revealed,
  withSecretKeys,
  withSecretsOf,
} from "./values.ts";

export interface StepEvent {
  readonly urn: string;
  readonly operation: Operation;
  readonly changes: readonly PropertyDiff[];
  readonly durationMs: number;
  readonly error?: string;
}

export interface StepOptions {
  readonly preview: boolean;
  readonly snapshot: Snapshot;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  /** Says what a long step waits for. */
  readonly status: (urn: string, line: string) => void;
}

/** A resource whose goal has been checked by its provider. */
export interface Checked {
  readonly goal: Goal;
  readonly provider: Provider | undefined;
  readonly providerReference: string | undefined;
  readonly inputs: Props;
  readonly old: ResourceState | undefined;
  /** The same goal checked as if nothing existed: a replacement needs a name of its own. */
  readonly afresh: () => Promise<Checked>;
}

export interface StepResult {
  readonly operation: Operation;
  readonly changes: readonly PropertyDiff[];
  readonly state: ResourceState;
}

export const existingOf = (state: ResourceState): Existing => ({
  urn: state.urn,
  type: state.type,
  id: state.id ?? "",
  inputs: revealed(state.inputs ?? {}),
  outputs: revealed(state.outputs ?? {}),
});

const optional = <K extends string, V>(key: K, value: V | undefined | false): { [P in K]?: V } =>
  value === undefined || value === false ? {} : ({ [key]: value } as { [P in K]?: V });

/** Pulumi keeps timeouts in seconds. */
const inSeconds = (timeoutsMs: Goal["timeoutsMs"]): Record<string, number> =>
  Object.fromEntries(Object.entries(timeoutsMs).map(([key, ms]) => [key, ms / 1000]));

/** The row of a resource in the state. */
export function stateOf(
  checked: Omit<Checked, "provider" | "afresh">,
  created: Partial<Created>,
  now: Date,
): ResourceState {
  const { goal, old, inputs, providerReference } = checked;
  const nonEmpty = <T extends object>(value: T): T | undefined => (Object.keys(value).length === 0 ? undefined : value);
  return {
    urn: goal.urn,
    custom: goal.custom,
    ...optional("id", created.id),
    type: goal.type,
    inputs,
    outputs: created.outputs ?? {},
    ...optional("parent", goal.parent),
    ...optional("dependencies", nonEmpty(goal.dependencies)),
    ...optional("propertyDependencies", nonEmpty(goal.propertyDependencies)),
    ...optional("provider", providerReference),
    ...optional("protect", goal.protect),
    ...optional("retainOnDelete", goal.retainOnDelete),
    ...optional("deletedWith", goal.deletedWith),
    ...optional("additionalSecretOutputs", nonEmpty(goal.additionalSecretOutputs)),
    ...optional("customTimeouts", nonEmpty(inSeconds(goal.timeoutsMs))),
    created: old?.created ?? now.toISOString(),
    modified: now.toISOString(),
  };
}

/** Outputs with what has to stay secret marked again, after a provider has answered plain values. */
function guarded(checked: Checked, outputs: Props): Props {
  const keys = [...checked.goal.additionalSecretOutputs, ...(checked.provider?.secretOutputs(checked.goal.type) ?? [])];
  return withSecretKeys(withSecretsOf(outputs, checked.inputs) as Props, keys);
}

/** Creates, changes, replaces and deletes single resources, and keeps the state in step with what was done. */
export class Steps {
  readonly #options: StepOptions;

  constructor(options: StepOptions) {
    this.#options = options;
  }

  async create(checked: Checked): Promise<StepResult> {
    const { goal, provider, inputs } = checked;
    const changes = diffValues({}, inputs);
    const { preview, snapshot } = this.#options;
    const recovering = snapshot.interruptedCreate(goal.urn) !== undefined;
    if (!preview) snapshot.begin("creating", this.#state(checked, {}));
    const outcome = await this.#attempt(checked, async () => {
      if (!provider) return { id: "", outputs: inputs };
      return provider.create({
        urn: goal.urn,
        type: goal.type,
        inputs: revealed(inputs),
        preview,
        recovering,
        ...this.#context(goal.urn, goal.timeoutsMs.create),
      });
    });
    return { operation: "create", changes, state: this.#record(checked, outcome) };
  }

  /** Changes, replaces or leaves alone a resource that exists. */
  async change(checked: Checked, old: ResourceState): Promise<StepResult> {
    const diff = await this.#diff(checked, old);
    const forced = diff.changes.some((change) =>
      checked.goal.replaceOnChanges.some((pattern) => isBelow(change.path, pattern)),
    );
    if (diff.gone) return this.create(checked);
    if (diff.replace || forced) return this.#replace(checked, old, diff);
    if (diff.changes.length > 0 || (old.initErrors?.length ?? 0) > 0) return this.#update(checked, old, diff);
    const same = { id: old.id ?? "", outputs: old.outputs ?? {} };
    return { operation: "same", changes: [], state: this.#keep(checked, old, same) };
  }

  /** @throws UserError for a protected resource */
  refuseProtected(old: ResourceState): void {
    if (!old.protect) return;
    throw new UserError(
      "protected",
      `${old.urn} is protected: set protect to false and apply that before it is deleted`,
    );
  }

  async delete(old: ResourceState, provider: Provider | undefined): Promise<void> {
    const { snapshot } = this.#options;
    this.refuseProtected(old);
    if (old.custom && provider && !old.retainOnDelete && !old.external) {
      snapshot.begin("deleting", old);
      const seconds = old.customTimeouts?.["delete"];
      await provider
        .delete(existingOf(old), this.#context(old.urn, seconds === undefined ? undefined : seconds * 1000))
        .catch((error: unknown) => {
          snapshot.abandon(old.urn);
          throw error;
        });
    }
    snapshot.removed(old);
  }

  /** Deletes what an interrupted run may have made, where nobody wants it any more. */
  async deleteInterrupted(resource: ResourceState, provider: Provider | undefined): Promise<void> {
    const found = await provider?.read(existingOf(resource));
    const context = this.#context(resource.urn, undefined);
    if (found) await provider?.delete({ ...existingOf(resource), ...found }, context);
    this.#options.snapshot.abandon(resource.urn);
  }

  async import(checked: Checked, id: string): Promise<StepResult> {
    const { goal, provider, inputs } = checked;
    const found = await provider?.read({ urn: goal.urn, type: goal.type, id, inputs: revealed(inputs), outputs: {} });
    if (!provider || !found)
      throw new UserError("import", `${goal.urn} cannot be imported: there is no object "${id}"`);
    const there = { urn: goal.urn, type: goal.type, id: found.id, inputs: found.outputs, outputs: found.outputs };
    const diff = await provider.diff(there, revealed(inputs));
    if (diff.replace) {
      const paths = diff.changes.filter(({ replaces }) => replaces).map(({ path }) => path);
      throw new UserError(
        "import",
        `${goal.urn} cannot be imported: the program would replace "${id}", because it differs in ${paths.join(", ")}: declare them as they are`,
      );
    }
    return { operation: "import", changes: [], state: this.#record(checked, { created: found }) };
  }

  async #diff(checked: Checked, old: ResourceState): Promise<DiffResult> {
    const { provider, inputs } = checked;
    const plain = (): PropertyDiff[] => diffValues(masked(revealed(old.inputs ?? {})), masked(revealed(inputs)));
    if (!provider) return { changes: plain(), replace: false, deleteBeforeReplace: false };
    return provider.diff(existingOf(old), revealed(inputs));
  }

  async #replace(checked: Checked, old: ResourceState, diff: DiffResult): Promise<StepResult> {
    const { preview, snapshot } = this.#options;
    if (old.protect) {
      throw new UserError(
        "protected",
        `${old.urn} is protected and would have to be replaced: set protect to false and apply that first`,
      );
    }
    const deleteFirst = checked.goal.deleteBeforeReplace ?? diff.deleteBeforeReplace;
    if (!preview && deleteFirst) await this.delete(old, checked.provider);
    else snapshot.replaced(old);
    try {
      const { state } = await this.create(await checked.afresh());
      return { operation: "replace", changes: diff.changes, state };
    } catch (error) {
      if ((preview || !deleteFirst) && !snapshot.current(checked.goal.urn)) snapshot.restored(old);
      throw error;
    }
  }

  async #update(checked: Checked, old: ResourceState, diff: DiffResult): Promise<StepResult> {
    const { goal, provider, inputs } = checked;
    const { preview, snapshot } = this.#options;
    if (!preview) snapshot.begin("updating", old);
    const outcome = await this.#attempt(checked, async () => {
      if (!provider) return { id: old.id ?? "", outputs: inputs };
      const context = this.#context(goal.urn, goal.timeoutsMs.update);
      const { outputs } = await provider.update({
        existing: existingOf(old),
        inputs: revealed(inputs),
        preview,
        ...context,
      });
      return { id: old.id ?? "", outputs };
    });
    return { operation: "update", changes: diff.changes, state: this.#record(checked, outcome) };
  }

  async #attempt(
    checked: Checked,
    work: () => Promise<Created>,
  ): Promise<{ created: Created; failure?: PartialFailure }> {
    try {
      return { created: await work() };
    } catch (error) {
      if (error instanceof PartialFailure) return { created: { id: error.id, outputs: error.outputs }, failure: error };
      this.#options.snapshot.abandon(checked.goal.urn);
      throw error;
    }
  }

  #record(checked: Checked, { created, failure }: { created: Created; failure?: PartialFailure }): ResourceState {
    const state = {
      ...this.#state(checked, { id: created.id, outputs: guarded(checked, created.outputs) }),
      ...(failure ? { initErrors: [failure.message] } : {}),
    };
    this.#options.snapshot.put(state, checked.old);
    if (failure) throw failure;
    return state;
  }

  /** A resource that needs no operation keeps its times; what the program says about it may still have changed. */
  #keep(checked: Checked, old: ResourceState, same: Created): ResourceState {
    const next = { ...this.#state(checked, same), ...optional("modified", old.modified) };
    const state = isDeepStrictEqual(masked(next), masked(old)) ? old : next;
    this.#options.snapshot.put(state, old);
    return state;
  }

  #state(checked: Checked, created: Partial<Created>): ResourceState {
    return stateOf(checked, created, this.#options.now());
  }

  #context(urn: string, timeoutMs: number | undefined): StepContext {
    return { timeoutMs, signal: this.#options.signal, status: (line) => this.#options.status(urn, line) };
  }
}
