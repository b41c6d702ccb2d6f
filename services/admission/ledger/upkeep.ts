import type { QuotaLedger } from "../../../crds/quota-ledger.ts";
import type { Clock } from "../../lib/clock.ts";
import type { KubeClient } from "../../lib/kube/client.ts";
import { isConflict, isNotFound } from "../../lib/kube/errors.ts";
import { ledgerRef, removeExactly } from "./ledger-store.ts";
import { isIntact, openIn } from "./pages.ts";

/** Longer than any writer may hold a page that it has not referred to yet. */
export const LEFTOVER_MS = 600_000;
/**
 * Longer than any watch of pods may lag behind: a ledger also tells which pods have to be seen, for the case that its
 * group comes back.
 */
export const ABANDONED_MS = 3_600_000;

export interface LedgerUpkeepOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "request">;
  readonly namespace: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** Ledgers and pages as the watch has them. */
  readonly watched: {
    all(): Iterable<QuotaLedger>;
    get(name: string): QuotaLedger | undefined;
  };
  readonly hasGroup: (name: string) => boolean;
  /** Hears of every group whose ledger was removed. */
  readonly onRemoved: (group: string) => void;
}

const refersTo = (ledger: QuotaLedger | undefined, name: string): boolean =>
  ledger?.spec.pages?.some((page) => page.name === name) ?? false;

/** Removes pages and ledgers that nobody needs any more, and makes pages again that somebody deleted by hand. */
export class LedgerUpkeep {
  readonly #options: LedgerUpkeepOptions;
  /** Pages that were deleted while a ledger refers to them. */
  readonly #lost = new Map<string, QuotaLedger>();
  /** By object and version, since when it is not needed. */
  #unneededSince = new Map<string, number>();

  constructor(options: LedgerUpkeepOptions) {
    this.#options = options;
  }

  /** Takes what the watch has seen deleted. */
  deleted(object: QuotaLedger): void {
    const { name } = object.metadata;
    if (refersTo(this.#ledgerOf(object), name) && isIntact(object)) this.#lost.set(name, object);
  }

  /** A page that was deleted by hand. */
  lost(name: string): QuotaLedger | undefined {
    return this.#lost.get(name);
  }

  /** @throws AggregateError with everything that failed, after all was tried */
  async sweep(): Promise<void> {
    const work = [...this.#lost.values()].map((page) => this.#restore(page));
    const results = await Promise.allSettled([...work, ...this.#unneeded().map((object) => this.#remove(object))]);
    const reasons = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (reasons.length > 0) throw new AggregateError(reasons, "ledgers could not be tidied", { cause: reasons[0] });
  }

  #ledgerOf({ spec }: QuotaLedger): QuotaLedger | undefined {
    return spec.pageOf === undefined ? undefined : this.#options.watched.get(spec.pageOf);
  }

  async #restore(page: QuotaLedger): Promise<void> {
    const { client, namespace, watched } = this.#options;
    const { name } = page.metadata;
    if (watched.get(name) === undefined && refersTo(this.#ledgerOf(page), name)) {
      const { apiVersion, kind, spec } = page;
      await client
        .create(ledgerRef, namespace, { apiVersion, kind, metadata: { name, namespace }, spec })
        .catch(unless(isConflict));
    } else this.#lost.delete(name);
  }

  /** What has not been needed for long enough. */
  #unneeded(): readonly QuotaLedger[] {
    const { clock, watched } = this.#options;
    const now = clock.monotonicMs();
    const before = this.#unneededSince;
    this.#unneededSince = new Map();
    return [...watched.all()].filter((object) => {
      if (this.#isNeeded(object)) return false;
      const { uid, resourceVersion } = object.metadata;
      const key = `${uid} ${resourceVersion}`;
      const since = before.get(key) ?? now;
      this.#unneededSince.set(key, since);
      return now - since >= (object.spec.pageOf === undefined ? ABANDONED_MS : LEFTOVER_MS);
    });
  }

  #isNeeded(object: QuotaLedger): boolean {
    const { metadata, spec } = object;
    if (spec.pageOf !== undefined) return refersTo(this.#ledgerOf(object), metadata.name);
    return this.#options.hasGroup(metadata.name) || openIn(object) > 0 || (spec.pages ?? []).length > 0;
  }

  async #remove({ metadata, spec }: QuotaLedger): Promise<void> {
    const { client, namespace, onRemoved } = this.#options;
    const { name, uid = "", resourceVersion = "" } = metadata;
    if (spec.pageOf !== undefined) {
      const ledger = await client.get<QuotaLedger>(ledgerRef, namespace, spec.pageOf).catch(unless(isNotFound));
      if (refersTo(ledger, name)) return;
    }
    // Somebody who writes meanwhile finds that his ledger is gone, or keeps it.
    const isOther = (error: unknown): boolean => isNotFound(error) || isConflict(error);
    await removeExactly(client, namespace, name, { uid, resourceVersion }).catch(unless(isOther));
    if (spec.pageOf === undefined) onRemoved(name);
  }
}

/** Takes one kind of failure for no answer. */
function unless(isExpected: (error: unknown) => boolean): (error: unknown) => undefined {
  return (error) => {
    if (isExpected(error)) return undefined;
    throw error;
  };
}
