import assert from "node:assert/strict";
import { standardRealm } from "../../../../services/controllers/realm/standard.ts";
import { ADMIN_ROLE, EVERYONE } from "../../../../services/lib/keycloak/names.ts";

describe("names of the realm", () => {
  it("are those that the realm is declared with, and that sites know", () => {
    const secrets = { hub: "a", grafana: "b", dashboard: "c", "carrel-api": "d", "carrel-controllers": "e" };
    const { roles, groups } = standardRealm({ realm: "carrel", host: "a.test", port: 443, secrets });
    assert.deepEqual([roles.map(({ name }) => name), ADMIN_ROLE], [["carrel-admin"], "carrel-admin"]);
    assert.deepEqual(
      [groups.map(({ name, isDefault }) => [name, isDefault]), EVERYONE],
      [[["everyone", true]], "everyone"],
    );
  });
});
