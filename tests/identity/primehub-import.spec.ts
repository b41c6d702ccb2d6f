import assert from "node:assert/strict";
import { importPrimehub } from "../../cli/primehub-realm.ts";
import type { KeycloakClient } from "../../services/lib/keycloak/client.ts";
import type { Group, User } from "../../services/lib/keycloak/types.ts";
import { sharedKeycloak } from "../support/keycloak.ts";
import { realmUnderTest } from "./realm-under-test.ts";

const REALM = "imported";

describe("an imported PrimeHub realm", function () {
  this.timeout(120_000);
  let admin: KeycloakClient;
  before(async function () {
    this.timeout(900_000);
    const keycloak = await sharedKeycloak();
    await realmUnderTest(keycloak, REALM).reconciler.reconcile();
    admin = keycloak.adminOf(REALM);
  });

  it("has the groups with their attributes and roles, and the users in them", async () => {
    const { realm } = importPrimehub({
      roles: { realm: [{ name: "prod:it:cpu-1" }, { name: "img:scipy" }] },
      groups: [
        { name: "everyone", realmRoles: ["img:scipy"] },
        {
          name: "Lab_1",
          attributes: { "quota-cpu": ["2"], admins: ["ada", "bob"] },
          realmRoles: ["prod:it:cpu-1", "img:scipy"],
        },
      ],
      users: [
        {
          username: "ada",
          enabled: true,
          groups: ["/Lab_1", "/everyone"],
          realmRoles: ["offline_access"],
          clientRoles: { "realm-management": ["realm-admin"] },
          attributes: { volumeCapacity: ["20G"] },
        },
      ],
    });
    await admin.post("/partialImport", realm);
    const [lab] = await admin.get<Group[]>("/groups", { search: "Lab_1", exact: true, briefRepresentation: false });
    assert.deepEqual(
      [lab?.name, lab?.attributes, [...(lab?.realmRoles ?? [])].sort()],
      ["Lab_1", { "quota-cpu": ["2"], admins: ["ada", "bob"] }, ["img:scipy", "it:cpu-1"]],
    );
    const [ada] = await admin.get<User[]>("/users", { username: "ada", exact: true, briefRepresentation: false });
    assert.deepEqual(ada?.attributes, { volumeCapacity: ["20G"] });
    const groups = await admin.get<Group[]>(`/users/${ada?.id}/groups`);
    assert.deepEqual(groups.map(({ name }) => name).sort(), ["Lab_1", "everyone"]);
    const roles = await admin.get<{ name: string }[]>(`/users/${ada?.id}/role-mappings/realm`);
    assert.ok(roles.some(({ name }) => name === "carrel-admin"));
  });

  it("is passed over where it is imported again", async () => {
    const { realm } = importPrimehub({ groups: [{ name: "Lab_1", attributes: { "quota-cpu": ["9"] } }], users: [] });
    await admin.post("/partialImport", realm);
    const [lab] = await admin.get<Group[]>("/groups", { search: "Lab_1", exact: true, briefRepresentation: false });
    assert.deepEqual(lab?.attributes?.["quota-cpu"], ["2"]);
  });
});
