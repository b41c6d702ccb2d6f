import assert from "node:assert/strict";
import {
  LedgerStore,
  ledgerRef,
  newer,
  type StoredLedger,
  storedLedger,
} from "../../../../services/admission/ledger/ledger-store.ts";
import { emptyEntries } from "../../../../services/admission/ledger/plan.ts";
import type { KubeClient } from "../../../../services/lib/kube/client.ts";
import { KubeError } from "../../../../services/lib/kube/errors.ts";

type Client = Pick<KubeClient, "get" | "create" | "replace" | "request">;
const amounts = { cpuMilli: "1", memoryBytes: "2", gpuMilli: "0", ephemeralStorageBytes: "3" };
const reservation = { uid: "1", namespace: "work", name: "pod-1", ...amounts };
const entries = { observedPodVersion: "7", reservations: [reservation] };
const missing: StoredLedger = { resourceVersion: undefined, uid: undefined, entries: emptyEntries };
const ledger = (resourceVersion: string): StoredLedger => ({ resourceVersion, uid: "u", entries });

/** A client that answers every call with `answer`, and what it was asked. */
function clientOf(answer: () => unknown): { readonly calls: unknown[]; readonly store: LedgerStore } {
  const calls: unknown[] = [];
  const reply =
    (verb: string) =>
    async (...args: unknown[]): Promise<unknown> => {
      calls.push([verb, ...args]);
      return answer();
    };
  const client = { get: reply("get"), create: reply("create"), replace: reply("replace") } as unknown as Client;
  const store = new LedgerStore({
    client,
    namespace: "carrel-system",
    clock: { monotonicMs: () => 0 },
    watched: () => undefined,
    podsVersion: () => Promise.reject(new Error("nobody asks for it")),
    lifeMs: 45_000,
  });
  return { calls, store };
}
const failing =
  (code: number): (() => never) =>
  () => {
    throw new KubeError(code, undefined, "PUT /ledger");
  };
const written = { metadata: { name: "g", uid: "u", resourceVersion: "9" }, spec: entries };

describe("LedgerStore", () => {
  it("reads a ledger, and a missing one as empty and without a version", async () => {
    const { calls, store } = clientOf(() => written);
    assert.deepEqual(await store.read("g"), ledger("9"));
    assert.deepEqual(calls, [["get", ledgerRef, "carrel-system", "g"]]);
    assert.deepEqual(await clientOf(failing(404)).store.read("g"), missing);
  });

  it("does not take any other failure of a read for a missing ledger", async () => {
    await assert.rejects(clientOf(failing(500)).store.read("g"), { name: "KubeError", code: 500 });
  });

  it("creates what does not exist yet", async () => {
    const { calls, store } = clientOf(() => written);
    assert.deepEqual(await store.swap("g", missing, entries), ledger("9"));
    const object = {
      apiVersion: "carrel.dev/v1",
      kind: "QuotaLedger",
      metadata: { name: "g", namespace: "carrel-system" },
      spec: entries,
    };
    assert.deepEqual(calls, [["create", ledgerRef, "carrel-system", object]]);
  });

  it("replaces with the version and the uid that it knows", async () => {
    const { calls, store } = clientOf(() => written);
    assert.deepEqual(await store.swap("g", ledger("8"), entries), ledger("9"));
    const object = {
      apiVersion: "carrel.dev/v1",
      kind: "QuotaLedger",
      metadata: { name: "g", namespace: "carrel-system", resourceVersion: "8", uid: "u" },
      spec: entries,
    };
    assert.deepEqual(calls, [["replace", ledgerRef, object]]);
  });

  it("answers nothing when somebody else wrote, created or deleted it first", async () => {
    for (const code of [409, 404]) {
      const { store } = clientOf(failing(code));
      assert.equal(await store.swap("g", ledger("8"), entries), undefined);
      assert.equal(await store.swap("g", missing, entries), undefined);
    }
  });

  it("throws when a write fails for another reason", async () => {
    const { store } = clientOf(failing(503));
    await assert.rejects(store.swap("g", ledger("8"), entries), { name: "KubeError", code: 503 });
  });
});

describe("storedLedger", () => {
  it("reads an empty object as no entries", () => {
    const object = { apiVersion: "carrel.dev/v1", kind: "QuotaLedger", metadata: { name: "g" }, spec: {} } as const;
    assert.deepEqual(storedLedger(object), missing);
  });
});

describe("newer", () => {
  it("answers the later version, and what exists before what does not", () => {
    const [old, young] = [ledger("99"), ledger("100")];
    assert.equal(newer(old, young), young);
    assert.equal(newer(young, old), young);
    assert.equal(newer(undefined, old), old);
    assert.equal(newer(old, undefined), old);
    assert.equal(newer(missing, old), old);
    assert.equal(newer(old, missing), old);
    assert.equal(newer(missing, undefined), missing);
    assert.equal(newer(undefined, undefined), undefined);
  });
});
