import { withLock } from "../cluster/lock.ts";
import type { StackBackend } from "./backend.ts";
import { Deployer } from "./deployer.ts";
import { type Display, hasChanges, type Summary } from "./display.ts";
import { Monitor } from "./monitor.ts";
import { type PackOptions, PolicyGate } from "./policy-gate.ts";
import { disabledDefaultProviders, type Project, runtimeConfig } from "./project.ts";
import type { ProviderFactory } from "./provider.ts";
import { runProgram } from "./runner.ts";
import { Snapshot } from "./snapshot.ts";
import type { StepEvent } from "./steps.ts";
import type { Props } from "./values.ts";

export type Action = "preview" | "up" | "refresh" | "destroy";

export interface SessionOptions {
  readonly action: Action;
  readonly project: Project;
  readonly backend: StackBackend;
  readonly providers: ProviderFactory;
  readonly packs: readonly Omit<PackOptions, "engineAddress">[];
  readonly parallel: number;
  readonly expectNoChanges: boolean;
  readonly display: Display;
  readonly signal: AbortSignal;
}

/** The SDK throws what the engine has already said of a resource that failed. */
const repeatsFailure = (message: string): boolean => /\bError: resource .+ \[.+\] failed to register$/m.test(message);

/** One run of a stack: the state, the steps, and what is said about them. */
class Session {
  readonly #options: SessionOptions;
  readonly #snapshot: Snapshot;
  readonly #events: StepEvent[] = [];
  readonly #log: string[] = [];
  readonly #started = performance.now();

  constructor(options: SessionOptions) {
    const { backend, action } = options;
    this.#options = options;
    this.#snapshot = new Snapshot(backend.deployment, (deployment) => {
      if (action !== "preview") backend.save(deployment);
    });
  }

  async run(): Promise<Summary> {
    const { action, project, display } = this.#options;
    display.pending(this.#snapshot.interrupted);
    const parents = new Map(this.#options.backend.deployment.resources.map(({ urn, parent }) => [urn, parent]));
    const { deployer, policies } =
      action === "refresh" || action === "destroy" ? await this.#settle(action) : await this.#deploy();
    for (const { urn, parent } of this.#snapshot.deployment().resources) parents.set(urn, parent);
    // A failed resource makes the program fail too; the reason is said once.
    const log = this.#log.filter((message) => deployer.errors.length === 0 || !message.includes("failed to register"));
    const errors = [...log, ...deployer.errors];
    if (this.#options.expectNoChanges && hasChanges(this.#events)) {
      errors.push("no changes were expected but changes were proposed");
    }
    return {
      stack: project.stack,
      preview: action === "preview",
      events: this.#events,
      parents,
      policies,
      errors,
      outputs: this.#outputs(deployer),
      durationMs: performance.now() - this.#started,
    };
  }

  #outputs(deployer: Deployer): Props {
    return this.#options.action === "destroy" ? {} : deployer.stackOutputs();
  }

  #deployer(policies: PolicyGate): Deployer {
    const { project, providers, parallel, signal, display, action } = this.#options;
    return new Deployer({
      stack: project.stack,
      project: project.name,
      preview: action === "preview",
      snapshot: this.#snapshot,
      providers,
      disabledDefaults: disabledDefaultProviders(project),
      policies,
      parallel,
      signal,
      now: () => new Date(),
      report: (event) => {
        this.#events.push(event);
        if (action !== "preview") display.step(event);
      },
      status: (urn, line) => display.say(`      ${urn.split("::").at(-1)}: ${line}`),
    });
  }

  async #settle(action: "refresh" | "destroy"): Promise<{ deployer: Deployer; policies: Summary["policies"] }> {
    const deployer = this.#deployer(await PolicyGate.start([]));
    if (action === "refresh") await deployer.refresh(this.#options.backend.deployment.resources);
    else await deployer.finish();
    return { deployer, policies: { packs: [], results: [] } };
  }

  async #deploy(): Promise<{ deployer: Deployer; policies: Summary["policies"] }> {
    const { project, backend, display, action, parallel, signal, packs } = this.#options;
    const preview = action === "preview";
    let gate: PolicyGate | undefined;
    const monitor = new Monitor({
      stack: project.stack,
      project: project.name,
      deployer: () => deployer,
      log: (severity, message) => {
        if (severity === "error" && !repeatsFailure(message)) this.#log.push(message);
        else if (severity === "info" || severity === "warning") display.say(`${severity}: ${message}`);
      },
    });
    const address = await monitor.listen();
    let deployer = this.#deployer(await PolicyGate.start([]));
    try {
      gate = await PolicyGate.start(packs.map((pack) => ({ ...pack, engineAddress: address })));
      deployer = this.#deployer(gate);
      const config = runtimeConfig(project, backend.secrets);
      const print = (line: string): void => display.say(line);
      const program = await runProgram({ project, config, address, preview, parallel, signal, print });
      if (program.reason !== undefined) deployer.fail(program.reason);
      if (program.failed || deployer.errors.length > 0) deployer.keepStackOutputs();
      if (!program.failed) await this.#finish(deployer, gate);
      else if (this.#log.length === 0 && deployer.errors.length === 0) deployer.fail("the program failed");
      return { deployer, policies: { packs: await gate.names(), results: gate.results } };
    } finally {
      gate?.stop();
      monitor.close();
    }
  }

  /** Stack policies see everything that is declared, before anything is deleted. */
  async #finish(deployer: Deployer, gate: PolicyGate): Promise<void> {
    const { resources } = this.#snapshot.deployment();
    const declared = resources.filter((resource) => this.#snapshot.current(resource.urn) === resource);
    for (const { policy, message, urn } of await gate.checkStack(declared)) {
      deployer.fail(`${urn}: policy ${policy}: ${message}`);
    }
    await deployer.finish();
  }
}

/** Runs one action on a stack; one stack has one run at a time. */
export function runSession(options: SessionOptions): Promise<Summary> {
  const what = `stack "${options.project.stack}"`;
  const run = (): Promise<Summary> => new Session(options).run();
  return options.action === "preview" ? run() : withLock(`${options.backend.file.path}.lock`, what, run);
}
