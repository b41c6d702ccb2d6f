import assert from "node:assert/strict";
import { MAX_RESERVATIONS } from "../../../crds/index.ts";
import { definitionUnderTest, type Stored } from "./support.ts";

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
  ];
  const at = "spec.reservations[0]";
  const noNumber = (value: string) => [
    { field: `${at}.gpuMilli`, message: `Invalid value: "${value}": ${at}.gpuMilli in body should match '^[0-9]+$'` },
  ];
  const refused: readonly [string, unknown, readonly { field: string; message: string }[]][] = [
    [
      "two reservations of one pod",
      { reservations: [reservation("a"), reservation("b"), reservation("a", { name: "other" })] },
      [{ field: "spec.reservations[2]", message: 'Duplicate value: {"uid":"a"}' }],
    ],
    [
      "a reservation of nothing",
      { reservations: [{ uid: "a" }] },
      ["namespace", "name", "cpuMilli", "memoryBytes", "gpuMilli", "ephemeralStorageBytes"].map((field) => ({
        field: `${at}.${field}`,
        message: "Required value",
      })),
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
      "more reservations than fit",
      { reservations: Array.from({ length: MAX_RESERVATIONS + 1 }, (_, i) => reservation(`uid-${i}`)) },
      [
        {
          field: "spec.reservations",
          message: `Too many: ${MAX_RESERVATIONS + 1}: must have at most ${MAX_RESERVATIONS} items`,
        },
      ],
    ],
  ];
  for (const [name, spec, expected] of refused) {
    it(`is refused by field: ${name}`, async () => {
      assert.deepEqual(await ledger().refusals(spec), expected);
    });
  }

  it("takes as many reservations as it promises", async () => {
    const reservations = Array.from({ length: MAX_RESERVATIONS }, (_, i) =>
      reservation(`00000000-0000-0000-0000-${String(i).padStart(12, "0")}`, {
        user: "u".repeat(60),
        name: "n".repeat(63),
      }),
    );
    const { spec } = await ledger().create("full", { spec: { reservations } });
    assert.equal((spec as { reservations: unknown[] }).reservations.length, MAX_RESERVATIONS);
  });

  it("keeps the reservations of two writers apart by uid", async () => {
    const { client, ref, namespace } = ledger();
    const apply = (manager: string, ...reservations: Record<string, unknown>[]): Promise<Stored> => {
      const { apiVersion, kind } = ref;
      const object = { apiVersion, kind, metadata: { name: "shared" }, spec: { reservations } };
      return client.patch<Stored>(ref, namespace, "shared", object, { type: "apply", fieldManager: manager });
    };
    await apply("one", reservation("a"));
    const both = await apply("two", reservation("b"));
    assert.deepEqual(both.spec, { reservations: [reservation("a"), reservation("b")] });
    const left = await apply("one");
    assert.deepEqual(left.spec, { reservations: [reservation("b")] });
  });

  it("refuses a write that has not seen the last one", async () => {
    const { client, ref } = ledger();
    const seen = await ledger().create("contended", { spec: {} });
    await client.replace(ref, { ...seen, spec: { observedPodVersion: "1" } });
    await assert.rejects(client.replace(ref, { ...seen, spec: { observedPodVersion: "2" } }), { code: 409 });
  });

  it("is printed with its age alone", async () => {
    const { columnDefinitions } = await ledger().table();
    assert.deepEqual(
      columnDefinitions.map(({ name, type }) => [name, type]),
      [
        ["Name", "string"],
        ["Age", "date"],
      ],
    );
  });
});
