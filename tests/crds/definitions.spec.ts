import assert from "node:assert/strict";
import {
  type CustomResourceDefinition,
  customResourceDefinitions,
  MAX_RESERVATIONS,
  type Reservation,
} from "../../crds/index.ts";
import { LEDGER_BYTES } from "../../crds/quota-ledger.ts";
import type { Schema } from "../../crds/schema.ts";
import { resourceNames } from "../../quota/resources.ts";

interface Version {
  readonly name: string;
  readonly served: boolean;
  readonly storage: boolean;
  readonly schema: { readonly openAPIV3Schema: Schema };
  readonly additionalPrinterColumns?: readonly {
    readonly name: string;
    readonly type: string;
    readonly jsonPath: string;
  }[];
  readonly subresources?: { readonly status?: object };
}
interface Spec {
  readonly group: string;
  readonly names: Readonly<Record<string, string>>;
  readonly scope: string;
  readonly versions: readonly [Version];
}
const specOf = ({ spec }: CustomResourceDefinition): Spec => spec as unknown as Spec;
const schemaOf = (definition: CustomResourceDefinition): Schema =>
  specOf(definition).versions[0].schema.openAPIV3Schema;

/** Every schema inside a schema, with its path. */
function* walk(schema: Schema, path: string): Generator<readonly [string, Schema]> {
  yield [path, schema];
  for (const [name, inner] of Object.entries(schema.properties ?? {})) yield* walk(inner, `${path}.${name}`);
  if (schema.additionalProperties) yield* walk(schema.additionalProperties, `${path}.*`);
  if (schema.items) yield* walk(schema.items, `${path}[]`);
}

function isUnbounded({
  type,
  enum: values,
  maxLength,
  maxItems,
  additionalProperties,
  maxProperties,
}: Schema): boolean {
  if (type === "string") return values === undefined && maxLength === undefined;
  return type === "array" ? maxItems === undefined : additionalProperties !== undefined && maxProperties === undefined;
}

/** What an API server would refuse in a structural schema, or read in another way than it was meant. */
function flawsOf(schema: Schema): readonly string[] {
  const intOrString = schema["x-kubernetes-int-or-string"] === true;
  const flaws: readonly (readonly [boolean, string])[] = [
    [intOrString === (schema.type !== undefined), "no type, or two"],
    [intOrString !== (schema.anyOf !== undefined), "anyOf belongs to int-or-string"],
    [(schema.type === "array") !== (schema.items !== undefined), "items belong to arrays"],
    [schema.properties !== undefined && schema.additionalProperties !== undefined, "an object and a map"],
    [(schema.required ?? []).some((key) => !schema.properties?.[key]), "requires what it does not have"],
  ];
  return flaws.filter(([wrong]) => wrong).map(([, text]) => text);
}

describe("custom resource definitions", () => {
  it("are the ones of the platform, each by its own name", () => {
    const named = customResourceDefinitions.map(({ metadata, spec }) => [metadata.name, spec["scope"]]);
    assert.deepEqual(named, [
      ["groups.carrel.dev", "Cluster"],
      ["quotaledgers.carrel.dev", "Namespaced"],
      ["poddefaults.carrel.dev", "Namespaced"],
      ["instancetypes.carrel.dev", "Cluster"],
      ["images.carrel.dev", "Cluster"],
      ["volumes.carrel.dev", "Namespaced"],
    ]);
  });

  for (const definition of customResourceDefinitions) {
    describe(definition.metadata.name, () => {
      const { group, names, versions } = specOf(definition);
      const [version] = versions;
      const schemas = [...walk(schemaOf(definition), "")];

      it("has one version, served and stored, and consistent names", () => {
        assert.deepEqual(
          [definition.apiVersion, definition.kind],
          ["apiextensions.k8s.io/v1", "CustomResourceDefinition"],
        );
        assert.equal(definition.metadata.name, `${names["plural"]}.${group}`);
        assert.equal(names["listKind"], `${names["kind"]}List`);
        assert.equal(names["singular"], names["kind"]?.toLowerCase());
        assert.deepEqual([versions.length, version.name, version.served, version.storage], [1, "v1", true, true]);
        assert.deepEqual(schemaOf(definition).required, ["spec"]);
      });

      it("gives every field a type, and only what belongs to that type", () => {
        for (const [path, schema] of schemas) assert.deepEqual(flawsOf(schema), [], path);
      });

      it("bounds every text, list and map that people or programs fill", () => {
        // Kubernetes bounds the labels and annotations of a pod itself.
        const ofPods = /^\.spec\.template\.metadata\.(labels|annotations)(\.\*)?$/;
        const filled = schemas.filter(([path]) => path.startsWith(".spec") && !ofPods.test(path));
        assert.deepEqual(
          filled.filter(([, schema]) => isUnbounded(schema)),
          [],
        );
      });

      it("has columns that exist, and a status subresource where it has a status", () => {
        const paths = new Set(schemas.map(([path]) => path)).add(".metadata.creationTimestamp");
        for (const { name, jsonPath } of version.additionalPrinterColumns ?? []) assert.ok(paths.has(jsonPath), name);
        assert.equal(version.subresources?.status !== undefined, paths.has(".status"));
      });

      it("fits into the annotation of a client-side apply", () => {
        assert.ok(Buffer.byteLength(JSON.stringify(definition)) < 262_144);
      });
    });
  }

  it("limits in groups what quotas can limit, everywhere alike", () => {
    const { properties = {} } = schemaOf(customResourceDefinitions[0]!).properties?.["spec"] ?? {};
    const { quota, memberQuota, memberQuotas, defaults } = properties;
    for (const amounts of [quota, memberQuota, memberQuotas?.additionalProperties, defaults]) {
      assert.deepEqual(Object.keys(amounts?.properties ?? {}), resourceNames);
    }
  });

  it("keeps conditions by their type, so that each can have a writer of its own", () => {
    const lists = customResourceDefinitions.flatMap((definition) => {
      const { conditions } = schemaOf(definition).properties?.["status"]?.properties ?? {};
      const { "x-kubernetes-list-type": type, "x-kubernetes-list-map-keys": keys, items } = conditions ?? {};
      return conditions === undefined ? [] : [[definition.metadata.name, type, keys, items?.required?.[0]]];
    });
    assert.deepEqual(lists, [
      ["groups.carrel.dev", "map", ["type"], "type"],
      ["volumes.carrel.dev", "map", ["type"], "type"],
    ]);
  });

  it("takes as many items in a ledger as fit into it, and as many pages as all reservations of a group take", () => {
    const ledger = customResourceDefinitions.find(({ metadata }) => metadata.name === "quotaledgers.carrel.dev");
    const { reservations, pages } = schemaOf(ledger!).properties?.["spec"]?.properties ?? {};
    const bytesOf = (text: string, amount: string): number => {
      const amounts = { cpuMilli: amount, memoryBytes: amount, gpuMilli: amount, ephemeralStorageBytes: amount };
      const names = { uid: text, namespace: text, name: text };
      const growing = text === "" ? {} : { user: text, podVersion: text, request: text };
      return JSON.stringify({ ...names, ...growing, ...amounts } satisfies Reservation).length + 1;
    };
    const most = reservations?.maxItems ?? 0;
    assert.ok(most * bytesOf("", "0") > LEDGER_BYTES, `${most} of the shortest`);
    // A page stays until less than half of it is open.
    const half = (0.9 * LEDGER_BYTES) / 2;
    const needed = (MAX_RESERVATIONS * bytesOf("x".repeat(253), "9".repeat(20))) / half;
    assert.ok((pages?.maxItems ?? 0) > needed, `${needed} pages`);
    // One bit for each, as base64.
    assert.ok((pages?.items?.properties?.["gone"]?.maxLength ?? 0) >= 4 * Math.ceil(most / 8 / 3));
  });

  it("notes nothing about single items of a ledger, which would double it", () => {
    const ledger = customResourceDefinitions.find(({ metadata }) => metadata.name === "quotaledgers.carrel.dev");
    const { reservations, pages } = schemaOf(ledger!).properties?.["spec"]?.properties ?? {};
    assert.deepEqual(
      [reservations, pages].map((list) => list?.["x-kubernetes-list-type"]),
      ["atomic", "atomic"],
    );
  });
});
