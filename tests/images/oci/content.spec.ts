import assert from "node:assert/strict";
import fc from "fast-check";
import {
  blobOf,
  canonicalJson,
  descriptorOf,
  digestOf,
  isIndexType,
  jsonBlob,
  mediaTypes,
} from "../../../images/oci/content.ts";

/** The same value with the keys of every object in another order. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

describe("canonicalJson", () => {
  it("sorts keys at every depth, keeps arrays, and leaves no white space", () => {
    const value = { b: [{ z: 1, y: null }, 2], a: "é\n", Z: undefined, B: { d: true, c: {} } };
    assert.equal(canonicalJson(value).toString("utf8"), '{"B":{"c":{},"d":true},"a":"é\\n","b":[{"y":null,"z":1},2]}');
  });

  it("is the same bytes whatever order the keys were written in, and the same value", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.deepEqual(canonicalJson(reversed(value)), canonicalJson(value));
        assert.equal(JSON.stringify(JSON.parse(canonicalJson(value).toString())), canonicalJson(value).toString());
        assert.deepEqual(JSON.parse(canonicalJson(value).toString()), JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe("digests", () => {
  it("are those of SHA-256", () => {
    assert.equal(
      digestOf(Buffer.from("abc")),
      "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
  });

  it("address blobs and descriptors", () => {
    const bytes = Buffer.from('{"a":1}');
    const digest = "sha256:015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862";
    assert.deepEqual(blobOf("text/plain", bytes), { mediaType: "text/plain", digest, bytes });
    assert.deepEqual(jsonBlob("x/y", { a: 1 }), { mediaType: "x/y", digest, bytes });
    assert.deepEqual(descriptorOf(blobOf("x/y", bytes)), { mediaType: "x/y", digest, size: 7 });
  });
});

describe("isIndexType", () => {
  it("knows the indexes of OCI and of Docker", () => {
    assert.deepEqual(
      Object.entries(mediaTypes)
        .filter(([, type]) => isIndexType(type))
        .map(([name]) => name),
      ["index", "dockerIndex"],
    );
  });
});
