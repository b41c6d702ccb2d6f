import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { resolve } from "node:path";
import { credentials } from "@grpc/grpc-js";
import { UserError } from "../../services/lib/user-error.ts";
import type { Goal } from "./goal.ts";
import { type Analyzer, analyzer, type Client, call, Empty, propsFrom, services, structFrom } from "./protocol.ts";
import type { ResourceState } from "./state.ts";
import { nameOf, typeOf } from "./urn.ts";
import { isRecord, type Props } from "./values.ts";

export interface PolicyResult {
  readonly policy: string;
  readonly pack: string;
  readonly mandatory: boolean;
  readonly urn: string;
  readonly message: string;
}

export interface PackOptions {
  readonly folder: string;
  /** Values of the pack's policies by name, as `--policy-pack-config` gives them. */
  readonly config: Readonly<Record<string, Props>>;
  readonly engineAddress: string;
}

const MESSAGE_LIMIT = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
const require = createRequire(import.meta.url);

/** One policy pack as a process of its own, asked over Pulumi's Analyzer protocol. */
class Pack {
  readonly #process: ChildProcess;
  readonly #client: Client;

  private constructor(child: ChildProcess, client: Client) {
    this.#process = child;
    this.#client = client;
  }

  static async start(options: PackOptions): Promise<Pack> {
    const folder = resolve(options.folder);
    const runner = require.resolve("@pulumi/pulumi/cmd/run-policy-pack");
    const child = spawn(process.execPath, [runner, options.engineAddress, folder], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    const port = await portOf(child, folder);
    const client = new services.analyzer.AnalyzerClient(
      `127.0.0.1:${port}`,
      credentials.createInsecure(),
      MESSAGE_LIMIT,
    );
    const pack = new Pack(child, client);
    const info = await call<Analyzer.AnalyzerInfo>(client, "getAnalyzerInfo", new Empty());
    refuseRemediation(info);
    await pack.#configure(info, options.config);
    return pack;
  }

  /** Gives every policy its values: what is configured, then what its schema has as default. */
  async #configure(info: Analyzer.AnalyzerInfo, config: PackOptions["config"]): Promise<void> {
    const request = new analyzer.ConfigureAnalyzerRequest();
    for (const policy of info.getPoliciesList()) {
      const { enforcementLevel, ...properties } = config[policy.getName()] ?? {};
      const schema = Object.entries(propsFrom(policy.getConfigschema()?.getProperties()));
      const defaults = schema.flatMap(([key, entry]) =>
        isRecord(entry) && entry["default"] !== undefined ? [[key, entry["default"]]] : [],
      );
      const value = new analyzer.PolicyConfig();
      value.setEnforcementlevel(levels[String(enforcementLevel)] ?? policy.getEnforcementlevel());
      value.setProperties(structFrom({ ...Object.fromEntries(defaults), ...properties }));
      request.getPolicyconfigMap().set(policy.getName(), value);
    }
    await call(this.#client, "configure", request);
  }

  async analyze(goal: Goal, inputs: Props): Promise<PolicyResult[]> {
    const request = new analyzer.AnalyzeRequest();
    request.setType(goal.type);
    request.setUrn(goal.urn);
    request.setName(goal.name);
    request.setProperties(structFrom(inputs, false));
    request.setOptions(optionsOf(goal));
    const response = await call<Analyzer.AnalyzeResponse>(this.#client, "analyze", request);
    return response.getDiagnosticsList().map((diagnostic) => resultOf(diagnostic, goal.urn));
  }

  async analyzeStack(resources: readonly ResourceState[]): Promise<PolicyResult[]> {
    const request = new analyzer.AnalyzeStackRequest();
    for (const { urn, outputs, inputs, parent, dependencies } of resources) {
      const entry = new analyzer.AnalyzerResource();
      entry.setUrn(urn);
      entry.setType(typeOf(urn));
      entry.setName(nameOf(urn));
      entry.setParent(parent ?? "");
      entry.setOptions(new analyzer.AnalyzerResourceOptions());
      entry.setDependenciesList([...(dependencies ?? [])]);
      entry.setProperties(structFrom({ ...inputs, ...outputs }, false));
      request.addResources(entry);
    }
    const response = await call<Analyzer.AnalyzeResponse>(this.#client, "analyzeStack", request);
    return response.getDiagnosticsList().map((diagnostic) => resultOf(diagnostic, diagnostic.getUrn()));
  }

  async name(): Promise<string> {
    const info = await call<Analyzer.AnalyzerInfo>(this.#client, "getAnalyzerInfo", new Empty());
    return `${info.getName()} ${info.getVersion()}`;
  }

  stop(): void {
    this.#client.close();
    this.#process.kill();
  }
}

const levels: Readonly<Record<string, 0 | 1 | 2 | 3>> = { advisory: 0, mandatory: 1, disabled: 2, remediate: 3 };

/** @throws UserError for policies that change resources, which this engine would have to apply */
function refuseRemediation(info: Analyzer.AnalyzerInfo): void {
  const remediating = info
    .getPoliciesList()
    .filter((policy) => policy.getEnforcementlevel() === analyzer.EnforcementLevel.REMEDIATE)
    .map((policy) => policy.getName());
  if (remediating.length === 0) return;
  throw new UserError(
    "policy-unsupported",
    `policy pack ${info.getName()}: ${remediating.join(", ")} remediates, which the lab's engine does not support: use Pulumi's CLI`,
  );
}

function optionsOf(goal: Goal): Analyzer.AnalyzerResourceOptions {
  const options = new analyzer.AnalyzerResourceOptions();
  const timeouts = new analyzer.AnalyzerResourceOptions.CustomTimeouts();
  timeouts.setCreate((goal.timeoutsMs.create ?? 0) / 1000);
  timeouts.setUpdate((goal.timeoutsMs.update ?? 0) / 1000);
  timeouts.setDelete((goal.timeoutsMs.delete ?? 0) / 1000);
  options.setCustomtimeouts(timeouts);
  options.setProtect(goal.protect);
  options.setParent(goal.parent ?? "");
  options.setIgnorechangesList([...goal.ignoreChanges]);
  options.setAliasesList([...goal.aliases]);
  options.setAdditionalsecretoutputsList([...goal.additionalSecretOutputs]);
  options.setDeletebeforereplacedefined(goal.deleteBeforeReplace !== undefined);
  options.setDeletebeforereplace(goal.deleteBeforeReplace === true);
  return options;
}

function resultOf(diagnostic: Analyzer.AnalyzeDiagnostic, urn: string): PolicyResult {
  return {
    policy: diagnostic.getPolicyname(),
    pack: diagnostic.getPolicypackname(),
    mandatory: diagnostic.getEnforcementlevel() === analyzer.EnforcementLevel.MANDATORY,
    urn,
    message: diagnostic.getMessage(),
  };
}

/** A pack says its port on its first line. */
function portOf(child: ChildProcess, folder: string): Promise<number> {
  return new Promise((resolvePort, reject) => {
    let errors = "";
    const failed = (reason: string): void =>
      reject(new UserError("policy-pack", `policy pack ${folder} does not start: ${reason}`));
    child.stderr?.on("data", (chunk: Buffer) => {
      errors += chunk.toString("utf8");
    });
    child.stdout?.on("data", (chunk: Buffer) => {
      const port = Number(/^\d+/.exec(chunk.toString("utf8"))?.[0]);
      if (Number.isInteger(port) && port > 0) resolvePort(port);
    });
    child.once("error", (error) => failed(error.message));
    child.once("exit", (code) => failed(`exit code ${code}: ${errors.trim()}`));
  });
}

/** Every policy of every pack, asked before a step; a mandatory violation stops that step. */
export class PolicyGate {
  readonly #packs: readonly Pack[];
  readonly #results: PolicyResult[] = [];

  private constructor(packs: readonly Pack[]) {
    this.#packs = packs;
  }

  static async start(packs: readonly PackOptions[]): Promise<PolicyGate> {
    return new PolicyGate(await Promise.all(packs.map((options) => Pack.start(options))));
  }

  get results(): readonly PolicyResult[] {
    return this.#results;
  }

  names(): Promise<string[]> {
    return Promise.all(this.#packs.map((pack) => pack.name()));
  }

  /** @throws UserError naming every mandatory rule that the resource breaks */
  async check(goal: Goal, inputs: Props): Promise<void> {
    const results = (await Promise.all(this.#packs.map((pack) => pack.analyze(goal, inputs)))).flat();
    this.#results.push(...results);
    const broken = results.filter((result) => result.mandatory);
    if (broken.length === 0) return;
    throw new UserError("policy", "refused by policy", {
      problems: broken.map(({ policy, message }) => `policy ${policy}: ${message}`),
    });
  }

  /** Policies over the whole stack; answers the mandatory ones that are broken. */
  async checkStack(resources: readonly ResourceState[]): Promise<readonly PolicyResult[]> {
    const results = (await Promise.all(this.#packs.map((pack) => pack.analyzeStack(resources)))).flat();
    this.#results.push(...results);
    return results.filter((result) => result.mandatory);
  }

  stop(): void {
    for (const pack of this.#packs) pack.stop();
  }
}
