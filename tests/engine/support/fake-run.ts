import { Deployer } from "../../../lab/engine/deployer.ts";
import type { Goal } from "../../../lab/engine/goal.ts";
import { PolicyGate } from "../../../lab/engine/policy-gate.ts";
import {
  type Create,
  type Created,
  type Existing,
  PartialFailure,
  type Provider,
} from "../../../lab/engine/provider.ts";
import { Snapshot } from "../../../lab/engine/snapshot.ts";
import type { Deployment } from "../../../lab/engine/state.ts";
import type { StepEvent } from "../../../lab/engine/steps.ts";
import { diffValues, type Props } from "../../../lab/engine/values.ts";

export const urnOf = (name: string): string => `urn:pulumi:dev::shop::fake:index:Thing::${name}`;

/** A provider whose objects are in memory. `fixed` cannot be changed in place; `fail` and `partial` do what they say. */
export class FakeProvider implements Provider {
  readonly objects = new Map<string, Props>();
  /** What was asked of it, in order. */
  readonly calls: string[] = [];
  readonly timeouts: (number | undefined)[] = [];
  #count = 0;

  configure(): Promise<void> {
    return Promise.resolve();
  }

  async check({ news }: { news: Props }): Promise<{ inputs: Props; failures: { property: string; reason: string }[] }> {
    return { inputs: news, failures: news["bad"] === true ? [{ property: "bad", reason: "is bad" }] : [] };
  }

  async diff({ outputs }: Existing, inputs: Props): ReturnType<Provider["diff"]> {
    const { token: _token, ...old } = outputs;
    const changes = diffValues(old, inputs);
    const replace = changes.some(({ path }) => path === "fixed");
    return { changes, replace, deleteBeforeReplace: false };
  }

  async create({ inputs, recovering, timeoutMs }: Create): Promise<Created> {
    if (inputs["fail"] === true) throw new Error("cannot be made");
    const id = `#${++this.#count}`;
    this.calls.push(`${recovering ? "recover" : "create"} ${id}`);
    this.timeouts.push(timeoutMs);
    this.objects.set(id, inputs);
    if (inputs["partial"] === true) throw new PartialFailure("is not ready", id, inputs);
    return { id, outputs: { ...inputs, token: "made" } };
  }

  async read({ id }: Existing): Promise<Created | undefined> {
    const outputs = this.objects.get(id);
    return outputs && { id, outputs };
  }

  async update({ existing, inputs }: { existing: Existing; inputs: Props }): Promise<{ outputs: Props }> {
    this.calls.push(`update ${existing.id}`);
    this.objects.set(existing.id, inputs);
    return { outputs: inputs };
  }

  async delete({ id, inputs }: Existing, { timeoutMs }: { timeoutMs: number | undefined }): Promise<void> {
    if (inputs["stuck"] === true) throw new Error("is stuck");
    this.calls.push(`delete ${id}`);
    this.timeouts.push(timeoutMs);
    this.objects.delete(id);
  }

  invoke(_token: string, args: Props): Promise<Props> {
    return Promise.resolve(args);
  }

  secretOutputs(): readonly string[] {
    return ["token"];
  }
}

export function goal(name: string, inputs: Props = {}, more: Partial<Goal> = {}): Goal {
  return {
    ...{ urn: urnOf(name), type: "fake:index:Thing", name, custom: true, parent: undefined, inputs },
    ...{ dependencies: [], propertyDependencies: {}, provider: undefined, protect: false, retainOnDelete: false },
    ...{ deletedWith: undefined, ignoreChanges: [], replaceOnChanges: [], deleteBeforeReplace: undefined },
    ...{ aliases: [], importId: undefined, additionalSecretOutputs: [], timeoutsMs: {} },
    ...more,
  };
}

export interface FakeRun {
  readonly deployer: Deployer;
  readonly events: readonly StepEvent[];
  /** Every state that was saved, the last one last. */
  readonly saved: readonly Deployment[];
}

/** Several runs on one state, each of which may be looked at as it was saved. */
export class FakeStack {
  readonly provider = new FakeProvider();
  deployment: Deployment = { resources: [], pending: [] };

  async run(goals: readonly Goal[], preview = false): Promise<FakeRun> {
    const run = await this.begin(preview);
    for (const each of goals) await run.deployer.register(each);
    await run.deployer.finish();
    return run;
  }

  async begin(preview = false): Promise<FakeRun> {
    const [events, saved]: [StepEvent[], Deployment[]] = [[], []];
    const snapshot = new Snapshot(this.deployment, (deployment) => {
      if (preview) return;
      saved.push(deployment);
      this.deployment = deployment;
    });
    const deployer = new Deployer({
      ...{ stack: "dev", project: "shop", preview, snapshot, disabledDefaults: [], parallel: 4 },
      providers: () => this.provider,
      policies: await PolicyGate.start([]),
      signal: new AbortController().signal,
      now: () => new Date("2026-01-02T03:04:05.000Z"),
      report: (event) => {
        if (!event.urn.includes("pulumi:providers")) events.push(event);
      },
      status: () => undefined,
    });
    return { deployer, events, saved };
  }

  /** The rows of things as `name`, `id` and whether they wait to be deleted. */
  get rows(): [string, string | undefined, boolean][] {
    return this.deployment.resources
      .filter(({ type }) => type === "fake:index:Thing")
      .map((row) => [row.urn.split("::").at(-1) ?? "", row.id, row.delete === true]);
  }
}
