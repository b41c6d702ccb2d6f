import type { KeycloakClient } from "./client.ts";
import type { AdminEvent } from "./types.ts";

/** Transactions become visible out of order: this much is read again, and told apart by id. */
const OVERLAP_MS = 10_000;
const MOST = 1_000;

export interface AdminEventFeedOptions {
  readonly client: Pick<KeycloakClient, "get">;
  /** Such as GROUP_MEMBERSHIP. */
  readonly resourceTypes: readonly string[];
}

/** What has changed since. */
export interface News {
  readonly events: readonly AdminEvent[];
  /** More has changed than is told: whoever relies on it has to look at everything. */
  readonly isIncomplete: boolean;
}

/** What administrators change in a realm that keeps admin events, each told once; what was before the first call never. */
export class AdminEventFeed {
  readonly #client: Pick<KeycloakClient, "get">;
  readonly #resourceTypes: readonly string[];
  #seen = new Map<string, number>();
  /** Of Keycloak's clock, not of ours. */
  #since: number | undefined;

  constructor({ client, resourceTypes }: AdminEventFeedOptions) {
    this.#client = client;
    this.#resourceTypes = resourceTypes;
  }

  /** What was not told before, oldest first. @throws KeycloakError */
  async next(signal?: AbortSignal): Promise<News> {
    const isFirst = this.#since === undefined;
    const since = this.#since ?? (await this.#ask({ max: 1 }, signal))[0]?.time ?? 0;
    const listed = await this.#ask({ dateFrom: Math.max(0, since - OVERLAP_MS), max: MOST }, signal);
    const events = listed.filter(({ id }) => !this.#seen.has(id)).reverse();
    const latest = Math.max(since, ...listed.map(({ time }) => time));
    for (const { id, time } of listed) this.#seen.set(id, time);
    this.#seen = new Map([...this.#seen].filter(([, time]) => time >= latest - OVERLAP_MS));
    this.#since = latest;
    return isFirst ? { events: [], isIncomplete: false } : { events, isIncomplete: listed.length === MOST };
  }

  #ask(query: Readonly<Record<string, number>>, signal?: AbortSignal): Promise<AdminEvent[]> {
    return this.#client.get<AdminEvent[]>("/admin-events", { ...query, resourceTypes: this.#resourceTypes }, signal);
  }
}
