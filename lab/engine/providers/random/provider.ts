import { randomBytes, randomInt, randomUUID } from "node:crypto";
import { hashSync } from "bcryptjs";
import { UserError } from "../../../../services/lib/user-error.ts";
import type { Props } from "../../values.ts";
import { ValueProvider, type ValueType } from "../value-provider.ts";

const SPECIAL = "!@#$%&*()-_=+[]{}<>:?";
const BCRYPT_BYTES = 72;

const stringDefaults = {
  keepers: undefined,
  lower: true,
  upper: true,
  number: true,
  numeric: true,
  special: true,
  minLower: 0,
  minUpper: 0,
  minNumeric: 0,
  minSpecial: 0,
  overrideSpecial: undefined,
};

const pick = (alphabet: string): string => alphabet[randomInt(alphabet.length)] ?? "";

/** Fisher-Yates with an unbiased source, so that required characters stand anywhere. */
function shuffled(characters: readonly string[]): string {
  const all = [...characters];
  for (let i = all.length - 1; i > 0; i--) {
    const j = randomInt(i + 1);
    [all[i], all[j]] = [all[j] ?? "", all[i] ?? ""];
  }
  return all.join("");
}

/** A string of `length` characters with at least the wanted number of each kind. */
export function randomText(inputs: Props): string {
  const wanted = (name: string): number => Number(inputs[name] ?? 0);
  const special = typeof inputs["overrideSpecial"] === "string" ? inputs["overrideSpecial"] : SPECIAL;
  const kinds = [
    { on: inputs["lower"], least: wanted("minLower"), alphabet: "abcdefghijklmnopqrstuvwxyz" },
    { on: inputs["upper"], least: wanted("minUpper"), alphabet: "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    {
      on: inputs["numeric"] !== false && inputs["number"] !== false,
      least: wanted("minNumeric"),
      alphabet: "0123456789",
    },
    { on: inputs["special"], least: wanted("minSpecial"), alphabet: special },
  ];
  const length = wanted("length");
  const alphabet = kinds.flatMap(({ on, alphabet: letters }) => (on === false ? [] : [letters])).join("");
  const least = kinds.flatMap(({ least: count, alphabet: letters }) =>
    Array.from({ length: count }, () => pick(letters)),
  );
  if (alphabet === "" || least.length > length || !Number.isInteger(length) || length < 1) {
    throw new UserError(
      "random-length",
      `length must be at least 1 and the sum of the minimums, with one kind of character on: got length ${length}, minimums ${least.length}`,
    );
  }
  return shuffled([...least, ...Array.from({ length: length - least.length }, () => pick(alphabet))]);
}

function randomId(inputs: Props): { id: string; outputs: Props } {
  const bytes = randomBytes(Number(inputs["byteLength"]));
  const prefix = typeof inputs["prefix"] === "string" ? inputs["prefix"] : "";
  const hex = bytes.toString("hex");
  const outputs = {
    b64Std: prefix + bytes.toString("base64"),
    b64Url: prefix + bytes.toString("base64url"),
    hex: prefix + hex,
    dec: prefix + BigInt(`0x${hex}`).toString(),
  };
  return { id: bytes.toString("base64url"), outputs };
}

const types: Readonly<Record<string, ValueType>> = {
  "random:index/randomPassword:RandomPassword": {
    required: ["length"],
    defaults: stringDefaults,
    secrets: ["result", "bcryptHash"],
    make: (inputs) => {
      const result = randomText(inputs);
      return { id: "none", outputs: { result, bcryptHash: hashSync(result.slice(0, BCRYPT_BYTES), 10) } };
    },
  },
  "random:index/randomString:RandomString": {
    required: ["length"],
    defaults: stringDefaults,
    secrets: [],
    make: (inputs) => {
      const result = randomText(inputs);
      return { id: result, outputs: { result } };
    },
  },
  "random:index/randomBytes:RandomBytes": {
    required: ["length"],
    defaults: { keepers: undefined },
    secrets: ["base64", "hex"],
    make: (inputs) => {
      const bytes = randomBytes(Number(inputs["length"]));
      return { id: "none", outputs: { base64: bytes.toString("base64"), hex: bytes.toString("hex") } };
    },
  },
  "random:index/randomId:RandomId": {
    required: ["byteLength"],
    defaults: { keepers: undefined, prefix: undefined },
    secrets: [],
    make: randomId,
  },
  "random:index/randomUuid:RandomUuid": {
    required: [],
    defaults: { keepers: undefined },
    secrets: [],
    make: () => {
      const result = randomUUID();
      return { id: result, outputs: { result } };
    },
  },
};

/** @pulumi/random by node:crypto. */
export class RandomProvider extends ValueProvider {
  protected readonly package = "random";
  protected readonly types = types;
}
