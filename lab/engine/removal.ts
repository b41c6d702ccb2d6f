import { reasonOf } from "../../services/lib/log.ts";
import type { Provider } from "./provider.ts";
import { isProviderType, urnOfReference } from "./provider-registry.ts";
import type { Snapshot } from "./snapshot.ts";
import type { ResourceState } from "./state.ts";
import type { StepEvent, Steps } from "./steps.ts";

export interface RemovalOptions {
  readonly snapshot: Snapshot;
  readonly preview: boolean;
  readonly steps: Steps;
  readonly limited: <T>(work: () => Promise<T>) => Promise<T>;
  readonly providerOf: (resource: ResourceState) => Promise<Provider | undefined>;
  readonly report: (event: StepEvent) => void;
  readonly fail: (message: string) => void;
}

/** What has to outlive a resource: its parent, provider and dependencies. */
export function neededBy(resource: ResourceState): string[] {
  const properties = Object.values(resource.propertyDependencies ?? {}).flat();
  const provider = resource.provider === undefined ? [] : [urnOfReference(resource.provider)];
  const single = [resource.parent, resource.deletedWith].filter((urn) => urn !== undefined);
  return [...new Set([...(resource.dependencies ?? []), ...properties, ...provider, ...single])];
}

/** Deletes what is obsolete, each after everything that needs it, as many at once as that allows. */
export class Removal {
  readonly #options: RemovalOptions;

  constructor(options: RemovalOptions) {
    this.#options = options;
  }

  async run(): Promise<void> {
    const obsolete = this.#options.snapshot.obsolete();
    const done = new Map<ResourceState, Promise<boolean>>();
    const remove = (resource: ResourceState): Promise<boolean> => {
      const begun = done.get(resource);
      if (begun !== undefined) return begun;
      const dependents = obsolete.filter((other) => other !== resource && neededBy(other).includes(resource.urn));
      const removal = Promise.all(dependents.map(remove)).then((results) =>
        results.every(Boolean) ? this.#remove(resource) : false,
      );
      done.set(resource, removal);
      return removal;
    };
    // Last made, first deleted, where nothing else decides.
    await Promise.all([...obsolete].reverse().map(remove));
  }

  async #remove(resource: ResourceState): Promise<boolean> {
    const { preview, snapshot, steps, limited, report, fail, providerOf } = this.#options;
    const started = performance.now();
    const event = (error?: string): void =>
      report({
        urn: resource.urn,
        operation: "delete",
        changes: [],
        durationMs: performance.now() - started,
        ...(error === undefined ? {} : { error }),
      });
    const goesAlong = snapshot.obsolete().some((other) => other.urn === resource.deletedWith);
    try {
      if (preview) steps.refuseProtected(resource);
      if (preview) snapshot.removed(resource);
      else if (!resource.custom || isProviderType(resource.type) || goesAlong) snapshot.removed(resource);
      else await limited(async () => steps.delete(resource, await providerOf(resource)));
      event();
      return true;
    } catch (error) {
      fail(`${resource.urn}: ${reasonOf(error)}`);
      event(reasonOf(error));
      return false;
    }
  }
}
