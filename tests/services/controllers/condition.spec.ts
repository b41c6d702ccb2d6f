import assert from "node:assert/strict";
import { type Condition, conditionOf, isNews } from "../../../services/controllers/condition.ts";

const before: Condition = {
  type: "Ready",
  status: "True",
  reason: "Applied",
  message: "",
  lastTransitionTime: "2026-01-01T00:00:00.000Z",
};
const finding = { type: "Ready", status: "True", reason: "Applied", message: "" } as const;

describe("conditions", () => {
  it("keep the time of their last transition", () => {
    assert.deepEqual(conditionOf({ ...finding, message: "other" }, [before], 0), { ...before, message: "other" });
    const failed = conditionOf({ ...finding, status: "False" }, [before], 0);
    assert.equal(failed.lastTransitionTime, "1970-01-01T00:00:00.000Z");
    assert.equal(conditionOf(finding, undefined, 0).lastTransitionTime, "1970-01-01T00:00:00.000Z");
  });

  it("are news when they say something else", () => {
    assert.equal(isNews(finding, [before]), false);
    assert.equal(isNews(finding, []), true);
    for (const other of [{ status: "False" }, { reason: "r" }, { message: "m" }, { observedGeneration: 1 }] as const) {
      assert.equal(isNews({ ...finding, ...other }, [before]), true);
    }
  });
});
