import { randomBytes } from "node:crypto";
import type { QuotaLedger, Reservation } from "../../../crds/quota-ledger.ts";
import { API_VERSION } from "../../../crds/schema.ts";
import type { Clock } from "../../lib/clock.ts";
import type { KubeClient, ResourceRef } from "../../lib/kube/client.ts";
import { isConflict, isNotFound } from "../../lib/kube/errors.ts";
import { isAtLeast, laterVersion } from "../../lib/kube/resource-version.ts";
import { resourcePath } from "../../lib/kube/types.ts";
import { isIntact, layOut, openOf, type Page, pageAt, pageBytesFor, pageName, referenceTo } from "./pages.ts";
import { type Entries, emptyEntries } from "./plan.ts";

export const ledgerRef: ResourceRef = {
  apiVersion: API_VERSION,
  kind: "QuotaLedger",
  plural: "quotaledgers",
  namespaced: true,
};

/** A ledger as it was read or written last; without a version it does not exist yet. */
export interface StoredLedger {
  readonly resourceVersion: string | undefined;
  readonly uid: string | undefined;
  /** All that is reserved, wherever it is stored. */
  readonly entries: Entries;
  /** Where what does not fit into one object is stored. */
  readonly pages?: readonly Page[];
}

export interface LedgerStoreOptions {
  readonly client: Pick<KubeClient, "get" | "create" | "replace" | "request">;
  readonly namespace: string;
  readonly clock: Pick<Clock, "monotonicMs">;
  /** A ledger or page as the watch has it, or had it when somebody deleted it by hand. */
  readonly watched: (name: string) => QuotaLedger | undefined;
  /** A consistent read: the version that the collection of pods has at this moment. */
  readonly podsVersion: () => Promise<string>;
  /** How long what a missing page held may still come to something. */
  readonly lifeMs: number;
  /** Bytes of reservations in one object. @default more, the more there are, below 256 KiB */
  readonly pageBytes?: number;
}

const READS = 5;
const missing: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };

/** A ledger with the pages that it refers to. */
export function storedLedger({ metadata, spec }: QuotaLedger, pages: readonly Page[] = []): StoredLedger {
  const { observedPodVersion = "", reservations = [] } = spec;
  const all = pages.length === 0 ? reservations : [...pages.flatMap(openOf), ...reservations];
  return {
    resourceVersion: metadata.resourceVersion,
    uid: metadata.uid,
    entries: { observedPodVersion, reservations: all },
    ...(pages.length === 0 ? {} : { pages }),
  };
}

/** The version that is later; what does not exist is before all. */
export function newer(a: StoredLedger | undefined, b: StoredLedger | undefined): StoredLedger | undefined {
  if (!a?.resourceVersion) return b ?? a;
  if (!b?.resourceVersion) return a;
  return isAtLeast(a.resourceVersion, b.resourceVersion) ? a : b;
}

/** Removes an object if it is still the one that is meant. @throws KubeError 404 or 409 where it is not */
export async function removeExactly(
  client: Pick<KubeClient, "request">,
  namespace: string,
  name: string,
  preconditions: { readonly uid?: string; readonly resourceVersion?: string },
): Promise<void> {
  const body = { apiVersion: "v1", kind: "DeleteOptions", preconditions };
  await client.request("DELETE", resourcePath(ledgerRef, namespace, name), { body });
}

/**
 * Reads and compare-and-swaps ledgers. The group's own object decides; what it cannot hold stands in pages that are
 * written before it refers to them, never change, and are removed after it has ceased to.
 */
export class LedgerStore {
  readonly #options: LedgerStoreOptions;
  readonly #assembled = new WeakMap<QuotaLedger, StoredLedger>();
  /** Since when a page is missing, by this process's own clock. */
  readonly #missingSince = new Map<string, number>();

  constructor(options: LedgerStoreOptions) {
    this.#options = options;
  }

  /** The ledger as the watch has it; nothing where it has not all of it. */
  watched(group: string): StoredLedger | undefined {
    const ledger = this.#options.watched(group);
    return ledger && this.assembled(ledger);
  }

  /** A ledger with the pages that the watch has; nothing for a page, or where one is missing. */
  assembled(ledger: QuotaLedger): StoredLedger | undefined {
    if (ledger.spec.pageOf !== undefined) return undefined;
    const known = this.#assembled.get(ledger);
    if (known) return known;
    const pages: Page[] = [];
    for (const reference of ledger.spec.pages ?? []) {
      const page = this.#options.watched(reference.name);
      if (!page || !isIntact(page)) return undefined;
      pages.push(pageAt(reference, page));
    }
    const stored = storedLedger(ledger, pages);
    this.#assembled.set(ledger, stored);
    return stored;
  }

  /** A consistent read. @throws Error where a page is missing and what it held may still come to something */
  async read(group: string): Promise<StoredLedger> {
    let seen: string | undefined;
    for (let i = 0; i < READS; i++) {
      const ledger = await this.#get(group);
      if (!ledger) return missing;
      if (ledger.spec.pageOf !== undefined) throw new Error(`quota ledger "${group}" is a page of another`);
      const pages = await this.#pagesOf(ledger);
      const absent = (ledger.spec.pages ?? []).map(({ name }) => name).filter((name) => !pages.has(name));
      for (const name of pages.keys()) this.#missingSince.delete(name);
      if (absent.length === 0) return storedLedger(ledger, [...pages.values()]);
      // A page may have been given up between the two reads; then the ledger has changed too.
      if (ledger.metadata.resourceVersion === seen) return this.#without(absent, ledger, [...pages.values()]);
      seen = ledger.metadata.resourceVersion;
    }
    throw new Error(`the quota ledger of group "${group}" changes faster than it can be read`);
  }

  /** Writes `entries` if nobody has written since `base`; nothing when somebody has. */
  async swap(group: string, base: StoredLedger, entries: Entries): Promise<StoredLedger | undefined> {
    const { client, namespace, pageBytes = pageBytesFor(entries.reservations.length) } = this.#options;
    const { resourceVersion, uid } = base;
    const { kept, moved, rest } = layOut(base.pages ?? [], entries.reservations, pageBytes);
    const added = await this.#addPages(group, moved);
    const pages = [...kept, ...added];
    const ledger = {
      apiVersion: API_VERSION,
      kind: "QuotaLedger" as const,
      metadata: {
        name: group,
        namespace,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(uid === undefined ? {} : { uid }),
      },
      spec: {
        observedPodVersion: entries.observedPodVersion,
        reservations: [...rest],
        ...(pages.length === 0 ? {} : { pages: pages.map(referenceTo) }),
      },
    };
    try {
      const written =
        resourceVersion === undefined
          ? await client.create<QuotaLedger>(ledgerRef, namespace, ledger)
          : await client.replace<typeof ledger>(ledgerRef, ledger);
      const keptNames = new Set(kept.map(({ name }) => name));
      void this.#discard((base.pages ?? []).filter(({ name }) => !keptNames.has(name)));
      return storedLedger(written, pages);
    } catch (error) {
      // After any other failure the write may have come through all the same.
      if (!isConflict(error) && !isNotFound(error)) throw error;
      void this.#discard(added);
      return undefined;
    }
  }

  async #get(name: string): Promise<QuotaLedger | undefined> {
    try {
      return await this.#options.client.get<QuotaLedger>(ledgerRef, this.#options.namespace, name);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** The pages that can be had, by name, in the order in which the ledger has them. */
  async #pagesOf({ spec }: QuotaLedger): Promise<Map<string, Page>> {
    const found = await Promise.all(
      (spec.pages ?? []).map(async (reference) => {
        const page = this.#options.watched(reference.name) ?? (await this.#get(reference.name));
        return page && isIntact(page) ? [pageAt(reference, page)] : [];
      }),
    );
    return new Map(found.flat().map((page) => [page.name, page]));
  }

  /**
   * The ledger without pages that nobody can tell the content of. When no request of that time can come to anything any
   * more, whatever they held is a pod by now, which whoever decides has to have seen, or nothing.
   */
  async #without(absent: readonly string[], ledger: QuotaLedger, pages: readonly Page[]): Promise<StoredLedger> {
    const { clock, lifeMs, podsVersion } = this.#options;
    const now = clock.monotonicMs();
    for (const name of absent) if (!this.#missingSince.has(name)) this.#missingSince.set(name, now);
    const latest = Math.max(...absent.map((name) => this.#missingSince.get(name) ?? now));
    const leftMs = latest + lifeMs - now;
    if (leftMs > 0) {
      const wait = `nothing is decided for ${Math.ceil(leftMs / 1000)} s`;
      throw new Error(`page "${absent[0]}" of ledger "${ledger.metadata.name}" is missing or changed: ${wait}`);
    }
    const observedPodVersion = laterVersion(await podsVersion(), ledger.spec.observedPodVersion ?? "");
    return storedLedger({ ...ledger, spec: { ...ledger.spec, observedPodVersion } }, pages);
  }

  /** All of them, or none. */
  async #addPages(group: string, moved: readonly (readonly Reservation[])[]): Promise<readonly Page[]> {
    const added: Page[] = [];
    const results = await Promise.allSettled(
      moved.map(async (reservations, i) => {
        const page = await this.#create(group, reservations);
        added[i] = { name: page.metadata.name, reservations, gone: new Set() };
        // An older definition drops fields that it does not know.
        if (!isIntact(page))
          throw new Error(`page "${page.metadata.name}" was not stored as it was written: update the definitions`);
      }),
    );
    const failed = results.find((result) => result.status === "rejected");
    if (!failed) return added;
    void this.#discard(Object.values(added));
    throw failed.reason;
  }

  #create(group: string, reservations: readonly Reservation[]): Promise<QuotaLedger> {
    const { client, namespace } = this.#options;
    const spec = { pageOf: group, nonce: randomBytes(12).toString("hex"), reservations };
    const metadata = { name: pageName(spec), namespace };
    return client.create(ledgerRef, namespace, { apiVersion: API_VERSION, kind: "QuotaLedger", metadata, spec });
  }

  /** Removes pages that no ledger refers to, whoever made them; what cannot be removed now is found later. */
  async #discard(pages: readonly Page[]): Promise<void> {
    const { client, namespace } = this.#options;
    await Promise.allSettled(pages.map(({ name }) => removeExactly(client, namespace, name, {})));
  }
}
