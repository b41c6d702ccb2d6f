import type { QuotaLedger } from "../../../crds/quota-ledger.ts";
import { API_VERSION } from "../../../crds/schema.ts";
import type { KubeClient, ResourceRef } from "../../lib/kube/client.ts";
import { isConflict, isNotFound } from "../../lib/kube/errors.ts";
import { isAtLeast } from "../../lib/kube/resource-version.ts";
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
  readonly entries: Entries;
}

const entriesOf = ({ spec }: QuotaLedger): Entries => ({
  observedPodVersion: spec.observedPodVersion ?? "",
  reservations: spec.reservations ?? [],
});

export const storedLedger = (object: QuotaLedger): StoredLedger => ({
  resourceVersion: object.metadata.resourceVersion,
  uid: object.metadata.uid,
  entries: entriesOf(object),
});

const missing: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };

/** The version that is later; what does not exist is before all. */
export function newer(a: StoredLedger | undefined, b: StoredLedger | undefined): StoredLedger | undefined {
  if (!a?.resourceVersion) return b ?? a;
  if (!b?.resourceVersion) return a;
  return isAtLeast(a.resourceVersion, b.resourceVersion) ? a : b;
}

/** Reads and compare-and-swaps ledgers. */
export class LedgerStore {
  readonly #client: Pick<KubeClient, "get" | "create" | "replace">;
  readonly #namespace: string;

  constructor(client: Pick<KubeClient, "get" | "create" | "replace">, namespace: string) {
    this.#client = client;
    this.#namespace = namespace;
  }

  /** A consistent read. */
  async read(group: string): Promise<StoredLedger> {
    try {
      return storedLedger(await this.#client.get<QuotaLedger>(ledgerRef, this.#namespace, group));
    } catch (error) {
      if (isNotFound(error)) return missing;
      throw error;
    }
  }

  /** Writes `entries` if nobody has written since `base`; nothing when somebody has. */
  async swap(group: string, base: StoredLedger, entries: Entries): Promise<StoredLedger | undefined> {
    const { resourceVersion, uid } = base;
    const ledger = {
      apiVersion: API_VERSION,
      kind: "QuotaLedger" as const,
      metadata: {
        name: group,
        namespace: this.#namespace,
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
        ...(uid === undefined ? {} : { uid }),
      },
      spec: { observedPodVersion: entries.observedPodVersion, reservations: [...entries.reservations] },
    };
    try {
      const written =
        resourceVersion === undefined
          ? await this.#client.create<QuotaLedger>(ledgerRef, this.#namespace, ledger)
          : await this.#client.replace<typeof ledger>(ledgerRef, ledger);
      return storedLedger(written);
    } catch (error) {
      if (isConflict(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }
}
