import assert from "node:assert/strict";
import { parseAdditions } from "../../../../services/controllers/realm/declaration-file.ts";

const read = (value: unknown) =>
  parseAdditions(JSON.stringify(value), "realm.json", (name) => ({ known: "content" })[name]);

describe("the file of what a site adds to the realm", () => {
  it("has defaults for what it leaves out, and secrets by name", () => {
    const { additions, secrets } = read({
      settings: { displayName: "Ours", smtpServer: { password: { secret: "known" } } },
      identityProviders: [{ alias: "gh", providerId: "github", config: { clientSecret: { secret: "known" } } }],
      userFederation: [{ name: "l", providerId: "ldap", config: { bindCredential: [{ secret: "known" }] } }],
      clients: [
        { clientId: "wiki", scopes: ["basic"], secret: { secret: "known" }, mappers: [{ name: "m", type: "t" }] },
      ],
      roles: [{ name: "r" }],
    });
    assert.deepEqual(additions, {
      settings: { displayName: "Ours", smtpServer: { password: "content" } },
      identityProviders: [
        { alias: "gh", providerId: "github", fields: {}, config: { clientSecret: "content" }, mappers: [] },
      ],
      userFederation: [{ name: "l", providerId: "ldap", config: { bindCredential: ["content"] }, mappers: [] }],
      clients: [
        {
          clientId: "wiki",
          scopes: ["basic"],
          fields: {},
          attributes: {},
          secret: "content",
          mappers: [{ name: "m", type: "t", config: {} }],
        },
      ],
      roles: [{ name: "r", description: "" }],
    });
    assert.deepEqual([...secrets], ["content"]);
  });

  it("is refused with every problem at once", () => {
    const wrong = {
      realm: "x",
      settings: { a: { b: [1] } },
      clients: [{ scopes: "basic", extra: 1, secret: { secret: "unknown" } }, 7],
      roles: {},
    };
    assert.throws(() => read(wrong), {
      problems: [
        'realm.json.clients[0].secret names the secret "unknown", which is not there: add it',
        "realm.json.realm is unknown: use one of settings, userProfile, scopes, roles, groups, clients, identityProviders, userFederation",
        "realm.json.settings must be a map of texts, numbers, booleans or lists of texts",
        "realm.json.clients[0].extra is unknown: use one of clientId, scopes, fields, attributes, secret, serviceAccountRoles, mappers",
        "realm.json.clients[0].clientId is missing or not of its type",
        "realm.json.clients[0].scopes is missing or not of its type",
        "realm.json.clients[0].secret is not of its type",
        "realm.json.clients[1] must be an object",
        "realm.json.roles must be a list",
      ],
    });
  });

  it("has to be a JSON object", () => {
    assert.throws(() => parseAdditions("{", "realm.json", () => undefined), /^UserError: realm\.json is not JSON: /);
    assert.throws(() => parseAdditions("[]", "realm.json", () => undefined), {
      message: "realm.json must be an object",
    });
  });
});
