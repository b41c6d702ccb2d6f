import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { KubeClient, type ResourceRef } from "../../../../services/lib/kube/client.ts";
import { kubeConfigFromText } from "../../../../services/lib/kube/config.ts";
import { isConflict, isNotFound, KubeError } from "../../../../services/lib/kube/errors.ts";
import { UserError } from "../../../../services/lib/user-error.ts";
import type { Guard } from "../../guard.ts";
import type {
  Check,
  CheckResult,
  Create,
  Created,
  DiffResult,
  Existing,
  Provider,
  StepContext,
  Update,
} from "../../provider.ts";
import { hasUnknown, type Props, UNKNOWN } from "../../values.ts";
import { AUTONAMED, compare, identityChanges, isImmutable, replacement } from "./comparison.ts";
import {
  annotationsOf,
  foreseen,
  idOf,
  isManagedBy,
  type KubeJson,
  kindOf,
  metadataOf,
  nameOf,
  problemsOf,
  refuseUnsupported,
  stripped,
  withKnown,
  withoutNulls,
  withTextsAsData,
} from "./object.ts";
import { type Target, untilGone, untilReady } from "./wait.ts";

/** Our name in an object's managed fields. */
export const FIELD_MANAGER = "carrel-lab-engine";
const SUPPORTED_ARGS = [
  "kubeconfig",
  "context",
  "namespace",
  "enablePatchForce",
  "clusterIdentifier",
  "enableServerSideApply",
  "suppressDeprecationWarnings",
  "version",
];

/** A kubeconfig as text: given as text or path, else where kubectl looks. */
function kubeconfigText(given: unknown): string {
  const text = typeof given === "string" ? given : (process.env["KUBECONFIG"] ?? join(homedir(), ".kube", "config"));
  if (text.includes("\n") || text.trimStart().startsWith("{")) return text;
  if (existsSync(text)) return readFileSync(text, "utf8");
  throw new UserError("kubeconfig", `kubeconfig "${text}" is neither a file nor the text of one`);
}

/** Any object of the API server, found by discovery and applied by server-side apply. */
export class KubernetesProvider implements Provider {
  readonly #guard: Guard;
  #client: KubeClient | undefined;
  #force = false;
  #defaultNamespace = "default";

  constructor(guard: Guard) {
    this.#guard = guard;
  }

  configure(inputs: Props): Promise<void> {
    const unsupported = Object.keys(inputs).filter((name) => !SUPPORTED_ARGS.includes(name));
    if (String(inputs["enableServerSideApply"] ?? "true") !== "true") unsupported.push("enableServerSideApply=false");
    if (unsupported.length > 0) {
      throw new UserError(
        "provider-args",
        `kubernetes.Provider: ${unsupported.join(", ")} is not supported by the lab's engine`,
      );
    }
    const context = typeof inputs["context"] === "string" ? inputs["context"] : undefined;
    const config = kubeConfigFromText(kubeconfigText(inputs["kubeconfig"]), context);
    this.#guard(config);
    this.#client = new KubeClient(config, { userAgent: FIELD_MANAGER, timeoutMs: 60_000 });
    this.#force = String(inputs["enablePatchForce"]) === "true";
    if (typeof inputs["namespace"] === "string") this.#defaultNamespace = inputs["namespace"];
    return Promise.resolve();
  }

  async check({ type, name, olds, news }: Check): Promise<CheckResult> {
    refuseUnsupported(type);
    const failures = problemsOf(news);
    if (failures.length > 0) return { inputs: news, failures };
    const metadata = metadataOf(news);
    const named = metadata["name"] === undefined ? this.#autonamed(name, news, olds) : news;
    const ref = await this.#refIfKnown(news);
    const namespaced = ref?.namespaced === true && metadataOf(named)["namespace"] === undefined;
    const inputs = namespaced
      ? { ...named, metadata: { ...metadataOf(named), namespace: this.#defaultNamespace } }
      : named;
    return { inputs: withoutNulls(inputs), failures };
  }

  async diff(existing: Existing, inputs: Props): Promise<DiffResult> {
    const identity = identityChanges(existing.inputs, inputs);
    if (identity.length > 0) return { changes: identity, replace: true, deleteBeforeReplace: false };
    const target = await this.#target(inputs);
    const live = target && (await this.#live(target));
    if (!target || !live) return { changes: [], replace: false, deleteBeforeReplace: false, gone: true };
    const { value, unknown } = withKnown(withTextsAsData(inputs), live);
    try {
      const applied = await this.#apply(target, value as Props, true);
      return compare(inputs, live, applied, unknown);
    } catch (error) {
      if (isImmutable(error)) return replacement(existing.inputs, inputs, error);
      throw error;
    }
  }

  async create(request: Create): Promise<Created> {
    const { inputs, preview, recovering } = request;
    if (preview) return { id: hasUnknown(metadataOf(inputs)["name"]) ? "" : idOf(inputs), outputs: foreseen(inputs) };
    const target = await this.#known(inputs);
    const live = await this.#live(target);
    if (live && !(recovering && isManagedBy(live, FIELD_MANAGER))) {
      throw new UserError(
        "exists",
        `${target.ref.kind} ${idOf(live)} already exists: import it with the resource option \`import: "${idOf(live)}"\`, or delete it`,
      );
    }
    return this.#settled(target, await this.#apply(target, inputs, false), request);
  }

  async read({ type, inputs, id }: Existing): Promise<Created | undefined> {
    const [namespace, name] = id.includes("/")
      ? id.split("/")
      : [metadataOf(inputs)["namespace"], id || nameOf(inputs)];
    // `Resource.get` says no more than the type and the id.
    const target = await this.#target({ ...kindOf(type), ...inputs, metadata: { namespace, name } });
    const live = target && (await this.#live(target));
    // Without an id this is what an interrupted creation may have left; another's object is not ours to take.
    if (!live || (id === "" && !isManagedBy(live, FIELD_MANAGER))) return undefined;
    return { id: idOf(live), outputs: stripped(live) };
  }

  async update(request: Update): Promise<{ readonly outputs: Props }> {
    const { inputs, preview } = request;
    const target = await this.#known(inputs);
    if (!preview) return this.#settled(target, await this.#apply(target, inputs, false), request);
    const live = await this.#live(target);
    const { value, unknown } = withKnown(withTextsAsData(inputs), live);
    const applied = stripped(await this.#apply(target, value as Props, true));
    return { outputs: unknown.length > 0 ? { ...applied, status: UNKNOWN } : applied };
  }

  async delete(existing: Existing, context: StepContext): Promise<void> {
    const target = await this.#target(existing.outputs["kind"] === undefined ? existing.inputs : existing.outputs);
    if (!target) return;
    const uid = metadataOf(existing.outputs)["uid"];
    try {
      await target.client.delete(target.ref, target.namespace, target.name, {
        propagationPolicy: "Foreground",
        ...(typeof uid === "string" ? { uid } : {}),
      });
    } catch (error) {
      if (isNotFound(error)) return;
      // Another object of that name is there, or ours is a namespace that is on its way out.
      if (!isConflict(error)) throw error;
    }
    await untilGone(target, uid, context);
    if (target.ref.kind === "CustomResourceDefinition") target.client.invalidate();
  }

  invoke(token: string): Promise<Props> {
    return Promise.reject(
      new UserError("invoke-unsupported", `the lab's engine does not support the function ${token}: use Pulumi's CLI`),
    );
  }

  secretOutputs(type: string): readonly string[] {
    return type === "kubernetes:core/v1:Secret" ? ["data", "stringData"] : [];
  }

  #autonamed(name: string, news: Props, olds: Props | undefined): Props {
    const kept = olds !== undefined && annotationsOf(olds)[AUTONAMED] === "true" ? nameOf(olds) : undefined;
    const annotations = { ...annotationsOf(news), [AUTONAMED]: "true" };
    return {
      ...news,
      metadata: { ...metadataOf(news), name: kept ?? `${name}-${randomBytes(4).toString("hex")}`, annotations },
    };
  }

  /** The finished object, when it is what it should be. */
  async #settled(target: Target, applied: KubeJson, context: StepContext): Promise<Created> {
    const ready = await untilReady(target, applied, context);
    if (target.ref.kind === "CustomResourceDefinition") target.client.invalidate();
    return { id: idOf(ready), outputs: stripped(ready) };
  }

  #live(target: Target): Promise<KubeJson | undefined> {
    return target.client.get<KubeJson>(target.ref, target.namespace, target.name).catch((error: unknown) => {
      if (isNotFound(error)) return undefined;
      throw error;
    });
  }

  async #apply(target: Target, inputs: Props, dryRun: boolean): Promise<KubeJson> {
    try {
      return await target.client.patch<KubeJson>(target.ref, target.namespace, target.name, withTextsAsData(inputs), {
        type: "apply",
        fieldManager: FIELD_MANAGER,
        fieldValidation: "Strict",
        force: this.#force || annotationsOf(inputs)["pulumi.com/patchForce"] === "true",
        dryRun,
      });
    } catch (error) {
      if (!(error instanceof KubeError) || !isConflict(error)) throw error;
      throw new UserError(
        "conflict",
        `${target.ref.kind} ${idOf(inputs)}: another manager owns what is declared here (${error.message}): set enablePatchForce on the provider, or ignoreChanges on the field`,
      );
    }
  }

  /** How the object is addressed; nothing while its kind is not known to the server. */
  async #target(object: Props): Promise<Target | undefined> {
    const client = this.#ready();
    const ref = await this.#refIfKnown(object);
    if (!ref) return undefined;
    const namespace = metadataOf(object)["namespace"];
    return {
      client,
      ref,
      namespace: ref.namespaced ? String(namespace ?? this.#defaultNamespace) : undefined,
      name: nameOf(object),
    };
  }

  async #known(object: Props): Promise<Target> {
    const target = await this.#target(object);
    if (target) return target;
    throw new UserError(
      "kind-unknown",
      `the cluster does not know ${object["apiVersion"]} ${object["kind"]}: let its definition be created first (dependsOn)`,
    );
  }

  #refIfKnown(object: Props): Promise<ResourceRef | undefined> {
    return this.#ready()
      .resourceFor(String(object["apiVersion"]), String(object["kind"]))
      .catch((error: unknown) => {
        if (isNotFound(error)) return undefined;
        throw error;
      });
  }

  #ready(): KubeClient {
    if (this.#client) return this.#client;
    throw new Error("the kubernetes provider is used before it is configured");
  }
}
