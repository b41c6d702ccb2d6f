import { randomBytes } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { customResourceDefinitions, kubeflowPodDefaultDefinition } from "../../crds/index.ts";
import { existingLayout } from "../../lab/cluster/built.ts";
import type { LabLayout } from "../../lab/cluster/layout.ts";
import { readLab } from "../../lab/endpoints.ts";
import { KubeClient, type KubeConfig, type KubeObject, type ResourceRef } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { isConflict, isNotFound } from "../../services/lib/kube/errors.ts";
import { resourcePath } from "../../services/lib/kube/types.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { refs } from "./objects.ts";
import { ensurePoster, type PostLoad, type PostSummary, post } from "./poster.ts";

const POLL_MS = 100;
const DEADLINE_MS = 300_000;

/** Asks until something is so. @throws Error naming what was awaited, with the last failure as its cause */
export async function until(what: string, probe: () => Promise<boolean>, timeoutMs = DEADLINE_MS): Promise<void> {
  let cause: unknown;
  for (const end = performance.now() + timeoutMs; performance.now() < end; await pause(POLL_MS)) {
    try {
      if (await probe()) return;
    } catch (error) {
      cause = error;
    }
  }
  throw new Error(`${what}: not within ${timeoutMs / 1000} s`, { cause });
}

/** A lab with what one benchmark makes in it; all of that is removed at its end. */
export class Scene {
  readonly run = randomBytes(3).toString("hex");
  readonly client: KubeClient;
  readonly config: KubeConfig;
  readonly layout: LabLayout;
  readonly #poster: string;
  readonly #undo: (() => Promise<unknown>)[] = [];
  readonly #over = new AbortController();

  private constructor(layout: LabLayout, config: KubeConfig, poster: string) {
    this.layout = layout;
    this.config = config;
    this.client = new KubeClient(config, { userAgent: "carrel-bench" });
    this.#poster = poster;
  }

  /** Opens the lab that LAB_NAME names, for the time of `work`. @throws UserError where there is none */
  static async use(work: (scene: Scene) => Promise<void>): Promise<void> {
    const name = process.env["LAB_NAME"] ?? "bench";
    const { kubeconfig, context } = readLab(name);
    const layout = existingLayout(name);
    if (!layout) {
      throw new UserError("lab-variant", `lab "${name}" has no network of its own: use one that was built here`);
    }
    const scene = new Scene(layout, kubeConfigFromFile(kubeconfig, context), await ensurePoster());
    const interrupted = new Promise<never>((_, reject) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => reject(new Error(`ended by ${signal}`)));
    });
    try {
      await scene.#define();
      await Promise.race([work(scene), interrupted]);
    } finally {
      await scene.#close();
    }
  }

  /** Aborts when the scene is about to be closed: loads end with it. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  name(suffix: string): string {
    return `bench-${this.run}-${suffix}`;
  }

  /** Runs when the scene is closed, before what was deferred earlier. */
  defer(undo: () => Promise<unknown>): void {
    this.#undo.push(undo);
  }

  /** Makes an object until the scene is closed. */
  async make<T = KubeObject>(ref: ResourceRef, namespace: string | undefined, object: object): Promise<T> {
    const made = await this.client.create<T & KubeObject>(ref, namespace, object);
    // What is in a namespace goes with it.
    if (namespace === undefined) this.defer(() => this.client.delete(ref, undefined, made.metadata.name));
    return made;
  }

  /** Makes a namespace in which pods can be created. */
  async namespace(suffix: string, labels: Record<string, string> = {}): Promise<string> {
    const name = this.name(suffix);
    const { apiVersion, kind } = refs.namespaces;
    await this.client.create(refs.namespaces, undefined, { apiVersion, kind, metadata: { name, labels } });
    this.defer(async () => {
      await this.empty(name);
      await this.client.delete(refs.namespaces, undefined, name);
      await until(`namespace ${name} is gone`, () =>
        this.client.get(refs.namespaces, undefined, name).then(() => false, isNotFound),
      );
    });
    await until("the service account of a new namespace", async () => {
      await this.client.get(refs.accounts, name, "default");
      return true;
    });
    return name;
  }

  async group(suffix: string, spec: object = {}): Promise<string> {
    const name = this.name(suffix);
    const { apiVersion, kind } = refs.groups;
    await this.make(refs.groups, undefined, {
      apiVersion,
      kind,
      metadata: { name },
      spec: { displayName: name, ...spec },
    });
    return name;
  }

  /** Sends a load. @throws Error when any request failed */
  post(load: PostLoad): Promise<PostSummary> {
    return post(this.#poster, load, this.signal);
  }

  /** Creates pods over connections of their own, as an administrator. */
  createPods(
    namespace: string,
    pod: object,
    load: Pick<PostLoad, "connections" | "seconds" | "warmupSeconds" | "limit"> & { readonly dryRun?: boolean },
  ): Promise<PostSummary> {
    const { dryRun = false, ...rest } = load;
    const { server, ca = "", cert = "", key = "" } = this.config;
    const url = `${server}${resourcePath(refs.pods, namespace)}${dryRun ? "?dryRun=All" : ""}`;
    return this.post({ ...rest, url, ca, certificate: cert, key, bodies: [JSON.stringify(pod)] });
  }

  /** Creates exactly so many pods. */
  async fill(namespace: string, pod: object, count: number): Promise<void> {
    // To the program that creates them, a limit of 0 is none.
    if (count === 0) return;
    const { sent } = await this.createPods(namespace, pod, { connections: 8, seconds: 600, limit: count });
    if (sent !== count) throw new Error(`${sent} of ${count} pods were created in time`);
  }

  /** Deletes all pods of a namespace, and waits until they are gone. */
  async empty(namespace: string): Promise<void> {
    await until(`no pod is left in ${namespace}`, async () => {
      const body = { apiVersion: "v1", kind: "DeleteOptions", gracePeriodSeconds: 0 };
      await this.client.request("DELETE", resourcePath(refs.pods, namespace), { body, timeoutMs: 120_000 });
      return (await this.client.list(refs.pods, namespace, { limit: 1 })).items.length === 0;
    });
  }

  /** The definitions, where the platform has not made them. */
  async #define(): Promise<void> {
    for (const definition of [...customResourceDefinitions, kubeflowPodDefaultDefinition]) {
      const { name } = definition.metadata;
      await this.make(refs.definitions, undefined, definition).catch((error: unknown) => {
        if (!isConflict(error)) throw error;
      });
      await until(`definition ${name} is served`, async () => {
        const { status } = await this.client.get<{ status?: { conditions?: { type: string; status: string }[] } }>(
          refs.definitions,
          undefined,
          name,
        );
        return status?.conditions?.some((each) => each.type === "Established" && each.status === "True") ?? false;
      });
    }
  }

  async #close(): Promise<void> {
    this.#over.abort();
    for (const undo of this.#undo.toReversed()) {
      await undo().catch((error: unknown) => {
        if (!isNotFound(error)) console.error("not cleaned up:", error);
      });
    }
    this.client.close();
  }
}
