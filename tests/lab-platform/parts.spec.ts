import assert from "node:assert/strict";
import { isExposed, needsStandIns } from "../../lab/platform/parts.ts";

const lists = [undefined, [], ["exposure"], ["identity", "api"], ["hub"]];

describe("the parts of a stack", () => {
  it("need images of others for identity and the hub", () => {
    assert.deepEqual(lists.map(needsStandIns), [true, false, false, true, true]);
  });

  it("have public names with exposure", () => {
    assert.deepEqual(lists.map(isExposed), [true, false, true, false, false]);
  });
});
