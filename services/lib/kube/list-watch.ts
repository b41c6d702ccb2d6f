import { type Clock, systemClock } from "../clock.ts";
import { type Logger, reasonOf } from "../log.ts";
import { collectionVersion, type KubeClient } from "./client.ts";
import { isGone, KubeError } from "./errors.ts";
import { linesOf } from "./lines.ts";
import { textWithoutManagedFields } from "./managed-fields.ts";
import { isAtLeast, laterVersion } from "./resource-version.ts";
import { Store, type StoreHandlers } from "./store.ts";
import { type KubeObject, type ResourceRef, resourcePath } from "./types.ts";

export interface ListWatchOptions<T extends KubeObject> {
  readonly client: Pick<KubeClient, "list" | "stream">;
  readonly ref: ResourceRef;
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
  /** Keeps of an object only what is needed, before it is stored. */
  readonly project?: (object: KubeObject) => T;
  readonly handlers?: StoreHandlers<T>;
  /** Called after every event and list, when `resourceVersion` has moved. */
  readonly onProgress?: () => void;
  readonly log?: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
}

interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: KubeObject & { readonly code?: number; readonly reason?: string; readonly message?: string };
}

/** Objects a page: whole ones are in memory, and in text, until what is needed of them is kept. */
const PAGE = 100;
const FIRST_BACKOFF_MS = 800;
const LAST_BACKOFF_MS = 30_000;
/** Bookmarks come about every minute; a connection that is silent for longer than this is dead. */
const SILENCE_MS = 90_000;
const SILENCE_CHECK_MS = 1_000;

/** The watch cannot go on from where it was: list again. */
class Expired extends Error {}

/**
 * The server said nothing for too long: the connection is dead, a bookmark was lost, or the server is not as far as we are, as
 * after etcd was restored from a backup, and would keep every change from us until it is.
 */
class Silent extends Error {}

/** What was heard could not be taken in: the store is behind until a list is taken in whole. */
class NotTaken extends Expired {}

function expiryOf(error: unknown): unknown {
  return isGone(error) ? new Expired(reasonOf(error)) : error;
}

/** How long the server wants to be left alone, at most as long as we would leave it alone by ourselves. */
function askedPauseMs(error: unknown): number {
  return Math.min((error instanceof KubeError && error.retryAfterMs) || 0, LAST_BACKOFF_MS);
}

/**
 * Keeps a store equal to a collection of the API server: a paged list, then a watch with bookmarks, again and again.
 * It ends only when its signal aborts; `lastContactAgeMs` says how old its knowledge is. Its objects have no managed fields.
 */
export class ListWatch<T extends KubeObject> {
  readonly store: Store<T>;
  readonly #options: ListWatchOptions<T>;
  readonly #clock: Clock;
  readonly #random: () => number;
  #synced = false;
  #resourceVersion = "";
  #lastContact = Number.NEGATIVE_INFINITY;
  #relists = 0;
  #heard = false;

  constructor(options: ListWatchOptions<T>) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.store = new Store(options.handlers);
  }

  /** Whether a complete list was taken in, and every change since. */
  get synced(): boolean {
    return this.#synced;
  }

  /** The version up to which every change has been seen. */
  get resourceVersion(): string {
    return this.#resourceVersion;
  }

  /** How often the whole collection was listed. */
  get relists(): number {
    return this.#relists;
  }

  /** Milliseconds since the API server last sent anything; infinite before the first list. */
  lastContactAgeMs(): number {
    return this.#clock.monotonicMs() - this.#lastContact;
  }

  async run(signal: AbortSignal): Promise<void> {
    let backoffMs = FIRST_BACKOFF_MS;
    let mustList = true;
    while (!signal.aborted) {
      try {
        if (mustList) await this.#list(signal);
        mustList = false;
        this.#heard = false;
        await this.#watch(signal);
        // A server that ends every watch at once must not be asked in a tight loop.
        if (!this.#heard) throw new Error("the watch ended without an event");
        backoffMs = FIRST_BACKOFF_MS;
      } catch (error) {
        if (signal.aborted) return;
        // What breaks after it worked is a new trouble, not one more of the last.
        if (this.#heard) backoffMs = FIRST_BACKOFF_MS;
        this.#heard = false;
        mustList = mustList || error instanceof Expired || (error instanceof Silent && !(await this.#isAhead(signal)));
        this.#options.log?.warn("watch-interrupted", { kind: this.#options.ref.kind, reason: reasonOf(error) });
        await this.#clock.sleep(Math.max(backoffMs * (0.5 + this.#random()), askedPauseMs(error)), signal);
        backoffMs = Math.min(backoffMs * 2, LAST_BACKOFF_MS);
      }
    }
  }

  async #list(signal: AbortSignal): Promise<void> {
    const { client, ref, namespace, labelSelector, fieldSelector, project } = this.#options;
    const listed = await client.list<T>(ref, namespace, {
      signal,
      limit: PAGE,
      withoutManagedFields: true,
      ...(project === undefined ? {} : { project }),
      ...(labelSelector === undefined ? {} : { labelSelector }),
      ...(fieldSelector === undefined ? {} : { fieldSelector }),
    });
    // Nothing can be watched from a list without one, and an answer that is no list must not empty the store.
    if (!listed.resourceVersion) throw new Error(`the list of ${ref.plural} has no resourceVersion`);
    this.#takeIn(() => this.store.replaceAll(listed.items));
    this.#relists++;
    this.#synced = true;
    this.#resourceVersion = listed.resourceVersion;
    this.#touch();
  }

  /** Whether the server has all that we have seen, so that a watch can go on from there: a list of everything is dear. */
  async #isAhead(signal: AbortSignal): Promise<boolean> {
    const { client, ref, namespace } = this.#options;
    try {
      const version = await collectionVersion(client, ref, namespace, signal);
      return version !== "" && isAtLeast(version, this.#resourceVersion);
    } catch {
      return false;
    }
  }

  async #watch(signal: AbortSignal): Promise<void> {
    // Its own controller with a listener that is taken away again: a signal that lives on would hold on to every watch.
    const ending = new AbortController();
    const end = (): void => ending.abort(signal.reason);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    try {
      await this.#follow(ending);
    } catch (error) {
      // A stream that was aborted says no more than that.
      throw ending.signal.aborted ? ending.signal.reason : expiryOf(error);
    } finally {
      signal.removeEventListener("abort", end);
    }
  }

  async #follow(ending: AbortController): Promise<void> {
    const { client, ref, namespace, labelSelector, fieldSelector } = this.#options;
    const response = await client.stream("GET", resourcePath(ref, namespace), {
      query: {
        watch: true,
        allowWatchBookmarks: true,
        resourceVersion: this.#resourceVersion,
        // Spread over five minutes, so that the watches of many clients do not end together.
        timeoutSeconds: Math.round(300 + 300 * this.#random()),
        labelSelector,
        fieldSelector,
      },
      signal: ending.signal,
    });
    this.#touch();
    const watchdog = setInterval(() => {
      if (this.lastContactAgeMs() > SILENCE_MS)
        ending.abort(new Silent(`no event and no bookmark for ${SILENCE_MS} ms`));
    }, SILENCE_CHECK_MS);
    try {
      for await (const line of linesOf(response, textWithoutManagedFields)) this.#take(JSON.parse(line) as WatchEvent);
    } finally {
      clearInterval(watchdog);
      response.destroy();
    }
  }

  #take({ type, object }: WatchEvent): void {
    if (type === "ERROR") {
      const text = object.message ?? "the watch ended with an error";
      throw object.code === 410 || object.reason === "Expired" ? new Expired(text) : new Error(text);
    }
    if (type === "DELETED") this.#takeIn(() => this.store.remove(this.#project(object)));
    else if (type !== "BOOKMARK") this.#takeIn(() => this.store.put(this.#project(object)));
    this.#heard = true;
    this.#resourceVersion = laterVersion(object.metadata.resourceVersion ?? "", this.#resourceVersion);
    this.#touch();
  }

  /** Whoever decides from a store that has missed something must know: it counts as never listed. */
  #takeIn(change: () => void): void {
    try {
      change();
    } catch (error) {
      this.#synced = false;
      throw new NotTaken(`what the API server said could not be taken in: ${reasonOf(error)}`);
    }
  }

  #touch(): void {
    this.#lastContact = this.#clock.monotonicMs();
    this.#options.onProgress?.();
  }

  #project(object: KubeObject): T {
    return this.#options.project ? this.#options.project(object) : (object as T);
  }
}
