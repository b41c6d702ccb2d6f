import assert from "node:assert/strict";
import type { Reservation } from "../../../../crds/quota-ledger.ts";
import type { StoredLedger } from "../../../../services/admission/ledger/ledger-store.ts";
import { Promises } from "../../../../services/admission/ledger/promises.ts";

const LIFE_MS = 45_000;
const reservation = (uid: string, more: Partial<Reservation> = {}): Reservation => ({
  uid,
  namespace: "work",
  name: uid,
  cpuMilli: "1000",
  memoryBytes: "0",
  gpuMilli: "0",
  ephemeralStorageBytes: "0",
  ...more,
});
const ledger = (uid: string | undefined, observedPodVersion: string, ...reservations: Reservation[]): StoredLedger => ({
  uid,
  resourceVersion: uid === undefined ? undefined : "1",
  entries: { observedPodVersion, reservations },
});
const missing = ledger(undefined, "");

describe("what was promised", () => {
  let promises: Promises;
  beforeEach(() => {
    promises = new Promises(LIFE_MS);
  });

  it("is the ledger itself while nothing is missing", () => {
    const base = ledger("L", "7", reservation("a"));
    assert.equal(promises.restored(base, 0), base.entries);
    assert.equal(promises.restored(missing, 0).reservations.length, 1);
    assert.equal(new Promises(LIFE_MS).restored(missing, 0), missing.entries);
  });

  it("is put back into a ledger that was deleted, others' too, with the pods that it relied on", () => {
    const base = ledger("L", "7", reservation("others"));
    promises.restored(base, 0);
    promises.wrote(base, ledger("L", "7", reservation("others"), reservation("ours")), 1_000);
    const expected = { observedPodVersion: "7", reservations: [reservation("others"), reservation("ours")] };
    assert.deepEqual(promises.restored(missing, 2_000), expected);
    assert.deepEqual(promises.restored(ledger("M", "9", reservation("new")), 2_000), {
      observedPodVersion: "9",
      reservations: [reservation("new"), ...expected.reservations],
    });
  });

  it("is put back into an edited ledger where this process wrote it: others may have settled theirs", () => {
    const base = ledger("L", "7", reservation("others"));
    promises.wrote(base, ledger("L", "7", reservation("others"), reservation("ours")), 0);
    assert.deepEqual(promises.restored(ledger("L", "8"), 1_000), {
      observedPodVersion: "8",
      reservations: [reservation("ours")],
    });
  });

  it("is as old as its write, also where the watch shows it before the write is answered", () => {
    const written = ledger("L", "7", reservation("ours"));
    promises.restored(written, 5_000);
    promises.wrote(ledger("L", "7"), written, 1_000);
    const old = 1_000 + LIFE_MS;
    assert.deepEqual(promises.restored(ledger("L", "8"), old - 1).reservations, [reservation("ours")]);
    assert.deepEqual(promises.restored(ledger("L", "8"), old).reservations, []);
  });

  it("is known from a watched ledger too, unless this process knows another one", () => {
    promises.saw(ledger("L", "7", reservation("others")), 0);
    assert.deepEqual(promises.restored(missing, 1), {
      observedPodVersion: "7",
      reservations: [reservation("others")],
    });
    promises.saw(ledger("K", "9", reservation("older")), 2);
    assert.deepEqual(promises.restored(missing, 3).reservations, [reservation("others")]);
  });

  it("is forgotten when no request can come to anything any more", () => {
    promises.wrote(ledger("L", ""), ledger("L", "", reservation("ours")), 1_000);
    assert.equal(promises.restored(ledger("L", ""), LIFE_MS + 999).reservations.length, 1);
    const later = ledger("L", "");
    assert.equal(promises.restored(later, LIFE_MS + 1_000), later.entries);
  });

  it("is the latest request of a pod that grows", () => {
    const [first, second] = ["1", "2"].map((request) =>
      reservation("a/resize", { request, cpuMilli: `${request}000` }),
    );
    promises.wrote(ledger("L", ""), ledger("L", "", first!), 0);
    promises.wrote(ledger("L", "", first!), ledger("L", "", second!), 10);
    assert.deepEqual(promises.restored(missing, 20).reservations, [second]);
  });
});
