import { reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import type { Goal, Registered } from "./goal.ts";
import type { PolicyGate } from "./policy-gate.ts";
import type { Provider, ProviderFactory } from "./provider.ts";
import { isProviderType, newProviderId, ProviderRegistry, packageOf, providerReference } from "./provider-registry.ts";
import { Removal } from "./removal.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ResourceState } from "./state.ts";
import { type Checked, existingOf, type StepEvent, type StepResult, Steps, stateOf } from "./steps.ts";
import { childUrn, STACK_TYPE } from "./urn.ts";
import {
  diffValues,
  masked,
  type PropertyDiff,
  type Props,
  revealed,
  valueAt,
  withPathOf,
  withSecretsOf,
} from "./values.ts";

export interface DeployerOptions {
  readonly stack: string;
  readonly project: string;
  readonly preview: boolean;
  readonly snapshot: Snapshot;
  readonly providers: ProviderFactory;
  readonly disabledDefaults: readonly string[];
  readonly policies: PolicyGate;
  readonly parallel: number;
  readonly signal: AbortSignal;
  readonly now: () => Date;
  readonly report: (event: StepEvent) => void;
  readonly status: (urn: string, line: string) => void;
}

/** At most `limit` pieces of work at once, in the order in which they came. */
export function limiter(limit: number): <T>(work: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (running >= limit) await new Promise<void>((resolve) => waiting.push(resolve));
    else running++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}

/** Differences as they may be shown: what is secret at the same place in any of the `sources` is masked. */
export function masking(changes: readonly PropertyDiff[], sources: readonly (Props | undefined)[]): PropertyDiff[] {
  const side = (value: unknown, path: string): unknown =>
    masked(sources.reduce((shown: unknown, source) => withSecretsOf(shown, valueAt(source, path)), value));
  return changes.map((change) => ({
    ...change,
    ...("old" in change ? { old: side(change.old, change.path) } : {}),
    ...("new" in change ? { new: side(change.new, change.path) } : {}),
  }));
}

/** Turns the registrations of a program into steps. One instance serves one run. */
export class Deployer {
  readonly #options: DeployerOptions;
  readonly #steps: Steps;
  readonly #providers: ProviderRegistry;
  readonly #defaults = new Map<string, Promise<string>>();
  readonly #limited: <T>(work: () => Promise<T>) => Promise<T>;
  readonly #seen = new Set<string>();
  readonly #errors: string[] = [];
  readonly #stackOutputs = new Map<string, Props>();
  #earlierOutputs: Props = {};

  constructor(options: DeployerOptions) {
    this.#options = options;
    this.#steps = new Steps(options);
    this.#providers = new ProviderRegistry(options.providers, options.disabledDefaults);
    this.#limited = limiter(options.parallel);
  }

  /** What went wrong so far, one line each. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  fail(message: string): void {
    this.#errors.push(message);
  }

  /** Brings one resource to its goal. A failure is reported, and leaves the others alone. */
  async register(goal: Goal): Promise<Registered> {
    const started = performance.now();
    const report = (event: Omit<StepEvent, "urn" | "durationMs">): void =>
      this.#options.report({ ...event, urn: goal.urn, durationMs: performance.now() - started });
    const before = this.#options.snapshot.old([goal.urn, ...goal.aliases]);
    try {
      const { operation, changes, state } = await this.#reach(goal);
      const sources = [state.outputs, state.inputs, before?.outputs, before?.inputs];
      report({ operation, changes: masking(changes, sources) });
      return {
        urn: goal.urn,
        id: state.id ?? "",
        outputs: { ...(goal.custom ? {} : state.inputs), ...state.outputs },
        failed: false,
      };
    } catch (error) {
      const old = this.#options.snapshot.old([goal.urn, ...goal.aliases]);
      // What failed stays in the state as it was, so that the end of the run does not take it for unwanted.
      if (old && !this.#options.snapshot.current(goal.urn)) this.#options.snapshot.put({ ...old, urn: goal.urn }, old);
      const reason = error instanceof UserError ? error.problems.join("; ") : reasonOf(error);
      this.#errors.push(`${goal.urn}: ${reason}`);
      report({ operation: old ? "update" : "create", changes: [], error: reason });
      return { urn: goal.urn, id: "", outputs: {}, failed: true };
    }
  }

  registerOutputs(urn: string, outputs: Props): void {
    this.#stackOutputs.set(urn, outputs);
    const state = this.#options.snapshot.current(urn);
    if (state) this.#options.snapshot.put({ ...state, outputs });
  }

  /** After a failure the stack keeps the outputs that it had, where the program gave no new ones. */
  keepStackOutputs(): void {
    const { stack, project } = this.#options;
    const urn = childUrn(stack, project, undefined, STACK_TYPE, `${project}-${stack}`);
    this.registerOutputs(urn, { ...this.#earlierOutputs, ...this.stackOutputs() });
  }

  /** Reads an object that the program did not make (`Resource.get`). */
  async read(goal: Goal, id: string): Promise<Registered> {
    const reference = await this.#reference(goal);
    const provider = await this.#instance(reference);
    const found = await this.#limited(async () =>
      provider?.read({ urn: goal.urn, type: goal.type, id, inputs: revealed(goal.inputs), outputs: {} }),
    );
    if (!found) throw new UserError("read", `${goal.urn}: there is no object "${id}" to read`);
    const checked = {
      goal,
      inputs: goal.inputs,
      old: this.#options.snapshot.old([goal.urn]),
      providerReference: reference,
    };
    const state = { ...stateOf(checked, found, this.#options.now()), external: true };
    this.#options.snapshot.put(state, checked.old);
    return { urn: goal.urn, id: found.id, outputs: found.outputs, failed: false };
  }

  async invoke(token: string, args: Props, reference: string | undefined): Promise<Props> {
    const name = packageOf(token);
    const provider = await this.#instance(reference ?? (await this.#default(name)));
    if (!provider) throw new UserError("invoke", `${token} cannot be called: its provider is not configured yet`);
    return provider.invoke(token, revealed(args));
  }

  /** Deletes what the program no longer declares. Nothing is deleted after a failure. */
  async finish(): Promise<void> {
    if (this.#errors.length > 0 || this.#options.signal.aborted) return;
    for (const resource of this.#options.snapshot.orphans()) {
      const provider = await this.#instance(resource.provider);
      if (!this.#options.preview) await this.#steps.deleteInterrupted(resource, provider);
    }
    await this.removal().run();
  }

  removal(): Removal {
    const { snapshot, preview, report } = this.#options;
    return new Removal({
      snapshot,
      preview,
      steps: this.#steps,
      limited: this.#limited,
      providerOf: (resource) => this.#instance(resource.provider),
      report,
      fail: (message) => this.#errors.push(message),
    });
  }

  /** Reads every resource again and keeps what is really there, in the order of the state. */
  async refresh(resources: readonly ResourceState[]): Promise<void> {
    const found = await Promise.all(resources.map((resource) => this.#limited(() => this.#refreshOne(resource))));
    const { snapshot } = this.#options;
    for (const [i, resource] of resources.entries()) {
      const state = found[i];
      const old = snapshot.old([resource.urn]);
      if (old && state === undefined) snapshot.removed(old);
      else if (old && state) snapshot.put(state, old);
    }
  }

  /** What a resource has become; nothing when it is gone. */
  async #refreshOne(resource: ResourceState): Promise<ResourceState | undefined> {
    const { report, now } = this.#options;
    const started = performance.now();
    const done = (changes: readonly PropertyDiff[], operation: "refresh" | "same" | "delete", error?: string): void =>
      report({
        urn: resource.urn,
        operation,
        changes,
        durationMs: performance.now() - started,
        ...(error === undefined ? {} : { error }),
      });
    if (!resource.custom || isProviderType(resource.type)) {
      done([], "same");
      return resource;
    }
    try {
      const provider = await this.#instance(resource.provider);
      const existing = existingOf(resource);
      const found = await provider?.read(existing);
      if (!found) {
        done([], "delete");
        return undefined;
      }
      const drift = await provider?.diff({ ...existing, outputs: found.outputs }, existing.inputs);
      const changes = (drift?.changes ?? []).map(asDrift);
      const outputs = withSecretsOf(found.outputs, resource.outputs) as Props;
      done(masking(changes, [resource.outputs, resource.inputs]), changes.length > 0 ? "refresh" : "same");
      return { ...resource, outputs, ...(changes.length > 0 ? { modified: now().toISOString() } : {}) };
    } catch (error) {
      this.#errors.push(`${resource.urn}: ${reasonOf(error)}`);
      done([], "refresh", reasonOf(error));
      return resource;
    }
  }

  async #reach(goal: Goal): Promise<StepResult> {
    const { snapshot } = this.#options;
    if (this.#seen.has(goal.urn))
      throw new UserError(
        "duplicate-urn",
        `duplicate resource ${goal.urn}: give each resource of a type and parent a name of its own`,
      );
    this.#seen.add(goal.urn);
    const old = snapshot.old([goal.urn, ...goal.aliases]);
    const inputs = old
      ? goal.ignoreChanges.reduce((news, path) => withPathOf(news, old.inputs ?? {}, path), goal.inputs)
      : goal.inputs;
    if (!goal.custom) return this.#component({ ...goal, inputs }, old);
    if (isProviderType(goal.type)) return this.#provider({ ...goal, inputs }, old);
    const reference = await this.#reference(goal);
    const provider = await this.#instance(reference);
    return this.#limited(async () => {
      const checked = await this.#check({ ...goal, inputs }, old, provider, reference);
      if (goal.importId !== undefined && !old) return this.#steps.import(checked, goal.importId);
      return old ? this.#steps.change(checked, old) : this.#steps.create(checked);
    });
  }

  async #check(
    goal: Goal,
    old: ResourceState | undefined,
    provider: Provider | undefined,
    reference: string,
  ): Promise<Checked> {
    const { urn, type, name } = goal;
    const olds = old?.inputs ?? this.#options.snapshot.interruptedCreate(urn)?.inputs;
    const news = revealed(goal.inputs);
    const result = await provider?.check({ urn, type, name, olds: olds && revealed(olds), news });
    if (result && result.failures.length > 0) {
      throw new UserError("check", `${urn} is refused by its provider`, {
        problems: result.failures.map(({ property, reason }) => `${property}: ${reason}`),
      });
    }
    const inputs = withSecretsOf(result?.inputs ?? news, goal.inputs) as Props;
    await this.#options.policies.check(goal, inputs);
    const afresh = (): Promise<Checked> => this.#check(goal, undefined, provider, reference);
    return { goal, provider, providerReference: reference, inputs, old, afresh };
  }

  async #component(goal: Goal, old: ResourceState | undefined): Promise<StepResult> {
    await this.#options.policies.check(goal, goal.inputs);
    if (goal.type === STACK_TYPE) this.#earlierOutputs = old?.outputs ?? {};
    const fresh = stateOf(
      { goal, inputs: goal.inputs, old, providerReference: undefined },
      { outputs: old?.outputs ?? {} },
      this.#options.now(),
    );
    const state = old ? { ...fresh, ...(old.modified === undefined ? {} : { modified: old.modified }) } : fresh;
    this.#options.snapshot.put(state, old);
    return { operation: old ? "same" : "create", changes: [], state };
  }

  async #provider(goal: Goal, old: ResourceState | undefined): Promise<StepResult> {
    const changes = old ? diffValues(masked(revealed(old.inputs ?? {})), masked(revealed(goal.inputs))) : [];
    await this.#providers.configure(goal.urn, goal.type, goal.inputs);
    await this.#options.policies.check(goal, goal.inputs);
    const id = old?.id ?? newProviderId();
    const fresh = stateOf(
      { goal, inputs: goal.inputs, old, providerReference: undefined },
      { id, outputs: goal.inputs },
      this.#options.now(),
    );
    const operation = old ? (changes.length > 0 ? "update" : "same") : "create";
    const state = operation === "same" && old?.modified !== undefined ? { ...fresh, modified: old.modified } : fresh;
    this.#options.snapshot.put(state, old);
    return { operation, changes, state };
  }

  #reference(goal: Goal): Promise<string> {
    if (goal.provider !== undefined) return Promise.resolve(goal.provider);
    this.#providers.refuseDisabledDefault(goal.type, goal.urn);
    return this.#default(packageOf(goal.type));
  }

  #instance(reference: string | undefined): Promise<Provider | undefined> {
    if (reference === undefined) return Promise.resolve(undefined);
    return this.#providers.of(reference, (urn) => this.#options.snapshot.find(urn));
  }

  /** The default provider of a package, made once when the first resource needs it. */
  #default(name: string): Promise<string> {
    const known = this.#defaults.get(name);
    if (known !== undefined) return known;
    const { stack, project } = this.#options;
    const type = `pulumi:providers:${name}`;
    const urn = childUrn(stack, project, undefined, type, "default");
    const reference = this.register({ ...emptyGoal, urn, type, name: "default" }).then(() => {
      const state = this.#options.snapshot.current(urn);
      if (!state) throw new UserError("provider", `the default provider of "${name}" could not be made`);
      return providerReference(state);
    });
    this.#defaults.set(name, reference);
    return reference;
  }

  /** The outputs of the stack itself, as the program exported them. */
  stackOutputs(): Props {
    const { stack, project } = this.#options;
    return this.#stackOutputs.get(childUrn(stack, project, undefined, STACK_TYPE, `${project}-${stack}`)) ?? {};
  }
}

const reversed = { add: "delete", delete: "add", update: "update" } as const;

/** The difference as it came about: from what was declared to what is there. */
const asDrift = ({ path, kind, old, new: wanted }: PropertyDiff): PropertyDiff => ({
  path,
  kind: reversed[kind],
  ...(wanted === undefined ? {} : { old: wanted }),
  ...(old === undefined ? {} : { new: old }),
});

const emptyGoal: Omit<Goal, "urn" | "type" | "name"> = {
  custom: true,
  parent: undefined,
  inputs: {},
  dependencies: [],
  propertyDependencies: {},
  provider: undefined,
  protect: false,
  retainOnDelete: false,
  deletedWith: undefined,
  ignoreChanges: [],
  replaceOnChanges: [],
  deleteBeforeReplace: undefined,
  aliases: [],
  importId: undefined,
  additionalSecretOutputs: [],
  timeoutsMs: {},
};
