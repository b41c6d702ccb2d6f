import type { QuotaLedger, Reservation } from "../../../../crds/quota-ledger.ts";
import { LedgerStore, type LedgerStoreOptions } from "../../../../services/admission/ledger/ledger-store.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

export const NAMESPACE = "carrel-system";
export const LIFE_MS = 45_000;

export const reservation = (uid: string, more: Partial<Reservation> = {}): Reservation => ({
  uid,
  namespace: "work",
  name: `pod-${uid}`,
  cpuMilli: "1",
  memoryBytes: "2",
  gpuMilli: "0",
  ephemeralStorageBytes: "3",
  ...more,
});
/** As long as names and numbers commonly are. */
export const common = (i: number): Reservation =>
  reservation(`00000000-0000-4000-8000-${String(i).padStart(12, "0")}`, {
    name: `jupyter-${"n".repeat(48)}-${String(i).padStart(6, "0")}`,
    user: "ada-king-countess-of-lovelace",
    namespace: "carrel-work",
    cpuMilli: "4000",
    memoryBytes: "17179869184",
  });

/** As an API server gives objects back: by field name, whatever order they came in. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** What an API server adds to an object. */
const additions = {
  creationTimestamp: "2026-11-21T00:00:00Z",
  generation: 12_345_678,
  managedFields: ["carrel-admission", "kubectl-edit"].map((manager) => ({
    manager,
    operation: "Update",
    apiVersion: "carrel.dev/v1",
    time: "2026-11-21T00:00:00Z",
    fieldsType: "FieldsV1",
    fieldsV1: {
      "f:spec": { ".": {}, "f:observedPodVersion": {}, "f:pages": {}, "f:reservations": {}, "f:pageOf": {} },
    },
  })),
};

export type Verb = "get" | "create" | "replace" | "delete";

/** Ledgers on an API server in memory: versions, preconditions, and pages that nobody can change. */
export class LedgerApi {
  readonly objects = new Map<string, QuotaLedger>();
  /** What was asked, in order. */
  calls: string[] = [];
  /** Bytes of the largest object that was ever stored, as JSON. */
  largest = 0;
  /** Before each call; may change something first, or throw. */
  before: (verb: Verb, name: string) => void = () => {};
  /** After a call was carried out; may lose its answer. */
  after: (verb: Verb, name: string) => void = () => {};
  /** Changes what is stored, as an older definition would. */
  prune: (object: QuotaLedger) => QuotaLedger = (object) => object;
  now = 1_000;
  #version = 100;
  #uids = 0;

  readonly client = {
    get: (_ref: unknown, _namespace: unknown, name: string) => this.#call("get", name, () => this.#found(name)),
    create: (_ref: unknown, _namespace: unknown, object: QuotaLedger) =>
      this.#call("create", object.metadata.name, () => {
        if (this.objects.has(object.metadata.name)) throw failure(409);
        return this.#write({ ...object, metadata: { ...object.metadata, uid: `uid-${++this.#uids}` } });
      }),
    replace: (_ref: unknown, object: QuotaLedger) =>
      this.#call("replace", object.metadata.name, () => {
        const { metadata, spec } = this.#found(object.metadata.name);
        const { uid, resourceVersion } = object.metadata;
        if (uid !== metadata.uid || resourceVersion !== metadata.resourceVersion) throw failure(409);
        if (spec.pageOf !== undefined) throw failure(422);
        return this.#write(object);
      }),
    request: (_method: string, path: string, { body }: { body: { preconditions: Partial<QuotaLedger["metadata"]> } }) =>
      this.#call("delete", path.split("/").at(-1)!, () => {
        const found = this.#found(path.split("/").at(-1)!);
        const { uid, resourceVersion } = { ...found.metadata, ...body.preconditions };
        if (uid !== found.metadata.uid || resourceVersion !== found.metadata.resourceVersion) throw failure(409);
        this.remove(found.metadata.name);
      }),
  } as unknown as LedgerStoreOptions["client"];

  /** Pages by name, and the others. */
  get pages(): string[] {
    return [...this.objects.values()].flatMap(({ metadata, spec }) =>
      spec.pageOf === undefined ? [] : [metadata.name],
    );
  }

  ledger(group: string): QuotaLedger {
    return this.#found(group);
  }

  remove(name: string): void {
    this.objects.delete(name);
    this.#version++;
  }

  /** A write by hand. */
  edit(name: string, change: (spec: QuotaLedger["spec"]) => QuotaLedger["spec"]): void {
    const found = this.#found(name);
    this.#write({ ...found, spec: change(found.spec) });
  }

  storeWith(more: Partial<LedgerStoreOptions> = {}): LedgerStore {
    return new LedgerStore({
      client: this.client,
      namespace: NAMESPACE,
      clock: { monotonicMs: () => this.now },
      watched: () => undefined,
      podsVersion: async () => "5000",
      lifeMs: LIFE_MS,
      ...more,
    });
  }

  #found(name: string): QuotaLedger {
    const found = this.objects.get(name);
    if (!found) throw failure(404);
    return found;
  }

  #write(object: QuotaLedger): QuotaLedger {
    const metadata = { ...object.metadata, resourceVersion: String(++this.#version) };
    const written = sorted(this.prune(structuredClone({ ...object, metadata }))) as QuotaLedger;
    this.objects.set(metadata.name, written);
    const stored = { ...written, metadata: { ...metadata, ...additions } };
    this.largest = Math.max(this.largest, Buffer.byteLength(JSON.stringify(stored)));
    return written;
  }

  async #call<T>(verb: Verb, name: string, work: () => T): Promise<T> {
    this.calls.push(`${verb} ${name}`);
    this.before(verb, name);
    const value = work();
    this.after(verb, name);
    return value;
  }
}

export const failure = (code: number): KubeError => new KubeError(code, undefined, "in the test");
