import assert from "node:assert/strict";
import { nameOf, objectOf, planGroup } from "../../../../services/controllers/group/plan.ts";

const object = { metadata: { name: "physics" }, spec: { quota: { cpu: 4 } } };
const attributes = { "project-quota-cpu": ["4"], "carrel.dev/group": ["physics"], admins: ["ada"] };
const live = { id: "g1", name: "physics", path: "/physics", attributes };

describe("planGroup", () => {
  it("makes what is missing, with our marks", () => {
    assert.deepEqual(planGroup(object, undefined), {
      kind: "create",
      body: {
        name: "physics",
        attributes: {
          "project-quota-cpu": ["4"],
          "carrel.dev/group": ["physics"],
          "carrel.dev/managed": ["true"],
          "carrel.dev/part": ["group"],
        },
      },
    });
  });

  it("does nothing where all is as it has to be", () => {
    assert.deepEqual(planGroup(object, live), { kind: "none", id: "g1" });
  });

  it("mends the mirror and the name, and says how", () => {
    const changed = {
      ...live,
      name: "other",
      attributes: { ...attributes, "project-quota-cpu": ["5"], "quota-gpu": ["1"] },
    };
    assert.deepEqual(planGroup(object, changed), {
      kind: "update",
      id: "g1",
      body: { ...changed, name: "physics", attributes },
      text: "name was other, now physics; quota-gpu was 1, now absent; project-quota-cpu was 5, now 4",
    });
  });

  it("adopts a group of others without marking it as made here", () => {
    const theirs = { ...live, attributes: {} };
    const action = planGroup(object, theirs);
    assert.ok(action.kind === "update");
    assert.deepEqual((action.body as typeof live).attributes, {
      "project-quota-cpu": ["4"],
      "carrel.dev/group": ["physics"],
    });
    assert.equal(objectOf({ ...live }), undefined);
    const ours = { ...attributes, "carrel.dev/managed": ["true"], "carrel.dev/part": ["group"] };
    assert.equal(objectOf({ ...live, attributes: ours }), "physics");
  });

  it("refuses an exact name that is another Group's", () => {
    const annotations = { "carrel.dev/group-name": "Physics" };
    assert.throws(() => planGroup({ metadata: { name: "physics", annotations }, spec: {} }, undefined), {
      message:
        'Group physics has the annotation carrel.dev/group-name: "Physics", whose Group would be physics-34909691: correct one of them',
    });
    assert.equal(nameOf({ metadata: { name: "physics-34909691", annotations } }), "Physics");
  });
});
