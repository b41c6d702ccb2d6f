import type { Deployment, PendingOperation, ResourceState } from "./state.ts";

/**
 * The state while a run changes it: what was there before, what is there now, and what is under way. Every change is
 * written at once, so that a run may be killed between any two of them.
 */
export class Snapshot {
  readonly #olds: readonly ResourceState[];
  readonly #current = new Map<string, ResourceState>();
  readonly #replaced: Set<ResourceState>;
  readonly #removed = new Set<ResourceState>();
  readonly #pending = new Map<string, PendingOperation>();
  readonly #save: (deployment: Deployment) => void;
  /** What an earlier run had begun and not ended. */
  readonly interrupted: readonly PendingOperation[];

  constructor(before: Deployment, save: (deployment: Deployment) => void) {
    this.#olds = before.resources;
    this.#replaced = new Set(before.resources.filter((resource) => resource.delete === true));
    this.interrupted = before.pending;
    for (const operation of before.pending) this.#pending.set(operation.resource.urn, operation);
    this.#save = save;
  }

  /** The resource of an earlier run by one of its names; the first that exists wins. */
  old(urns: readonly string[]): ResourceState | undefined {
    for (const urn of urns) {
      const found = this.#olds.find(
        (resource) => resource.urn === urn && !this.#replaced.has(resource) && !this.#removed.has(resource),
      );
      if (found) return found;
    }
    return undefined;
  }

  current(urn: string): ResourceState | undefined {
    return this.#current.get(urn);
  }

  /** A resource in either half, as `dependencies` and `provider` name it. */
  find(urn: string): ResourceState | undefined {
    return this.#current.get(urn) ?? this.old([urn]);
  }

  /** Whether an earlier run was interrupted while it created this resource. */
  interruptedCreate(urn: string): ResourceState | undefined {
    return this.interrupted.find((operation) => operation.resource.urn === urn && operation.type === "creating")
      ?.resource;
  }

  /** Creations of an interrupted run that this run did not take up again. */
  orphans(): readonly ResourceState[] {
    return this.interrupted
      .filter((operation) => operation.type === "creating" && this.#pending.get(operation.resource.urn) === operation)
      .map((operation) => operation.resource);
  }

  begin(type: PendingOperation["type"], resource: ResourceState): void {
    this.#pending.set(resource.urn, { type, resource });
    this.#write();
  }

  /** Ends an operation without a change of the state: it failed, and nothing was made. */
  abandon(urn: string): void {
    this.#pending.delete(urn);
    this.#write();
  }

  /** Takes the new state of a resource; `old` is what it had before, under this or another name. */
  put(resource: ResourceState, old?: ResourceState): void {
    this.#current.set(resource.urn, resource);
    if (old && !this.#replaced.has(old)) this.#removed.add(old);
    this.#pending.delete(resource.urn);
    this.#write();
  }

  /** Marks the old state of a replaced resource for deletion. */
  replaced(old: ResourceState): void {
    this.#replaced.add(old);
    this.#write();
  }

  /** Takes back `replaced`, because there is no replacement. */
  restored(old: ResourceState): void {
    this.#replaced.delete(old);
    this.#write();
  }

  removed(old: ResourceState): void {
    this.#removed.add(old);
    this.#replaced.delete(old);
    this.#pending.delete(old.urn);
    this.#write();
  }

  /** What nobody wants any more: never registered in this run, or replaced. */
  obsolete(): readonly ResourceState[] {
    return this.#olds.filter(
      (resource) => !this.#removed.has(resource) && (this.#replaced.has(resource) || !this.#current.has(resource.urn)),
    );
  }

  deployment(): Deployment {
    const olds = this.#olds
      .filter((resource) => !this.#removed.has(resource))
      .map((resource) => (this.#replaced.has(resource) ? { ...resource, delete: true } : resource));
    return { resources: [...this.#current.values(), ...olds], pending: [...this.#pending.values()] };
  }

  #write(): void {
    this.#save(this.deployment());
  }
}
