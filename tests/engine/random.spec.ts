import assert from "node:assert/strict";
import { compareSync } from "bcryptjs";
import * as fc from "fast-check";
import { RandomProvider, randomText } from "../../lab/engine/providers/random/provider.ts";
import type { Props } from "../../lab/engine/values.ts";
import { always } from "./support/property.ts";

const provider = new RandomProvider();
const typeOf = (name: string): string => `random:index/random${name}:Random${name}`;
const context = { timeoutMs: undefined, signal: new AbortController().signal, status: () => undefined };
const create = async (name: string, inputs: Props, preview = false): Promise<{ id: string; outputs: Props }> =>
  provider.create({ urn: "urn", type: typeOf(name), inputs, preview, recovering: false, ...context });
const check = (name: string, news: Props): ReturnType<RandomProvider["check"]> =>
  provider.check({ urn: "urn", type: typeOf(name), name: "name", olds: undefined, news });

const count = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;
type Kinds = typeof kinds extends fc.Arbitrary<infer T> ? T : never;
const kinds = fc.record({
  lower: fc.boolean(),
  upper: fc.boolean(),
  numeric: fc.boolean(),
  special: fc.boolean(),
  minLower: fc.nat(4),
  minUpper: fc.nat(4),
  minNumeric: fc.nat(4),
  minSpecial: fc.nat(4),
  more: fc.nat(40),
});

describe("random texts", () => {
  it("have their length, their minimums and no other characters", () => {
    const counts = ({ more, ...inputs }: Kinds): unknown => {
      const least = inputs.minLower + inputs.minUpper + inputs.minNumeric + inputs.minSpecial;
      const text = randomText({ ...inputs, length: least + more, overrideSpecial: "_-" });
      const each = (on: boolean, min: number, pattern: RegExp): boolean =>
        on ? count(text, pattern) >= min : count(text, pattern) === min;
      return [
        text.length === least + more,
        /^[a-zA-Z0-9_-]*$/.test(text),
        each(inputs.lower, inputs.minLower, /[a-z]/g),
        each(inputs.upper, inputs.minUpper, /[A-Z]/g),
        each(inputs.numeric, inputs.minNumeric, /[0-9]/g),
        each(inputs.special, inputs.minSpecial, /[_-]/g),
      ].every(Boolean);
    };
    const possible = kinds.filter(({ lower, upper, numeric, special, more, ...min }) => {
      const least = Object.values(min).reduce((sum, n) => sum + n, 0);
      return (lower || upper || numeric || special) && least + more > 0;
    });
    always([possible], (inputs) => assert.equal(counts(inputs), true));
  });

  it("use every character of the alphabet, anywhere, and Pulumi's special ones", () => {
    const text = randomText({ length: 4000, lower: false, upper: false, numeric: false });
    assert.deepEqual([...new Set(text)].sort().join(""), [..."!@#$%&*()-_=+[]{}<>:?"].sort().join(""));
    assert.match(randomText({ length: 50, number: false, special: false }), /^[A-Za-z]{50}$/);
    const places = new Set(
      Array.from({ length: 300 }, () =>
        randomText({ length: 4, minSpecial: 1, special: false, overrideSpecial: "!" }).indexOf("!"),
      ),
    );
    assert.deepEqual(places, new Set([0, 1, 2, 3]));
  });

  it("are refused where the minimums do not fit, or no kind is on", () => {
    const refused = (inputs: Props, length: unknown, least: number): void =>
      assert.throws(() => randomText(inputs), {
        code: "random-length",
        message: `length must be at least 1 and the sum of the minimums, with one kind of character on: got length ${length}, minimums ${least}`,
      });
    refused({ length: 3, minLower: 2, minUpper: 2 }, 3, 4);
    refused({ length: 0 }, 0, 0);
    refused({ length: 1.5 }, 1.5, 0);
    refused({ length: 4, lower: false, upper: false, numeric: false, special: false }, 4, 0);
    refused({ length: "four" }, "NaN", 0);
  });
});

describe("the random provider", () => {
  it("makes passwords with their hash, and keeps both secret", async () => {
    const { id, outputs } = await create("Password", { length: 16 });
    assert.equal(id, "none");
    assert.deepEqual(Object.keys(outputs), ["length", "result", "bcryptHash"]);
    assert.equal(String(outputs["result"]).length, 16);
    assert.equal(compareSync(String(outputs["result"]), String(outputs["bcryptHash"])), true);
    assert.deepEqual(provider.secretOutputs(typeOf("Password")), ["result", "bcryptHash"]);
    assert.deepEqual(provider.secretOutputs(typeOf("String")), []);
    assert.deepEqual(provider.secretOutputs(typeOf("Bytes")), ["base64", "hex"]);
    assert.deepEqual(provider.secretOutputs("other"), []);
  });

  it("makes strings, bytes, ids and UUIDs in all their forms", async () => {
    const text = await create("String", { length: 7 });
    assert.equal(text.id, text.outputs["result"]);
    const bytes = (await create("Bytes", { length: 20 })).outputs;
    assert.equal(Buffer.from(String(bytes["base64"]), "base64").toString("hex"), bytes["hex"]);
    assert.equal(String(bytes["hex"]).length, 40);
    const uuid = await create("Uuid", {});
    assert.match(uuid.id, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.deepEqual(uuid.outputs, { result: uuid.id });
    const { id, outputs } = await create("Id", { byteLength: 5, prefix: "p-" });
    const raw = Buffer.from(id, "base64url");
    assert.equal(raw.length, 5);
    assert.deepEqual(outputs, {
      byteLength: 5,
      prefix: "p-",
      b64Std: `p-${raw.toString("base64")}`,
      b64Url: `p-${id}`,
      hex: `p-${raw.toString("hex")}`,
      dec: `p-${BigInt(`0x${raw.toString("hex")}`)}`,
    });
  });

  it("makes nothing in a preview", async () => {
    assert.deepEqual(await create("String", { length: 7 }, true), { id: "", outputs: { length: 7 } });
  });

  it("fills in defaults and refuses what is missing or unknown", async () => {
    const { inputs, failures } = await check("String", { length: 3, upper: false });
    assert.deepEqual(failures, []);
    assert.deepEqual(inputs, {
      ...{ lower: true, upper: false, number: true, numeric: true, special: true },
      ...{ minLower: 0, minUpper: 0, minNumeric: 0, minSpecial: 0, length: 3 },
    });
    assert.deepEqual((await check("Id", { colour: "red", keepers: { a: 1 } })).failures, [
      { property: "byteLength", reason: "is required" },
      { property: "colour", reason: `is not supported by the lab's engine for ${typeOf("Id")}` },
    ]);
    await assert.rejects(async () => check("Pet", {}), {
      code: "type-unsupported",
      message: `the lab's engine does not support ${typeOf("Pet")}, only ${["Password", "String", "Bytes", "Id", "Uuid"].map(typeOf).join(", ")}: use Pulumi's CLI (ENGINE=pulumi)`,
    });
    await assert.rejects(provider.invoke("random:index:f"), {
      message: "the lab's engine does not support the function random:index:f: use Pulumi's CLI",
    });
  });

  it("replaces whatever changes, keepers too, and keeps what does not", async () => {
    const existing = {
      urn: "urn",
      type: typeOf("Id"),
      id: "x",
      inputs: { byteLength: 2, keepers: { a: "1" } },
      outputs: {},
    };
    assert.deepEqual(await provider.diff(existing, { byteLength: 2, keepers: { a: "2" } }), {
      changes: [{ path: "keepers.a", kind: "update", old: "1", new: "2", replaces: true }],
      replace: true,
      deleteBeforeReplace: false,
    });
    assert.deepEqual(await provider.diff(existing, { byteLength: 2, keepers: { a: "1" } }), {
      changes: [],
      replace: false,
      deleteBeforeReplace: false,
    });
    assert.equal(await provider.read(existing), undefined);
    assert.deepEqual(await provider.read({ ...existing, outputs: { hex: "00" } }), { id: "x", outputs: { hex: "00" } });
    await assert.rejects(provider.update(), { message: "random resources are replaced, never updated" });
  });
});
