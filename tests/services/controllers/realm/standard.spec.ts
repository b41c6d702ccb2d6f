import assert from "node:assert/strict";
import { withAdditions } from "../../../../services/controllers/realm/declaration.ts";
import { secretClients, standardRealm } from "../../../../services/controllers/realm/standard.ts";

const secrets = Object.fromEntries(secretClients.map((name) => [name, `${name}-secret`])) as Record<
  (typeof secretClients)[number],
  string
>;
const realm = standardRealm({ realm: "carrel", host: "desk.example", port: 443, secrets });
const clientOf = (clientId: string) => realm.clients.find((one) => one.clientId === clientId)!;

describe("the standard realm", () => {
  it("has a client for each program, each with its own address", () => {
    assert.deepEqual(
      realm.clients.map(({ clientId, fields, secret }) => [
        clientId,
        fields["publicClient"],
        fields["redirectUris"],
        secret,
      ]),
      [
        ["hub", false, ["https://desk.example/hub/oauth_callback"], "hub-secret"],
        ["console", true, ["https://console.desk.example/*"], undefined],
        ["grafana", false, ["https://grafana.desk.example/login/generic_oauth"], "grafana-secret"],
        ["dashboard", false, ["https://dashboard.desk.example/oidc-callback"], "dashboard-secret"],
        ["carrel-api", false, [], "carrel-api-secret"],
        ["carrel-controllers", false, [], "carrel-controllers-secret"],
      ],
    );
    const lab = standardRealm({ realm: "carrel", host: "lab.localhost", port: 8443, secrets });
    assert.deepEqual(lab.clients[0]?.fields["redirectUris"], ["https://lab.localhost:8443/hub/oauth_callback"]);
  });

  it("lets people in by the standard flow with PKCE alone", () => {
    for (const clientId of ["hub", "console", "grafana", "dashboard"]) {
      const { fields, attributes, scopes } = clientOf(clientId);
      const flows = [
        "standardFlowEnabled",
        "implicitFlowEnabled",
        "directAccessGrantsEnabled",
        "serviceAccountsEnabled",
      ];
      assert.deepEqual(
        flows.map((flow) => fields[flow]),
        [true, false, false, false],
      );
      assert.equal(attributes["pkce.code.challenge.method"], "S256");
      assert.ok(scopes.includes("basic") && scopes.includes("carrel"));
    }
  });

  it("gives its own programs no more than they need", () => {
    assert.deepEqual(clientOf("carrel-controllers").serviceAccountRoles, { "realm-management": ["realm-admin"] });
    assert.deepEqual(clientOf("carrel-api").serviceAccountRoles, {
      "realm-management": ["query-groups", "query-users", "view-users", "manage-users", "view-realm"],
    });
  });

  it("has everybody in a group that may launch nothing", () => {
    assert.deepEqual(realm.groups, [
      {
        name: "everyone",
        attributes: { "quota-cpu": ["0"], "quota-gpu": ["0"], "quota-memory": ["0"] },
        isDefault: true,
      },
    ]);
  });

  it("takes what a site adds, in the place of what has its name", () => {
    const both = withAdditions(realm, {
      settings: { displayName: "Ours" },
      roles: [{ name: "extra", description: "" }],
      clients: [{ clientId: "grafana", fields: {}, attributes: {}, scopes: [], mappers: [] }],
    });
    assert.deepEqual([both.settings["displayName"], both.settings["bruteForceProtected"]], ["Ours", true]);
    assert.deepEqual(
      both.roles.map(({ name }) => name),
      ["carrel-admin", "extra"],
    );
    assert.deepEqual(
      both.clients.map(({ clientId }) => clientId).sort(),
      realm.clients.map(({ clientId }) => clientId).sort(),
    );
  });
});
