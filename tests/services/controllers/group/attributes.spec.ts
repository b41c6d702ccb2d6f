import assert from "node:assert/strict";
import { attributesOf, withMirror } from "../../../../services/controllers/group/attributes.ts";

describe("attributes of a group", () => {
  it("are the quotas in PrimeHub's form, the name and the volume", () => {
    const spec = {
      displayName: "Physics",
      quota: { cpu: "40", memory: "160Gi", gpu: 4 },
      memberQuota: { cpu: "500m", memory: null },
      volume: { size: "1500Mi" },
    };
    assert.deepEqual(attributesOf({ spec }), {
      displayName: ["Physics"],
      "quota-cpu": ["0.5"],
      "project-quota-cpu": ["40"],
      "project-quota-memory": ["160G"],
      "project-quota-gpu": ["4"],
      "enabled-shared-volume": ["true"],
      "shared-volume-capacity": ["2G"],
    });
    assert.deepEqual(attributesOf({ spec: {} }), {});
    assert.throws(() => attributesOf({ spec: { quota: { cpu: "many" } } }), /^QuantityError: spec\.quota\.cpu: /);
  });

  it("take the place of the mirror alone", () => {
    const live = { "quota-cpu": ["9"], admins: ["ada", "bob"], displayName: ["Old"] };
    assert.deepEqual(withMirror(live, { "quota-gpu": ["1"] }), { admins: ["ada", "bob"], "quota-gpu": ["1"] });
    assert.deepEqual(withMirror(undefined, {}), {});
  });
});
