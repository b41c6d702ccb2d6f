import assert from "node:assert/strict";
import type { Group, QuotaLedger, Reservation } from "../../crds/index.ts";
import { customResourceDefinition, type FromSchema, quantity, type Schema } from "../../crds/schema.ts";
import { parseQuantity } from "../../quota/quantity.ts";

/** Compiles only when both types are the same, optional and read-only marks included. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <A, B>(yes: Same<A, B>): void => assert.equal(yes, true);

const everything = {
  type: "object",
  required: ["name", "list"],
  properties: {
    name: { type: "string" },
    count: { type: "integer" },
    on: { type: "boolean", nullable: true },
    size: quantity,
    list: { type: "array", items: { type: "string" } },
    map: { type: "object", additionalProperties: { type: "integer" } },
    free: { type: "object" },
  },
} as const satisfies Schema;

type Flat<T> = { [K in keyof T]: T[K] };
type Amounts = {
  readonly cpu?: string | number | null;
  readonly memory?: string | number | null;
  readonly gpu?: string | number | null;
  readonly "ephemeral-storage"?: string | number | null;
  readonly pods?: string | number | null;
};

describe("FromSchema", () => {
  it("derives the types that a schema admits", () => {
    same<
      Flat<FromSchema<typeof everything>>,
      {
        readonly name: string;
        readonly list: readonly string[];
        readonly count?: number;
        readonly on?: boolean | null;
        readonly size?: string | number | null;
        readonly map?: Readonly<Record<string, number>>;
        readonly free?: unknown;
      }
    >(true);
  });

  it("derives what admission reads and writes", () => {
    same<Flat<NonNullable<Group["spec"]["quota"]>>, Amounts>(true);
    same<
      keyof Group["spec"],
      "displayName" | "quota" | "memberQuota" | "memberQuotas" | "defaults" | "volume" | "culling"
    >(true);
    same<Flat<NonNullable<NonNullable<Group["spec"]["memberQuotas"]>[string]>>, Amounts>(true);
    same<QuotaLedger["spec"]["observedPodVersion"], string | undefined>(true);
    same<NonNullable<QuotaLedger["spec"]["reservations"]>[number], Reservation>(true);
    same<
      Flat<Reservation>,
      {
        readonly uid: string;
        readonly namespace: string;
        readonly name: string;
        readonly cpuMilli: string;
        readonly memoryBytes: string;
        readonly gpuMilli: string;
        readonly ephemeralStorageBytes: string;
        readonly user?: string;
        readonly podVersion?: string;
        readonly request?: string;
      }
    >(true);
  });
});

describe("quantity", () => {
  const pattern = new RegExp(quantity.pattern);

  it("admits what admission can read, and nothing with a sign", () => {
    for (const text of ["1", "500m", "1.5Gi", ".5", "1.", "2e3", "2E-3", "1E", "0"]) {
      assert.match(text, pattern);
      assert.doesNotThrow(() => parseQuantity(text, "whole"));
    }
    for (const text of ["", "-1", "+1", "1 Gi", "1GB", "1ki", "e3", ".", "1e"]) assert.doesNotMatch(text, pattern);
  });
});

describe("customResourceDefinition", () => {
  const spec = { type: "object" } as const;
  const names = {
    kind: "Thing",
    plural: "things",
    singular: "thing",
    scope: "Namespaced",
    description: "A thing",
  } as const;
  const envelope = { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" } };

  it("is complete without what is optional", () => {
    const schema = { type: "object", description: "A thing", required: ["spec"], properties: { ...envelope, spec } };
    assert.deepEqual(customResourceDefinition({ ...names, spec }), {
      apiVersion: "apiextensions.k8s.io/v1",
      kind: "CustomResourceDefinition",
      metadata: { name: "things.carrel.dev" },
      spec: {
        group: "carrel.dev",
        names: { kind: "Thing", listKind: "ThingList", plural: "things", singular: "thing" },
        scope: "Namespaced",
        versions: [{ name: "v1", served: true, storage: true, schema: { openAPIV3Schema: schema } }],
      },
    });
  });

  it("adds short names, columns and the status subresource", () => {
    const columns = [{ name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" }];
    const made = customResourceDefinition({ ...names, shortNames: ["th"], spec, status: spec, columns });
    const { names: named, versions } = made.spec as { names: object; versions: object[] };
    assert.deepEqual(named, {
      kind: "Thing",
      listKind: "ThingList",
      plural: "things",
      singular: "thing",
      shortNames: ["th"],
    });
    const properties = { ...envelope, spec, status: spec };
    assert.deepEqual(versions[0], {
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", description: "A thing", required: ["spec"], properties } },
      additionalPrinterColumns: columns,
      subresources: { status: {} },
    });
  });
});
