import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestOf } from "../../images/oci/content.ts";
import { SBOM_TYPE, sbomBlob } from "../../images/sbom.ts";
import { problemsOf } from "./json-schema.ts";
import { parsed } from "./support.ts";

/** CycloneDX's own schema, as its library ships it. */
const schema = JSON.parse(
  readFileSync(
    join(
      import.meta.dirname,
      "../../node_modules/@cyclonedx/cyclonedx-library/res/schema/bom-1.6.SNAPSHOT.schema.json",
    ),
    "utf8",
  ),
) as Record<string, unknown>;

const base = "registry.test/base/node@sha256:0123";
const subject = {
  name: "carrel-greeter",
  version: "1.2.3",
  license: "Apache-2.0",
  base,
  packages: [
    { name: "outer", version: "2.0.0", license: "MIT" },
    { name: "@deep/inner", version: "3.1.0", license: undefined },
  ],
};

describe("sbomBlob", () => {
  it("lists the service, its base and every package with its licence", () => {
    const { mediaType, digest, bytes } = sbomBlob(subject);
    assert.deepEqual([mediaType, digest, SBOM_TYPE], [SBOM_TYPE, digestOf(bytes), "application/vnd.cyclonedx+json"]);
    const inner = "@deep/inner@3.1.0";
    assert.deepEqual(parsed({ bytes }), {
      $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
      bomFormat: "CycloneDX",
      specVersion: "1.6",
      version: 1,
      metadata: {
        component: {
          type: "application",
          name: "carrel-greeter",
          version: "1.2.3",
          "bom-ref": "carrel-greeter@1.2.3",
          licenses: [{ expression: "Apache-2.0" }],
        },
      },
      components: [
        { type: "library", name: "@deep/inner", version: "3.1.0", "bom-ref": inner },
        { type: "container", name: base, "bom-ref": "base-image" },
        {
          type: "library",
          name: "outer",
          version: "2.0.0",
          "bom-ref": "outer@2.0.0",
          licenses: [{ expression: "MIT" }],
        },
      ],
      dependencies: [inner, "base-image", "carrel-greeter@1.2.3", "outer@2.0.0"].map((ref) => ({ ref })),
    });
  });

  it("is valid by CycloneDX's own schema", () => {
    assert.deepEqual(problemsOf(schema, parsed(sbomBlob(subject))), []);
    assert.deepEqual(problemsOf(schema, parsed(sbomBlob({ ...subject, packages: [] }))), []);
  });

  it("would be found invalid with a wrong type, a missing name and an unknown key", () => {
    const document = { bomFormat: "CycloneDX", specVersion: "1.6", components: [{ type: "thing", extra: 1 }] };
    assert.deepEqual(problemsOf(schema, document), [
      "$.components[0]: no name",
      "$.components[0].type: not of the enumeration",
      "$.components[0]: unknown extra",
    ]);
  });

  it("has the same bytes each time, in whatever order the packages were found", () => {
    const first = sbomBlob(subject);
    assert.deepEqual(sbomBlob(subject), first);
    assert.deepEqual(sbomBlob({ ...subject, packages: subject.packages.toReversed() }), first);
  });
});
