import assert from "node:assert/strict";
import fc from "fast-check";
import { differences } from "../../../../services/controllers/realm/differences.ts";

const options = { rewriteSecrets: false, secrets: new Set(["hidden-value"]) };

describe("differences", () => {
  it("are of declared fields alone, key by key in maps", () => {
    const declared = { a: 1, list: ["x", "y"], map: { k: "v", n: true }, absent: "z" };
    const live = { a: "1", list: ["y", "x"], map: { k: "w", n: "true", other: "o" }, more: 1 };
    assert.deepEqual(differences(declared, live, options), ['map.k was "w", now "v"', 'absent was absent, now "z"']);
    assert.deepEqual(differences({ list: ["x"] }, { list: ["x", "x"] }, options), ['list was ["x","x"], now ["x"]']);
  });

  it("never show a secret, by the name of its field or by its value", () => {
    const texts = differences(
      { secret: "new", config: { clientSecret: "c", apiKey: "hidden-value" }, passwordPolicy: "length(12)" },
      { secret: "old", config: { clientSecret: "d", apiKey: "shown" } },
      options,
    );
    assert.deepEqual(texts, [
      "secret was another",
      "config.clientSecret was another",
      'config.apiKey was "shown", now (secret)',
      'passwordPolicy was absent, now "length(12)"',
    ]);
  });

  it("take what Keycloak hides as equal, unless it is to be written again", () => {
    const declared = { clientSecret: "c", bindCredential: ["b"] };
    const live = { clientSecret: "**********", bindCredential: ["**********"] };
    assert.deepEqual(differences(declared, live, options), []);
    assert.deepEqual(differences(declared, live, { ...options, rewriteSecrets: true }), [
      "clientSecret is written again",
      "bindCredential is written again",
    ]);
  });

  it("cut long values", () => {
    assert.equal(differences({ a: "x".repeat(500) }, {}, options)[0]?.length, "a was absent, now ".length + 163);
  });

  it("are none where what is declared is there, whatever else there is", () => {
    const fields = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer(), fc.array(fc.string())));
    fc.assert(
      fc.property(fields, fields, (declared, others) => {
        assert.deepEqual(differences(declared, { ...others, ...declared }, options), []);
      }),
    );
  });
});
