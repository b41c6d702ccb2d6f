import type { EventClient } from "../../../../services/admission/events/event-series.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

interface Stored {
  readonly metadata: { readonly name: string; readonly namespace: string; readonly resourceVersion: string };
  readonly series?: object;
}

/** What an API server does with Events, as far as they are created and patched; the lab's specs ask a real one. */
export class Events implements EventClient {
  readonly #events = new Map<string, Stored>();
  #version = 0;
  #refusal: number | undefined;
  #conflicts = false;
  calls = 0;

  /** Answers everything with this status from now on; nothing for no more. */
  refuse(code: number | undefined): void {
    this.#refusal = code;
  }

  /** Lets somebody else be first before every change. */
  conflictAlways(): void {
    this.#conflicts = true;
  }

  remove(name: string): void {
    this.#events.delete(name);
  }

  /** What is there, without versions. */
  stored(): object[] {
    return [...this.#events.values()].map(({ metadata: { resourceVersion: _, ...metadata }, ...rest }) => ({
      ...rest,
      metadata,
    }));
  }

  async create<T>(_ref: unknown, _namespace: string | undefined, object: object): Promise<T> {
    await this.#call();
    const event = object as Stored;
    if (this.#events.has(event.metadata.name)) throw new KubeError(409, undefined, "POST");
    return this.#put(event) as T;
  }

  async patch<T>(_ref: unknown, _namespace: string | undefined, name: string, body: unknown): Promise<T> {
    await this.#call();
    const found = this.#events.get(name);
    if (!found) throw new KubeError(404, undefined, "PATCH");
    const { metadata, series } = body as Partial<Stored>;
    if (series === undefined) return found as T;
    if (this.#conflicts) this.#put(found);
    if (metadata?.resourceVersion !== this.#events.get(name)?.metadata.resourceVersion) {
      throw new KubeError(409, undefined, "PATCH");
    }
    return this.#put({ ...found, series }) as T;
  }

  #put(event: Stored): Stored {
    const put = { ...event, metadata: { ...event.metadata, resourceVersion: String(++this.#version) } };
    this.#events.set(event.metadata.name, put);
    return put;
  }

  async #call(): Promise<void> {
    this.calls++;
    await Promise.resolve();
    if (this.#refusal !== undefined) throw new KubeError(this.#refusal, undefined, "events");
  }
}
