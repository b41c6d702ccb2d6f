import assert from "node:assert/strict";
import { SharedValues } from "../../../services/admission/shared-values.ts";

describe("SharedValues", () => {
  it("answers one object for all that are equal, and another for others", () => {
    const values = new SharedValues<{ readonly limits: { readonly cpu: string } }>();
    const first = values.of({ limits: { cpu: "1" } });
    assert.equal(values.of({ limits: { cpu: "1" } }), first);
    assert.deepEqual(values.of({ limits: { cpu: "2" } }), { limits: { cpu: "2" } });
  });

  it("forgets all of them when there are too many, and goes on", () => {
    const values = new SharedValues<{ readonly name: number }>();
    const first = values.of({ name: 0 });
    for (let name = 1; name < 4096; name++) values.of({ name });
    assert.equal(values.of({ name: 0 }), first);
    const last = values.of({ name: 4096 });
    assert.notEqual(values.of({ name: 0 }), first);
    assert.equal(values.of({ name: 4096 }), last);
  });
});
