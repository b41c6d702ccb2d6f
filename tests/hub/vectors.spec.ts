import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type Vectors, vectors, vectorsFile } from "./vectors.ts";

describe("the vectors that the hub's Python is tested with", () => {
  it("are what quota/ says now", () => {
    assert.deepEqual(JSON.parse(readFileSync(vectorsFile, "utf8")) as Vectors, vectors());
  });

  it("have names of every kind: safe ones, cleaned ones, and such with nothing left", () => {
    const slugs = Object.entries(vectors().slugs);
    assert.ok(slugs.some(([name, label]) => name === label));
    assert.ok(slugs.some(([, label]) => /^[a-z0-9-]+-[0-9a-f]{8}$/.test(label)));
    assert.ok(slugs.some(([, label]) => /^x-[0-9a-f]{8}$/.test(label)));
  });
});
