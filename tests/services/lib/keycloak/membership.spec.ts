import assert from "node:assert/strict";
import { KeycloakError } from "../../../../services/lib/keycloak/errors.ts";
import { Membership } from "../../../../services/lib/keycloak/membership.ts";

const user = {
  id: "u1",
  username: "ada",
  enabled: true,
  email: "ada@example.org",
  firstName: "Ada",
  lastName: "Lovelace",
};

describe("Membership", () => {
  let ms: number;
  let asked: string[];
  let answers: Record<string, unknown>;
  let membership: Membership;
  beforeEach(() => {
    ms = 0;
    asked = [];
    answers = {
      "/users": [user],
      "/users/u1/groups": [
        { id: "g2", name: "physics", path: "/physics", realmRoles: ["img:scipy"], attributes: { admins: ["bob"] } },
        { id: "g1", name: "everyone", path: "/everyone" },
        { id: "g3", name: "chemistry", path: "/physics/chemistry", parentId: "g2" },
      ],
      "/users/u1/role-mappings/realm": [{ name: "default-roles-carrel" }, { name: "carrel-admin" }],
    };
    const ask = async (at: string): Promise<never> => {
      asked.push(at);
      const answer = answers[at];
      if (answer instanceof Error) throw answer;
      return answer as never;
    };
    membership = new Membership({ client: { get: ask, all: ask }, clock: { monotonicMs: () => ms }, maxEntries: 2 });
  });

  it("tells who somebody is, with their top-level groups and what these give", async () => {
    assert.deepEqual(await membership.of("ADA"), {
      id: "u1",
      name: "ada",
      displayName: "Ada Lovelace",
      email: "ada@example.org",
      roles: ["carrel-admin", "default-roles-carrel"],
      groups: [
        { id: "g1", name: "everyone", roles: [], admins: [] },
        { id: "g2", name: "physics", roles: ["img:scipy"], admins: ["bob"] },
      ],
    });
  });

  it("asks once for all who want to know within three seconds", async () => {
    await Promise.all([membership.of("ada"), membership.of("Ada")]);
    ms = 2_999;
    await membership.of("ada");
    assert.equal(asked.length, 3);
    ms = 3_000;
    answers["/users/u1/groups"] = [];
    assert.deepEqual((await membership.of("ada"))?.groups, []);
    assert.equal(asked.length, 6);
  });

  it("forgets on request", async () => {
    await membership.of("ada");
    membership.forget("ADA");
    await membership.of("ada");
    assert.equal(asked.length, 6);
  });

  it("knows nobody who is unknown, disabled, deleted meanwhile, or only similar", async () => {
    for (const found of [[], [{ ...user, enabled: false }], [{ ...user, username: "adam" }]]) {
      answers["/users"] = found;
      membership.forget("ada");
      assert.equal(await membership.of("ada"), undefined);
    }
    answers["/users"] = [user];
    answers["/users/u1/groups"] = new KeycloakError("gone", { status: 404 });
    membership.forget("ada");
    assert.equal(await membership.of("ada"), undefined);
  });

  it("gives no old answer where Keycloak cannot tell, and asks again", async () => {
    await membership.of("ada");
    ms = 3_000;
    answers["/users"] = new KeycloakError("away", { status: 0 });
    await assert.rejects(membership.of("ada"), { message: "away" });
    answers["/users"] = [user];
    assert.equal((await membership.of("ada"))?.name, "ada");
  });

  it("keeps no more than it may", async () => {
    for (const name of ["ada", "bob", "eve", "ada"]) await membership.of(name);
    assert.equal(asked.filter((at) => at === "/users").length, 4);
  });

  it("calls people by their user name where they have no other", async () => {
    answers["/users"] = [{ id: "u1", username: "ada", enabled: true }];
    assert.equal((await membership.of("ada"))?.displayName, "ada");
  });
});
