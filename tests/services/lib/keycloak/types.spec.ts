import assert from "node:assert/strict";
import { isManaged, MANAGED, PART } from "../../../../services/lib/keycloak/types.ts";

describe("isManaged", () => {
  it("needs the mark and the part", () => {
    const all: Record<string, string[]>[] = [
      { [MANAGED]: ["true"], [PART]: ["group"] },
      { [MANAGED]: ["true"], [PART]: ["realm"] },
      { [MANAGED]: ["false"], [PART]: ["group"] },
      { [PART]: ["group"] },
    ];
    assert.deepEqual(
      all.map((attributes) => isManaged({ attributes }, "group")),
      [true, false, false, false],
    );
    assert.equal(isManaged({}, "group"), false);
  });
});
