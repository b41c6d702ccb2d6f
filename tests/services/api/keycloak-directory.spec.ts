import assert from "node:assert/strict";
import { boundBy } from "../../../services/api/bound.ts";
import { ApiError } from "../../../services/api/errors.ts";
import { KeycloakDirectory } from "../../../services/api/keycloak-directory.ts";
import { systemClock } from "../../../services/lib/clock.ts";
import { Membership } from "../../../services/lib/keycloak/membership.ts";
import { quiet } from "./cluster.ts";
import { FakeKeycloak } from "./keycloak.ts";

function setup() {
  const client = new FakeKeycloak(
    {
      ada: { firstName: "Ada", email: "ada@test", groups: ["everyone", "Physics Lab"] },
      root: { groups: ["admins"] },
      gone: { enabled: false },
    },
    {
      everyone: { roles: ["it:small"] },
      "Physics Lab": { roles: ["img:scipy"], admins: ["Ada"] },
      admins: { roles: ["carrel-admin"] },
    },
  );
  return {
    client,
    directory: new KeycloakDirectory({
      client,
      membership: new Membership({ client, clock: systemClock }),
      log: quiet,
    }),
  };
}

describe("KeycloakDirectory", () => {
  it("knows a person with their groups, and apart from them what everyone has", async () => {
    assert.deepEqual(await setup().directory.person("ada"), {
      id: "u-ada",
      name: "ada",
      displayName: "Ada",
      email: "ada@test",
      isAdmin: false,
      groups: [{ name: "Physics Lab", admins: ["Ada"], bound: boundBy(["img:scipy"]) }],
      common: boundBy(["it:small"]),
    });
  });

  it("knows an administrator by a role of a group too, and nobody who is disabled or unknown", async () => {
    const { directory } = setup();
    assert.equal((await directory.person("root"))?.isAdmin, true);
    assert.deepEqual([await directory.person("gone"), await directory.person("none")], [undefined, undefined]);
  });

  it("knows a group by its exact name at the top, and its members page by page", async () => {
    const { directory } = setup();
    assert.deepEqual(await directory.group("Physics Lab"), {
      ...{ name: "Physics Lab", admins: ["Ada"], bound: boundBy(["img:scipy"]) },
    });
    assert.equal(await directory.group("Physics"), undefined);
    const page = { first: 10, offset: 0 };
    const ada = { name: "ada", displayName: "Ada", email: "ada@test" };
    assert.deepEqual(await directory.members("Physics Lab", page), [ada]);
    assert.deepEqual(await directory.members("Physics Lab", { ...page, offset: 1 }), []);
    assert.deepEqual(await directory.members("none", page), []);
  });

  it("says that nothing is known while Keycloak is down", async () => {
    const { client, directory } = setup();
    client.down = true;
    await assert.rejects(directory.group("Physics Lab"), (error: unknown) => {
      assert.ok(error instanceof ApiError);
      assert.deepEqual([error.code, error.message], ["UNAVAILABLE", "people and groups are not known now: try again"]);
      return true;
    });
  });
});
