import { setImmediate } from "node:timers/promises";
import { Accelerators } from "../../../quota/accelerators.ts";
import { ClusterState } from "../../../services/api/cluster-state.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import type { KubeClient, ListOptions } from "../../../services/lib/kube/client.ts";
import type { KubeObject, ResourceRef } from "../../../services/lib/kube/types.ts";
import { createLogger, type Logger } from "../../../services/lib/log.ts";

export type Objects = Readonly<Record<string, readonly object[]>>;

export const quiet: Logger = createLogger({ write: () => undefined });

/** An API server that answers lists of some objects, and never anything new. */
export class StillCluster {
  readonly #objects: Objects;
  readonly asked: string[] = [];

  constructor(objects: Objects) {
    this.#objects = objects;
  }

  async list<T extends KubeObject>({ plural }: ResourceRef, namespace?: string, options: ListOptions = {}) {
    this.asked.push(namespace === undefined ? plural : `${namespace}/${plural}`);
    const { project = (object) => object } = options;
    const items = (this.#objects[plural] ?? []).map((object) => project(object as KubeObject));
    return { items: items as T[], resourceVersion: "1" };
  }

  stream(_method: string, _path: string, { signal }: { signal?: AbortSignal } = {}): Promise<never> {
    return new Promise((_, reject) => {
      signal?.addEventListener("abort", () => reject(new Error("aborted")));
    });
  }
}

export interface Watching {
  readonly state: ClusterState;
  readonly cluster: StillCluster;
  readonly stop: () => Promise<void>;
}

/** The state of a cluster that holds some objects, by their plural names. */
export async function watching(objects: Objects): Promise<Watching> {
  const cluster = new StillCluster(objects);
  const stop = new AbortController();
  const state = new ClusterState({
    client: cluster as unknown as KubeClient,
    workNamespace: "work",
    accelerators: new Accelerators(),
    clock: systemClock,
    random: Math.random,
    log: quiet,
  });
  const running = state.run(stop.signal);
  for (let i = 0; state.problem() !== undefined && i < 100; i++) await setImmediate();
  return {
    state,
    cluster,
    stop: async () => {
      stop.abort();
      await running;
    },
  };
}
