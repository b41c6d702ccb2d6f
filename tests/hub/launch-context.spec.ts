import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";

const services = join(import.meta.dirname, "..", "..", "services");
const read = (...path: string[]): string => readFileSync(join(services, ...path), "utf8");

describe("the hub's query", () => {
  it("asks for what the API's schema has", () => {
    const schema = buildSchema(read("api", "schema.graphql"));
    const query = parse(read("hub", "carrel_hub", "launch_context.graphql"));
    assert.deepEqual(
      validate(schema, query).map(({ message }) => message),
      [],
    );
  });
});
