import assert from "node:assert/strict";
import fc from "fast-check";
import { PatchWriter, pointerOf } from "../../../../services/lib/pod-defaults/patch.ts";
import { patched } from "./support.ts";

describe("pointerOf", () => {
  it("escapes tildes and slashes, in that order", () => {
    assert.equal(pointerOf(["metadata", "annotations", "a.b/c~d~1"]), "/metadata/annotations/a.b~1c~0d~01");
    assert.equal(pointerOf(["spec", "containers", 2, "env"]), "/spec/containers/2/env");
    assert.equal(pointerOf([]), "");
  });
});

describe("PatchWriter", () => {
  const write = (document: object, use: (writer: PatchWriter) => void): PatchWriter["operations"] => {
    const writer = new PatchWriter(document);
    use(writer);
    return writer.operations;
  };

  it("appends one by one to a list that is there, and adds one that is not", () => {
    assert.deepEqual(
      write({ list: [1] }, (writer) => writer.append(["list"], [2, 3])),
      [
        { op: "add", path: "/list/-", value: 2 },
        { op: "add", path: "/list/-", value: 3 },
      ],
    );
    assert.deepEqual(
      write({ list: [] }, (writer) => writer.append(["list"], [2])),
      [{ op: "add", path: "/list/-", value: 2 }],
    );
    for (const document of [{}, { list: null }]) {
      assert.deepEqual(
        write(document, (writer) => writer.append(["list"], [2, 3])),
        [{ op: "add", path: "/list", value: [2, 3] }],
      );
    }
  });

  it("adds every missing parent once", () => {
    const operations = write({}, (writer) => {
      writer.append(["spec", "a", "list"], [1]);
      writer.append(["spec", "a", "list"], [2]);
      writer.addMembers(["spec", "map"], [["k", "v"]]);
      writer.addMembers(["spec", "map"], [["l/m", "w"]]);
    });
    assert.deepEqual(operations, [
      { op: "add", path: "/spec", value: {} },
      { op: "add", path: "/spec/a", value: {} },
      { op: "add", path: "/spec/a/list", value: [1] },
      { op: "add", path: "/spec/a/list/-", value: 2 },
      { op: "add", path: "/spec/map", value: { k: "v" } },
      { op: "add", path: "/spec/map/l~1m", value: "w" },
    ]);
    assert.deepEqual(patched({}, operations), { spec: { a: { list: [1, 2] }, map: { k: "v", "l/m": "w" } } });
  });

  it("replaces a value that is there and adds one that is not", () => {
    assert.deepEqual(
      write({ a: "x" }, (writer) => writer.set(["a"], "y")),
      [{ op: "replace", path: "/a", value: "y" }],
    );
    assert.deepEqual(
      write({ a: null }, (writer) => writer.set(["a"], "y")),
      [{ op: "add", path: "/a", value: "y" }],
    );
  });

  it("writes nothing for nothing, not even parents", () => {
    const nothing = write({}, (writer) => {
      writer.append(["a"], []);
      writer.addMembers(["b"], []);
    });
    assert.deepEqual(nothing, []);
  });

  it("adds members under any key where an independent engine puts them", () => {
    // The engine refuses what JavaScript would take for a prototype.
    const key = fc.string().filter((name) => !["__proto__", "constructor", "prototype"].includes(name));
    fc.assert(
      fc.property(fc.dictionary(key, fc.string(), { minKeys: 1 }), fc.boolean(), (members, isThere) => {
        const document = isThere ? { map: {} } : {};
        const operations = write(document, (writer) => writer.addMembers(["map"], Object.entries(members)));
        assert.deepEqual({ ...patched<{ map?: object }>(document, operations).map }, { ...members });
      }),
    );
  });
});
