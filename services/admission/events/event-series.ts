import type { KubeClient, KubeObject } from "../../lib/kube/client.ts";
import { isConflict } from "../../lib/kube/errors.ts";
import { eventRef, microTime, type RefusalEvent } from "./refusal-event.ts";

export type EventClient = Pick<KubeClient, "create" | "patch">;

interface StoredEvent extends KubeObject {
  readonly series?: { readonly count?: number } | null;
}

/** Replicas add to one event; each tries again where another was first. */
const ATTEMPTS = 4;

/** Writes an event. False where another replica has written the same. @throws KubeError */
export async function createEvent(client: EventClient, event: RefusalEvent): Promise<boolean> {
  try {
    await client.create(eventRef, event.metadata.namespace, event);
    return true;
  } catch (error) {
    if (isConflict(error)) return false;
    throw error;
  }
}

/** Counts `more` occurrences of an event that is there. @throws KubeError */
export async function addToSeries(
  client: EventClient,
  { metadata: { namespace, name } }: RefusalEvent,
  more: number,
  lastMs: number,
): Promise<void> {
  const merge = (body: object): Promise<StoredEvent> =>
    client.patch<StoredEvent>(eventRef, namespace, name, body, { type: "merge" });
  for (let attempt = 1; ; attempt++) {
    // A patch that changes nothing answers what is there: the right to patch is all that is needed.
    const { metadata, series } = await merge({});
    const { resourceVersion } = metadata;
    const count = (series?.count ?? 1) + more;
    try {
      await merge({ metadata: { resourceVersion }, series: { count, lastObservedTime: microTime(lastMs) } });
      return;
    } catch (error) {
      if (!isConflict(error) || attempt === ATTEMPTS) throw error;
    }
  }
}
