import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiSchema, schemaText } from "../../../../services/api/schema/schema.ts";

const file = join(import.meta.dirname, "../../../../services/api/schema.graphql");

describe("apiSchema", () => {
  it("is what schema.graphql says, which others build upon", () => {
    assert.equal(schemaText(apiSchema()), readFileSync(file, "utf8"));
  });

  it("changes nothing that is kept: what it can make is a link", () => {
    const schema = apiSchema();
    assert.deepEqual(Object.keys(schema.getMutationType()?.getFields() ?? {}), ["invite"]);
    assert.equal(schema.getSubscriptionType(), undefined);
  });
});
