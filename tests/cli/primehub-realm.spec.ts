import assert from "node:assert/strict";
import fc from "fast-check";
import { importPrimehub, type RealmExport } from "../../cli/primehub-realm.ts";
import { parseDeclared } from "../../quota/resources.ts";
import { Desk } from "./run.ts";

/** As PrimeHub 4 leaves a realm behind. */
const realm: RealmExport = {
  realm: "primehub",
  roles: { realm: [{ name: "it:cpu-1" }, { name: "prod:ds:rw:corpus" }, { name: "img:TF_2" }, { name: "invitation" }] },
  clients: [{ clientId: "admin-ui" }, { clientId: "account" }],
  groups: [
    { name: "everyone", attributes: { "quota-cpu": ["0"] }, realmRoles: ["it:cpu-1", "ds:rw:corpus"] },
    {
      name: "Lab_1",
      attributes: {
        displayName: ["Lab One"],
        "quota-cpu": ["0.5"],
        "quota-memory": ["1.5G"],
        "project-quota-gpu": ["4"],
        "project-quota-memory": ["64"],
        "enabled-shared-volume": ["true"],
        "shared-volume-capacity": ["200G"],
        "max-deploy": ["3"],
        admins: ["ada"],
      },
      realmRoles: ["it:cpu-1", "prod:ds:rw:corpus", "img:TF_2", "offline_access"],
      subGroups: [{ name: "sub" }],
    },
    { name: "phusers" },
  ],
  users: [
    {
      username: "ada",
      groups: ["/Lab_1", "/everyone", "/Lab_1/sub"],
      clientRoles: { "realm-management": ["realm-admin"] },
    },
    { username: "service-account-admin-ui" },
  ],
};

describe("importPrimehub", () => {
  it("makes Groups with quotas in Kubernetes' units", () => {
    const { groups } = importPrimehub(realm);
    const [name] = groups.map(({ metadata }) => metadata.name);
    assert.match(name!, /^lab-1-[0-9a-f]{8}$/);
    assert.deepEqual(groups, [
      {
        apiVersion: "carrel.dev/v1",
        kind: "Group",
        metadata: { name, annotations: { "carrel.dev/group-name": "Lab_1" } },
        spec: {
          displayName: "Lab One",
          quota: { gpu: "4", memory: 0 },
          memberQuota: { cpu: "500m", memory: "1536Mi" },
          volume: { size: "200Gi" },
        },
      },
      { apiVersion: "carrel.dev/v1", kind: "Group", metadata: { name: "phusers" }, spec: {} },
    ]);
  });

  it("makes what Keycloak imports: groups with their attributes, roles as they are called here, users", () => {
    const { realm: made } = importPrimehub(realm);
    const image = made.roles.realm.find(({ name }) => name.startsWith("img:"))?.name;
    assert.match(image!, /^img:tf-2-[0-9a-f]{8}$/);
    assert.deepEqual(made, {
      ifResourceExists: "SKIP",
      roles: { realm: [{ name: "ds:rw:corpus" }, { name: image }, { name: "it:cpu-1" }] },
      groups: [
        {
          name: "Lab_1",
          path: "/Lab_1",
          attributes: realm.groups![1]!.attributes,
          realmRoles: ["it:cpu-1", "ds:rw:corpus", image],
        },
        { name: "phusers", path: "/phusers", attributes: {}, realmRoles: [] },
      ],
      users: [{ username: "ada", groups: ["/Lab_1", "/everyone"], realmRoles: ["carrel-admin"] }],
    });
  });

  it("tells of everything that it changed or left, and why", () => {
    const { report } = importPrimehub(realm);
    const lines = report
      .filter(({ outcome }) => outcome !== "taken")
      .map(({ outcome, what, why }) => `${outcome} ${what}: ${why}`);
    assert.deepEqual(
      lines.map((line) => line.replaceAll(/-[0-9a-f]{8}/g, "-HASH")),
      [
        'changed group Lab_1, project-quota-memory: 64: "64" is not memory as PrimeHub writes it, such as 1.5G: it is 0 until you write another',
        'left group everyone, role it:cpu-1: annotate InstanceType cpu-1 with carrel.dev/global: "true"',
        "left group everyone, role ds:rw:corpus: bind ds:rw:corpus to the group everyone in Keycloak",
        "left group Lab_1, max-deploy: there are no model deployments; it stays in Keycloak",
        "left group Lab_1/sub: groups inside groups are no groups here",
        "changed group Lab_1, role prod:ds:rw:corpus: as ds:rw:corpus",
        "changed group Lab_1, role img:TF_2: as img:tf-2-HASH",
        "changed user ada, realm-admin: administers the platform as carrel-admin",
        "left user ada in /Lab_1/sub: that group is not taken",
        "left client admin-ui: the realm reconciler makes the clients of the platform",
      ],
    );
  });

  it("leaves a group whose Group another one is, and says that users are missing", () => {
    const { groups, report } = importPrimehub({ groups: [{ name: "a" }, { name: "a" }] });
    assert.deepEqual([groups.length, report.map(({ what }) => what)], [0, ["group a", "users"]]);
  });

  it("makes quotas that can be read, of whatever stands in the attributes", () => {
    const text = fc.oneof(
      fc.string(),
      fc.float({ min: 0, noNaN: true }).map((n) => `${n}G`),
      fc.nat().map(String),
    );
    const keys = fc.constantFrom("quota-cpu", "quota-gpu", "quota-memory", "project-quota-memory", "project-quota-cpu");
    fc.assert(
      fc.property(
        fc.dictionary(
          keys,
          text.map((one) => [one]),
        ),
        (attributes) => {
          const { groups, report } = importPrimehub({ groups: [{ name: "g", attributes }], users: [] });
          const { quota, memberQuota } = groups[0]!.spec;
          parseDeclared(quota, "quota");
          parseDeclared(memberQuota, "memberQuota");
          const stated = Object.values(attributes).filter(([one]) => one !== "").length;
          assert.equal(report.length, stated);
        },
      ),
    );
  });
});

describe("carrel realm import-primehub", () => {
  const desk = new Desk();
  after(() => desk.clear());
  const run = (args: readonly string[]) => desk.carrel(["realm", "import-primehub", ...args]);

  it("prints manifests and tells what became of the rest", async () => {
    desk.write("realm.json", {
      realm: "primehub",
      groups: [{ name: "lab", attributes: { "quota-cpu": ["2"] } }],
      users: [],
    });
    assert.deepEqual(await run(["realm.json"]), {
      code: 0,
      out: 'apiVersion: carrel.dev/v1\nkind: Group\nmetadata:\n  name: lab\nspec:\n  memberQuota:\n    cpu: "2"\n',
      err: "taken   group lab, quota-cpu: 2: as 2\n1 groups, 0 users, 0 roles; of 1 details 1 taken, 0 changed, 0 left\n",
    });
    desk.write("all.json", [{ realm: "master" }, { ...realm }]);
    const { code, out } = await run(["all.json", "--keycloak"]);
    assert.deepEqual([code, JSON.parse(out)], [1, JSON.parse(JSON.stringify(importPrimehub(realm).realm))]);
  });

  it("is told of mistakes", async () => {
    desk.write("text.json", "no");
    desk.write("list.json", []);
    desk.write("other.json", {});
    const usage = "usage: carrel realm import-primehub FILE [--keycloak]\n";
    const errors = await Promise.all([[], ["-x"], ["text.json"], ["list.json"], ["other.json"]].map(run));
    assert.deepEqual(
      errors.map(({ code, err }) => `${code} ${err}`),
      [
        `2 error: 0 files are given: name one\n${usage}`,
        `2 error: Unknown option '-x'. To specify a positional argument starting with a '-', place it at the end of the command after '--', as in '-- "-x"\n${usage}`,
        "2 error: text.json is not JSON: name the export of a realm\n",
        '2 error: list.json has no realm "primehub": name the export of that realm\n',
        "2 error: the file has no list `groups`: export the realm with its groups and roles\n",
      ],
    );
    const { code, out } = await run(["--help"]);
    assert.ok(code === 0 && out.startsWith(usage));
  });
});
