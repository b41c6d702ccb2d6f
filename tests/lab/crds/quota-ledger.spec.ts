import assert from "node:assert/strict";
import { LEDGER_BYTES, type QuotaLedger, type Reservation } from "../../../crds/quota-ledger.ts";
import {
  LedgerStore,
  type LedgerStoreOptions,
  removeExactly,
} from "../../../services/admission/ledger/ledger-store.ts";
import type { KubeObject } from "../../../services/lib/kube/client.ts";
import { eventually } from "../../support/eventually.ts";
import { definitionUnderTest, type TestDefinition } from "./support.ts";

const MOST_ITEMS = 2500;
const reservation = (uid: string, rest: Record<string, unknown> = {}): Record<string, unknown> => ({
  uid,
  namespace: "work",
  name: "pod",
  cpuMilli: "500",
  memoryBytes: "1073741824",
  gpuMilli: "0",
  ephemeralStorageBytes: "0",
  ...rest,
});

describe("QuotaLedger on the API server", () => {
  const ledger = definitionUnderTest("QuotaLedger");

  it("is kept as it is written", async () => {
    const spec = {
      observedPodVersion: "12345",
      reservations: [reservation("a", { user: "ada" }), reservation("b", { cpuMilli: "0" })],
    };
    assert.deepEqual((await ledger().create("kept", { spec })).spec, spec);
    assert.deepEqual((await ledger().create("empty", { spec: {} })).spec, {});
  });

  const tooLong = (field: string, bytes: number) => [
    { field, message: `Too long: may not be more than ${bytes} bytes` },
    unchecked,
  ];
  const at = "spec.reservations[0]";
  const unchecked = {
    field: "<nil>",
    message:
      "Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation",
  };
  const noNumber = (value: string) => [
    { field: `${at}.gpuMilli`, message: `Invalid value: "${value}": ${at}.gpuMilli in body should match '^[0-9]+$'` },
  ];
  const refused: readonly [string, unknown, readonly { field: string; message: string }[]][] = [
    [
      "a reservation of nothing",
      { reservations: [{ uid: "a" }] },
      ["namespace", "name", "cpuMilli", "memoryBytes", "gpuMilli", "ephemeralStorageBytes"]
        .map((field) => ({
          field: `${at}.${field}`,
          message: "Required value",
        }))
        .concat(unchecked),
    ],
    ["a negative amount", { reservations: [reservation("a", { gpuMilli: "-1" })] }, noNumber("-1")],
    ["a quantity in place of a number", { reservations: [reservation("a", { gpuMilli: "1k" })] }, noNumber("1k")],
    [
      "an amount of too many digits",
      { reservations: [reservation("a", { memoryBytes: "1".repeat(21) })] },
      tooLong(`${at}.memoryBytes`, 20),
    ],
    [
      "a user that is too long",
      { reservations: [reservation("a", { user: "x".repeat(254) })] },
      tooLong(`${at}.user`, 253),
    ],
    ["a version that is too long", { observedPodVersion: "1".repeat(41) }, tooLong("spec.observedPodVersion", 40)],
    [
      "a page without a number",
      { pages: [{ name: "p" }] },
      [{ field: "spec.pages[0].open", message: "Required value" }, unchecked],
    ],
    [
      "more reservations than fit",
      { reservations: Array.from({ length: MOST_ITEMS + 1 }, (_, i) => reservation(`uid-${i}`)) },
      [
        { field: "spec.reservations", message: `Too many: ${MOST_ITEMS + 1}: must have at most ${MOST_ITEMS} items` },
        unchecked,
      ],
    ],
  ];
  for (const [name, spec, expected] of refused) {
    it(`is refused by field: ${name}`, async () => {
      assert.deepEqual(await ledger().refusals(spec), expected);
    });
  }

  const page = { pageOf: "g", nonce: "n", reservations: [reservation("a")] };
  const never = /spec: Invalid value: a page of a ledger never changes$/;

  it("never changes a page", async () => {
    const { client, ref } = ledger();
    const stored = await ledger().create("page", { spec: page });
    for (const spec of [
      { ...page, reservations: [] },
      { ...page, nonce: "m" },
      { reservations: page.reservations },
      {},
    ]) {
      await assert.rejects(client.replace(ref, { ...stored, spec } as KubeObject), { code: 422, message: never });
    }
    const labelled = { ...stored, metadata: { ...stored.metadata, labels: { kept: "yes" } } };
    assert.deepEqual((await client.replace<typeof stored>(ref, labelled)).spec, page);
  });

  it("never makes a ledger a page", async () => {
    const { client, ref } = ledger();
    const stored = await ledger().create("no-page", { spec: { reservations: page.reservations } });
    await assert.rejects(client.replace(ref, { ...stored, spec: page } as KubeObject), { code: 422, message: never });
  });

  it("removes an object only as it was seen", async () => {
    const { client, ref, namespace = "" } = ledger();
    const own = clientOf(ledger());
    const { metadata } = await ledger().create("seen", { spec: {} });
    const { uid = "", resourceVersion = "" } = metadata;
    for (const other of [{ uid: "other" }, { uid, resourceVersion: "1" }]) {
      await assert.rejects(removeExactly(own, namespace, "seen", other), { code: 409 });
    }
    await removeExactly(own, namespace, "seen", { uid, resourceVersion });
    await assert.rejects(client.get(ref, namespace, "seen"), { code: 404 });
  });

  describe("with its store", () => {
    const names = { namespace: "carrel-work", user: "ada-king-countess-of-lovelace", memoryBytes: "17179869184" };
    const common = (i: number): Reservation =>
      reservation(`00000000-0000-4000-8000-${String(i).padStart(12, "0")}`, {
        ...names,
        name: `jupyter-${"n".repeat(60)}-${String(i).padStart(6, "0")}`,
      }) as unknown as Reservation;
    const storeIn = (definition: TestDefinition): LedgerStore =>
      new LedgerStore({
        client: clientOf(definition),
        namespace: definition.namespace ?? "",
        clock: { monotonicMs: () => 0 },
        watched: () => undefined,
        podsVersion: () => Promise.reject(new Error("nobody asks for it")),
        lifeMs: 45_000,
      });

    for (const count of [1, 100, 800, 5_000, 20_000]) {
      it(`holds ${count} reservations in objects of at most 256 KiB, and nothing is left of them`, async () => {
        const { client, ref, namespace } = ledger();
        const group = `${"g".repeat(50)}.of-${count}`;
        const store = storeIn(ledger());
        const entries = { observedPodVersion: "7", reservations: Array.from({ length: count }, (_, i) => common(i)) };
        const stored = await store.swap(group, await store.read(group), entries);
        const read = await storeIn(ledger()).read(group);
        assert.deepEqual(read.entries, entries);
        const objects = async (): Promise<readonly QuotaLedger[]> => {
          const { items } = await client.list<KubeObject>(ref, namespace, { limit: 10 });
          const ledgers = items as unknown as readonly QuotaLedger[];
          return ledgers.filter(({ metadata, spec }) => metadata.name === group || spec.pageOf === group);
        };
        const sizes = (await objects()).map((object) => Buffer.byteLength(JSON.stringify(object)));
        assert.ok(Math.max(...sizes) <= LEDGER_BYTES, `${sizes}`);
        assert.equal(sizes.length > 1, count >= 800, `${sizes}`);
        assert.ok(stored && (await store.swap(group, stored, { ...entries, reservations: [] })));
        await eventually("pages that were given up are gone", async () =>
          (await objects()).length === 1 ? true : undefined,
        );
      });
    }
  });

  it("refuses a write that has not seen the last one", async () => {
    const { client, ref } = ledger();
    const seen = await ledger().create("contended", { spec: {} });
    await client.replace(ref, { ...seen, spec: { observedPodVersion: "1" } });
    await assert.rejects(client.replace(ref, { ...seen, spec: { observedPodVersion: "2" } }), { code: 409 });
  });

  it("is printed with its age, and a page with its group", async () => {
    const { columnDefinitions } = await ledger().table();
    assert.deepEqual(
      columnDefinitions.map(({ name, type }) => [name, type]),
      [
        ["Name", "string"],
        ["Page of", "string"],
        ["Age", "date"],
      ],
    );
  });
});

/** The client as the store uses it, for the definition under the test's own group. */
function clientOf({ client, ref }: TestDefinition): LedgerStoreOptions["client"] {
  const own = <T extends object>(object: T): T => ({ ...object, apiVersion: ref.apiVersion });
  const adapted: Record<keyof LedgerStoreOptions["client"], unknown> = {
    get: (_: unknown, namespace: string, name: string) => client.get(ref, namespace, name),
    create: (_: unknown, namespace: string, object: KubeObject) => client.create(ref, namespace, own(object)),
    replace: (_: unknown, object: KubeObject) => client.replace(ref, own(object)),
    request: (method: string, path: string, options: object) =>
      client.request(method, path.replace("/carrel.dev/v1/", `/${ref.apiVersion}/`), options),
  };
  return adapted as LedgerStoreOptions["client"];
}
