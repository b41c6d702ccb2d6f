import { Server, ServerCredentials, status } from "@grpc/grpc-js";
import { reasonOf } from "../../services/lib/log.ts";
import type { Deployer } from "./deployer.ts";
import {
  type Callback,
  Empty,
  type Engine,
  engine,
  propsFrom,
  type Resource,
  resource,
  services,
  structFrom,
} from "./protocol.ts";
import { goalFrom, inheritedAliases } from "./registration.ts";
import { Transforms } from "./transforms.ts";
import { childUrn } from "./urn.ts";

export interface MonitorOptions {
  readonly stack: string;
  readonly project: string;
  /** What takes the registrations; policy packs need the monitor's address before it can be made. */
  readonly deployer: () => Deployer;
  /** What the program logs, by severity: debug, info, warning, error. */
  readonly log: (severity: "debug" | "info" | "warning" | "error", message: string, urn: string) => void;
}

/** What the SDK may use, as it asks one by one where there is no GetDeploymentInfo; all else it does without. */
const FEATURES = ["secrets", "resourceReferences", "aliasSpecs", "deletedWith", "transforms"];
const LIMITS = { "grpc.max_receive_message_length": -1, "grpc.max_send_message_length": -1 };
const severities = ["debug", "info", "warning", "error"] as const;

interface Call<T> {
  readonly request: T;
}
type Answer = (error: { code: number; message: string } | null, response?: unknown) => void;

/** A handler whose refusal reaches the program as a gRPC error with its reason. */
function handler<T>(work: (request: T) => Promise<unknown>): (call: Call<T>, answer: Answer) => void {
  return ({ request }, answer) => {
    work(request).then(
      (response) => answer(null, response),
      (error: unknown) => answer({ code: status.UNKNOWN, message: reasonOf(error) }),
    );
  };
}

const refused = (what: string) =>
  handler(() =>
    Promise.reject(new Error(`the lab's engine does not support ${what}: use Pulumi's CLI (ENGINE=pulumi)`)),
  );

/** Serves Pulumi's ResourceMonitor and Engine to the language runner of one run. */
export class Monitor {
  readonly #options: MonitorOptions;
  readonly #server = new Server(LIMITS);
  readonly #transforms = new Transforms();
  readonly #aliases = new Map<string, readonly string[]>();
  #rootUrn = "";

  constructor(options: MonitorOptions) {
    this.#options = options;
    this.#server.addService(services.monitor.ResourceMonitorService, this.#monitorHandlers() as never);
    this.#server.addService(services.engine.EngineService, this.#engineHandlers() as never);
  }

  /** Starts to listen on the loopback and answers the address. */
  listen(): Promise<string> {
    return new Promise((resolve, reject) => {
      this.#server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) =>
        error ? reject(error) : resolve(`127.0.0.1:${port}`),
      );
    });
  }

  close(): void {
    this.#transforms.close();
    this.#server.forceShutdown();
  }

  #monitorHandlers(): Record<string, unknown> {
    return {
      supportsFeature: handler((request: Resource.SupportsFeatureRequest) => {
        const response = new resource.SupportsFeatureResponse();
        response.setHassupport(FEATURES.includes(request.getId()));
        return Promise.resolve(response);
      }),
      registerResource: handler((request: Resource.RegisterResourceRequest) => this.#register(request)),
      registerResourceOutputs: handler((request: Resource.RegisterResourceOutputsRequest) => {
        this.#options.deployer().registerOutputs(request.getUrn(), propsFrom(request.getOutputs()));
        return Promise.resolve(new Empty());
      }),
      readResource: handler((request: Resource.ReadResourceRequest) => this.#read(request)),
      invoke: handler((request: Resource.ResourceInvokeRequest) => this.#invoke(request)),
      registerStackTransform: handler((request: Callback.Callback) => {
        this.#transforms.addStackTransform(request);
        return Promise.resolve(new Empty());
      }),
      signalAndWaitForShutdown: handler(() => Promise.resolve(new Empty())),
      registerStackInvokeTransform: refused("invoke transforms"),
      registerResourceHook: refused("resource hooks"),
      registerErrorHook: refused("error hooks"),
      registerPackage: refused("parameterized packages"),
      call: refused("methods of remote components"),
      existsResource: refused("existsResource"),
    };
  }

  #engineHandlers(): Record<string, unknown> {
    return {
      log: handler((request: Engine.LogRequest) => {
        this.#options.log(severities[request.getSeverity()] ?? "info", request.getMessage(), request.getUrn());
        return Promise.resolve(new Empty());
      }),
      getRootResource: handler(() => {
        const response = new engine.GetRootResourceResponse();
        response.setUrn(this.#rootUrn);
        return Promise.resolve(response);
      }),
      setRootResource: handler((request: Engine.SetRootResourceRequest) => {
        this.#rootUrn = request.getUrn();
        return Promise.resolve(new engine.SetRootResourceResponse());
      }),
      startDebugging: refused("debugging"),
      requirePulumiVersion: refused("requirePulumiVersion"),
    };
  }

  async #register(request: Resource.RegisterResourceRequest): Promise<Resource.RegisterResourceResponse> {
    const { stack, project, deployer } = this.#options;
    const declared = goalFrom(request, stack, project);
    const inherited = inheritedAliases(declared, this.#aliases.get(declared.parent ?? "") ?? []);
    const goal = await this.#transforms.apply(
      { ...declared, aliases: [...declared.aliases, ...inherited] },
      request.getTransformsList(),
    );
    this.#aliases.set(goal.urn, goal.aliases);
    const registered = await deployer().register(goal);
    const response = new resource.RegisterResourceResponse();
    response.setUrn(registered.urn);
    response.setId(registered.id);
    response.setObject(structFrom(registered.outputs));
    if (registered.failed) {
      if (!request.getSupportsresultreporting()) throw new Error(`${registered.urn} failed`);
      response.setResult(resource.Result.FAIL);
    }
    return response;
  }

  async #read(request: Resource.ReadResourceRequest): Promise<Resource.ReadResourceResponse> {
    const { stack, project, deployer } = this.#options;
    const register = new resource.RegisterResourceRequest();
    register.setType(request.getType());
    register.setName(request.getName());
    register.setParent(request.getParent());
    register.setCustom(true);
    register.setProvider(request.getProvider());
    register.setDependenciesList(request.getDependenciesList());
    register.setAdditionalsecretoutputsList(request.getAdditionalsecretoutputsList());
    const properties = request.getProperties();
    if (properties) register.setObject(properties);
    const { outputs } = await deployer().read(goalFrom(register, stack, project), request.getId());
    const response = new resource.ReadResourceResponse();
    response.setUrn(childUrn(stack, project, request.getParent() || undefined, request.getType(), request.getName()));
    response.setProperties(structFrom(outputs));
    return response;
  }

  async #invoke(request: Resource.ResourceInvokeRequest): Promise<unknown> {
    const result = await this.#options
      .deployer()
      .invoke(request.getTok(), propsFrom(request.getArgs()), request.getProvider() || undefined);
    const response = new resource.ResourceInvokeResponse();
    response.setReturn(structFrom(result));
    return response;
  }
}
