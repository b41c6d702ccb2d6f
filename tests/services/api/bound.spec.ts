import assert from "node:assert/strict";
import { boundBy, together } from "../../../services/api/bound.ts";

describe("boundBy", () => {
  it("reads roles of instance types, images and volumes, and no others", () => {
    const roles = ["it:small", "img:scipy", "ds:corpus", "ds:rw:corpus", "ds:rw:notes", "ds:notes", "ds:a.b"];
    const others = ["carrel-admin", "it:", "img:No", "xit:small", "ds:ro:x", "it:small:x", "offline_access"];
    assert.deepEqual(boundBy([...roles, ...others]), {
      instanceTypes: ["small"],
      images: ["scipy"],
      volumes: new Map([
        ["corpus", "write"],
        ["notes", "write"],
        ["a.b", "read"],
      ]),
    });
  });
});

describe("together", () => {
  it("is what any gives, once, and writing goes before reading in any order", () => {
    const a = boundBy(["it:small", "ds:x", "ds:rw:y"]);
    const b = boundBy(["it:small", "it:large", "img:i", "ds:rw:x", "ds:y"]);
    const both = {
      instanceTypes: ["large", "small"],
      images: ["i"],
      volumes: new Map([
        ["x", "write"],
        ["y", "write"],
      ]),
    };
    assert.deepEqual(together([a, b]), both);
    assert.deepEqual(together([b, a]), both);
  });
});
