import { randomUUID } from "node:crypto";
import type { Clock } from "../lib/clock.ts";
import type { KubeClient, ResourceRef } from "../lib/kube/client.ts";
import { type Logger, reasonOf } from "../lib/log.ts";

const eventRef: ResourceRef = { apiVersion: "events.k8s.io/v1", kind: "Event", plural: "events", namespaced: true };

/** In bytes; the API server takes no more. */
const NOTE_LIMIT = 1024;

export interface Regarding {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  readonly uid?: string;
}

export interface Happening {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly action: string;
  readonly note: string;
}

export interface EventWriterOptions {
  readonly client: Pick<KubeClient, "create">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Which process writes; the pod's name. */
  readonly instance: string;
}

/** A text of at most so many bytes, cut between characters. */
export function cut(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const whole = Buffer.from(text)
    .subarray(0, bytes - 3)
    .toString("utf8");
  return `${whole.replace(/\uFFFD$/, "")}...`;
}

/** Writes Kubernetes Events; one that cannot be written is said in the log, and stops nothing. */
export class EventWriter {
  readonly #options: EventWriterOptions;

  constructor(options: EventWriterOptions) {
    this.#options = options;
  }

  async write(regarding: Regarding, { type, reason, action, note }: Happening): Promise<void> {
    const { client, clock, log, instance } = this.#options;
    const { namespace, name } = regarding;
    const event = {
      apiVersion: eventRef.apiVersion,
      kind: eventRef.kind,
      metadata: { name: `${name.slice(0, 200)}.${randomUUID()}`, namespace },
      type,
      reason,
      action,
      note: cut(note, NOTE_LIMIT),
      // Event times have microseconds.
      eventTime: new Date(clock.now()).toISOString().replace("Z", "000Z"),
      regarding,
      reportingController: "carrel.dev/controllers",
      reportingInstance: instance.slice(0, 128),
    };
    await client.create(eventRef, namespace, event).catch((error: unknown) => {
      log.warn("event-unwritten", { reason: reasonOf(error) });
    });
  }
}
