import { credentials } from "@grpc/grpc-js";
import { UserError } from "../../services/lib/user-error.ts";
import type { Goal } from "./goal.ts";
import { type Callback, type Client, call, callback, propsFrom, resource, services, structFrom } from "./protocol.ts";

/** Functions of the program that change resources before they are registered; they run in the program's process. */
export class Transforms {
  readonly #stack: Callback.Callback[] = [];
  readonly #clients = new Map<string, Client>();

  addStackTransform(transform: Callback.Callback): void {
    this.#stack.push(transform);
  }

  /** The goal after its own transforms and then the stack's, as Pulumi orders them. */
  async apply(goal: Goal, own: readonly Callback.Callback[]): Promise<Goal> {
    let changed = goal;
    for (const transform of [...own, ...this.#stack]) changed = await this.#run(changed, transform);
    return changed;
  }

  close(): void {
    for (const client of this.#clients.values()) client.close();
  }

  async #run(goal: Goal, transform: Callback.Callback): Promise<Goal> {
    const request = new resource.TransformRequest();
    request.setType(goal.type);
    request.setName(goal.name);
    request.setCustom(goal.custom);
    request.setParent(goal.parent ?? "");
    request.setProperties(structFrom(goal.inputs));
    request.setOptions(optionsOf(goal));
    const invocation = new callback.CallbackInvokeRequest();
    invocation.setToken(transform.getToken());
    invocation.setRequest(request.serializeBinary());
    const answer = await call<Callback.CallbackInvokeResponse>(
      this.#client(transform.getTarget()),
      "invoke",
      invocation,
    );
    const response = resource.TransformResponse.deserializeBinary(answer.getResponse_asU8());
    const inputs = response.hasProperties() ? propsFrom(response.getProperties()) : goal.inputs;
    const options = response.getOptions();
    return options ? { ...goal, inputs, ...changedOptions(options, goal) } : { ...goal, inputs };
  }

  #client(target: string): Client {
    const known = this.#clients.get(target);
    if (known) return known;
    const client = new services.callback.CallbacksClient(target, credentials.createInsecure());
    this.#clients.set(target, client);
    return client;
  }
}

type Options = InstanceType<typeof resource.TransformResourceOptions>;

function optionsOf(goal: Goal): Options {
  const options = new resource.TransformResourceOptions();
  options.setDependsOnList([...goal.dependencies]);
  options.setProtect(goal.protect);
  options.setRetainOnDelete(goal.retainOnDelete);
  options.setIgnoreChangesList([...goal.ignoreChanges]);
  options.setReplaceOnChangesList([...goal.replaceOnChanges]);
  options.setProvider(goal.provider ?? "");
  options.setDeletedWith(goal.deletedWith ?? "");
  options.setAdditionalSecretOutputsList([...goal.additionalSecretOutputs]);
  options.setImport(goal.importId ?? "");
  if (goal.deleteBeforeReplace !== undefined) options.setDeleteBeforeReplace(goal.deleteBeforeReplace);
  return options;
}

function changedOptions(options: Options, goal: Goal): Partial<Goal> {
  if (options.getReplaceWithList().length > 0 || options.hasReplacementTrigger()) {
    throw new UserError(
      "unsupported-option",
      `a transform of "${goal.name}" sets replaceWith or replacementTrigger, which the lab's engine does not support: use Pulumi's CLI`,
    );
  }
  return {
    dependencies: [...options.getDependsOnList()].sort(),
    protect: options.getProtect() === true,
    retainOnDelete: options.getRetainOnDelete() === true,
    ignoreChanges: options.getIgnoreChangesList(),
    replaceOnChanges: options.getReplaceOnChangesList(),
    provider: options.getProvider() || undefined,
    deletedWith: options.getDeletedWith() || undefined,
    additionalSecretOutputs: options.getAdditionalSecretOutputsList(),
    deleteBeforeReplace: options.hasDeleteBeforeReplace() ? options.getDeleteBeforeReplace() === true : undefined,
  };
}
