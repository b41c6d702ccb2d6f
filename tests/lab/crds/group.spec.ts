import assert from "node:assert/strict";
import { definitionUnderTest } from "./support.ts";

const PATTERN = "^([0-9]+\\.?[0-9]*|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$";
const malformed = (field: string, value: string) => ({
  field,
  message: `Invalid value: "${value}": ${field} in body should match '${PATTERN}'`,
});
const negative = (field: string, value: number) => ({
  field,
  message: `Invalid value: ${value}: ${field} in body should be greater than or equal to 0`,
});

describe("Group on the API server", () => {
  const group = definitionUnderTest("Group");

  const accepted: Readonly<Record<string, Record<string, unknown>>> = {
    empty: {},
    texts: {
      displayName: "Physics",
      quota: { cpu: "500m", memory: "1.5Gi", gpu: "0" },
      memberQuota: { cpu: ".5", memory: "1e3", gpu: "2" },
      memberQuotas: { ada: { cpu: "1E+3" }, "eve@example.com": {} },
      defaults: { cpu: "100u", memory: "64M" },
      volume: { size: "10Ti" },
    },
    integers: {
      quota: { cpu: 0, memory: 1_073_741_824, gpu: 1 },
      memberQuotas: { ada: { cpu: 2, memory: 9_007_199_254_740_991 } },
      volume: { size: 1 },
    },
    nulls: {
      quota: { cpu: null, memory: null, gpu: null },
      memberQuota: { cpu: null },
      memberQuotas: { ada: { gpu: null } },
      defaults: { memory: null },
      volume: { size: null },
    },
  };
  for (const [name, spec] of Object.entries(accepted)) {
    it(`is kept as it is declared: ${name}`, async () => {
      const { spec: made } = await group().create(name, { spec });
      assert.deepEqual(made, spec);
      const stored = await group().client.get<{ spec: unknown }>(group().ref, undefined, name);
      assert.deepEqual(stored.spec, spec);
    });
  }

  const long = "1".repeat(33);
  const refused: readonly [string, unknown, readonly { field: string; message: string }[]][] = [
    ["a negative integer", { quota: { cpu: -1 } }, [negative("spec.quota.cpu", -1)]],
    ["a negative text", { quota: { memory: "-1Gi" } }, [malformed("spec.quota.memory", "-1Gi")]],
    ["a negative volume", { volume: { size: -5 } }, [negative("spec.volume.size", -5)]],
    ["a unit that is not there", { defaults: { cpu: "1 Gi" } }, [malformed("spec.defaults.cpu", "1 Gi")]],
    ["an exponent without digits", { memberQuota: { gpu: "1e" } }, [malformed("spec.memberQuota.gpu", "1e")]],
    ["an empty amount", { quota: { cpu: "" } }, [malformed("spec.quota.cpu", "")]],
    [
      "a word for one member",
      { memberQuotas: { ada: { gpu: "two" } } },
      [malformed("spec.memberQuotas.ada.gpu", "two")],
    ],
    [
      "an amount of too many digits",
      { quota: { memory: long } },
      [{ field: "spec.quota.memory", message: "Too long: may not be more than 32 bytes" }],
    ],
    [
      "a name that is too long",
      { displayName: "x".repeat(254) },
      [{ field: "spec.displayName", message: "Too long: may not be more than 253 bytes" }],
    ],
    [
      "a quota that is a text",
      { quota: "10" },
      [
        {
          field: "spec.quota",
          message: 'Invalid value: "string": spec.quota in body must be of type object: "string"',
        },
      ],
    ],
    [
      "several faults at once",
      { quota: { cpu: -1 }, volume: { size: "x" } },
      [negative("spec.quota.cpu", -1), malformed("spec.volume.size", "x")],
    ],
    ["no spec", undefined, [{ field: "spec", message: "Required value" }]],
  ];
  for (const [name, spec, expected] of refused) {
    it(`is refused by field: ${name}`, async () => {
      const found = await group().refusals(spec);
      const byField = (a: { field: string }, b: { field: string }): number => (a.field < b.field ? -1 : 1);
      assert.deepEqual([...found].sort(byField), [...expected].sort(byField));
    });
  }

  it("is refused by name: more members than it may list", async () => {
    const memberQuotas = Object.fromEntries(Array.from({ length: 1001 }, (_, i) => [`user-${i}`, {}]));
    assert.deepEqual(await group().refusals({ memberQuotas }), [
      { field: "spec.memberQuotas", message: "Too many: 1001: must have at most 1000 items" },
    ]);
  });

  it("is refused by name: a fraction, and a field that it does not have", async () => {
    const [fraction] = await group().refusals({ quota: { cpu: 1.5 } });
    assert.deepEqual(fraction, {
      field: "spec.quota.cpu",
      message: 'Invalid value: "number": spec.quota.cpu in body must be of type integer,string: "number"',
    });
    assert.deepEqual(await group().refusals({ quota: { disk: 1 } }), [
      {
        field: "",
        message:
          'Group in version "v1" cannot be handled as a Group: strict decoding error: unknown field "spec.quota.disk"',
      },
    ]);
  });

  it("has a status that is written apart from it", async () => {
    const status = { members: 3, usage: { cpu: "1", memory: "1Gi", gpu: "0" } };
    const made = await group().create("with-status", { spec: { displayName: "x" }, status });
    assert.equal(made.status, undefined);
    await group().client.patch(
      group().ref,
      undefined,
      "with-status",
      { status },
      { type: "merge", subresource: "status" },
    );
    const stored = await group().client.get<{ spec: unknown; status: unknown }>(group().ref, undefined, "with-status");
    assert.deepEqual([stored.spec, stored.status], [{ displayName: "x" }, status]);
    await assert.rejects(
      group().client.patch(
        group().ref,
        undefined,
        "with-status",
        { status: { members: -1 } },
        { type: "merge", subresource: "status" },
      ),
      /status\.members: Invalid value: -1: members in body should be greater than or equal to 0$/,
    );
  });

  it("is printed with its quota", async () => {
    const { columnDefinitions, rows } = await group().table();
    assert.deepEqual(
      columnDefinitions.map(({ name, type }) => [name, type]),
      [
        ["Name", "string"],
        ["CPU", "string"],
        ["Memory", "string"],
        ["GPU", "string"],
        ["Age", "date"],
      ],
    );
    const printed = Object.fromEntries(rows.map(({ cells: [name, ...cells] }) => [name, cells.slice(0, 3)]));
    assert.deepEqual(printed, {
      empty: [null, null, null],
      texts: ["500m", "1.5Gi", "0"],
      integers: ["0", "1073741824", "1"],
      // The API server itself prints a null so.
      nulls: ["<no value>", "<no value>", "<no value>"],
      "with-status": [null, null, null],
    });
  });
});
