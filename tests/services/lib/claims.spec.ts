import assert from "node:assert/strict";
import fc from "fast-check";
import { type ClaimOwner, claimName, claimOwner, groupVolume } from "../../../services/lib/claims.ts";

describe("claimName", () => {
  it("is of the kind and the name, and tells both", () => {
    assert.equal(claimName({ kind: "Group", name: "physics" }), "group-physics");
    assert.equal(claimName({ kind: "Volume", name: "corpus" }), "volume-corpus");
    const owner = fc.record({
      kind: fc.constantFrom<ClaimOwner["kind"]>("Group", "Volume"),
      name: fc.stringMatching(/^[-a-z0-9.]+$/),
    });
    fc.assert(fc.property(owner, (one) => assert.deepEqual(claimOwner(claimName(one)), { ...one })));
  });

  it("is not that of a home, nor of nothing", () => {
    assert.deepEqual(["home-ada", "group-", "volumes"].map(claimOwner), [undefined, undefined, undefined]);
  });
});

describe("groupVolume", () => {
  it("is always the same for a group", () => {
    assert.deepEqual(groupVolume("physics"), { claim: "group-physics", gid: 1_948_985_157 });
    assert.notEqual(groupVolume("physics").gid, groupVolume("maths").gid);
    for (const name of ["a", "physics", "x-12345678"]) {
      const { gid } = groupVolume(name);
      assert.ok(gid >= 1_000_000_000 && gid < 2_000_000_000, `${name}: ${gid}`);
    }
  });
});
