import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildSchema, parse, validate } from "graphql";

const services = join(import.meta.dirname, "..", "..", "services");
const read = (...path: string[]): string => readFileSync(join(services, ...path), "utf8");

describe("the hub's queries", () => {
  for (const file of ["launch_context.graphql", "ssh_keys/person.graphql"]) {
    it(`ask for what the API's schema has: ${file}`, () => {
      const schema = buildSchema(read("api", "schema.graphql"));
      const query = parse(read("hub", "carrel_hub", file));
      assert.deepEqual(
        validate(schema, query).map(({ message }) => message),
        [],
      );
    });
  }
});
