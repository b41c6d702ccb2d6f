import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { propsFrom, structFrom, UNKNOWN_STRING } from "../../lab/engine/protocol.ts";
import { Snapshot } from "../../lab/engine/snapshot.ts";
import type { Deployment, ResourceState } from "../../lab/engine/state.ts";
import { Secret, UNKNOWN } from "../../lab/engine/values.ts";

const row = (urn: string, more: Partial<ResourceState> = {}): ResourceState => ({
  urn,
  custom: true,
  type: "t",
  ...more,
});
const [a, b, old] = [row("a"), row("b"), row("a", { delete: true, id: "old" })];

function snapshotOf(before: Partial<Deployment>): { snapshot: Snapshot; saved: Deployment[] } {
  const saved: Deployment[] = [];
  const snapshot = new Snapshot({ resources: [], pending: [], ...before }, (deployment) => saved.push(deployment));
  return { snapshot, saved };
}

describe("the snapshot of a run", () => {
  it("finds what was there by any name, but not what waits to be deleted", () => {
    const { snapshot, saved } = snapshotOf({ resources: [old, a, b] });
    assert.equal(snapshot.old(["a"]), a);
    assert.equal(snapshot.old(["x", "b", "a"]), b);
    assert.equal(snapshot.old(["x"]), undefined);
    assert.equal(snapshot.find("b"), b);
    assert.equal(snapshot.current("b"), undefined);
    assert.deepEqual(snapshot.obsolete(), [old, a, b]);
    assert.deepEqual(saved, []);
  });

  it("puts new rows before old ones and saves after every change", () => {
    const { snapshot, saved } = snapshotOf({ resources: [a, b] });
    const renamed = row("c", { id: "1" });
    snapshot.begin("creating", row("d"));
    snapshot.put(renamed, b);
    snapshot.put(row("d"));
    snapshot.removed(a);
    assert.deepEqual(saved, [
      { resources: [a, b], pending: [{ type: "creating", resource: row("d") }] },
      { resources: [renamed, a], pending: [{ type: "creating", resource: row("d") }] },
      { resources: [renamed, row("d"), a], pending: [] },
      { resources: [renamed, row("d")], pending: [] },
    ]);
    assert.deepEqual(snapshot.obsolete(), []);
    assert.equal(snapshot.old(["b"]), undefined);
  });

  it("marks what is replaced until it is deleted, or takes that back", () => {
    const { snapshot, saved } = snapshotOf({ resources: [a] });
    snapshot.replaced(a);
    assert.deepEqual(saved.at(-1)?.resources, [{ ...a, delete: true }]);
    snapshot.restored(a);
    assert.deepEqual(saved.at(-1)?.resources, [a]);
    assert.equal(snapshot.old(["a"]), a);
    snapshot.replaced(a);
    const next = row("a", { id: "new" });
    snapshot.put(next, undefined);
    assert.deepEqual(saved.at(-1)?.resources, [next, { ...a, delete: true }]);
    assert.deepEqual(snapshot.obsolete(), [a]);
    snapshot.removed(a);
    assert.deepEqual(saved.at(-1)?.resources, [next]);
  });

  it("knows what an earlier run left unfinished", () => {
    const pending = [
      { type: "creating", resource: row("a", { inputs: { x: 1 } }) },
      { type: "updating", resource: b },
      { type: "creating", resource: row("lost") },
    ] as const;
    const { snapshot, saved } = snapshotOf({ pending });
    assert.deepEqual(snapshot.interrupted, pending);
    assert.deepEqual(snapshot.interruptedCreate("a"), pending[0].resource);
    assert.equal(snapshot.interruptedCreate("b"), undefined);
    snapshot.put(a);
    assert.deepEqual(snapshot.orphans(), [pending[2].resource]);
    snapshot.abandon("lost");
    assert.deepEqual(snapshot.orphans(), []);
    assert.deepEqual(saved.at(-1), { resources: [a], pending: [pending[1]] });
  });
});

describe("values on the wire", () => {
  const require = createRequire(import.meta.url);
  const { Struct } = require("google-protobuf/google/protobuf/struct_pb.js") as {
    Struct: { fromJavaScript(value: object): Parameters<typeof propsFrom>[0] };
  };
  const signature = "4dabf18193072939515e22adb298388d";
  const secret = "1b47061264138c4ac30d75fd1eb44270";
  const wire = (value: object): unknown => propsFrom(Struct.fromJavaScript(value));

  it("go there and back", () => {
    const props = { a: new Secret({ b: [1, "x"] }), c: UNKNOWN, d: [null, true], e: undefined };
    assert.deepEqual(propsFrom(structFrom(props)), { a: props.a, c: UNKNOWN, d: [null, true] });
    assert.deepEqual(propsFrom(structFrom(props, false)), { a: { b: [1, "x"] }, c: UNKNOWN, d: [null, true] });
    assert.deepEqual(structFrom(props).toJavaScript(), {
      a: { [signature]: secret, value: { b: [1, "x"] } },
      c: UNKNOWN_STRING,
      d: [null, true],
    });
    assert.deepEqual(propsFrom(undefined), {});
  });

  it("may be outputs and references to resources, and are refused as assets", () => {
    const output = "d0e6a833031e9bbcd3f4e8bde6ca49a4";
    const reference = "5cf8f73096256a8f31e491e813e4eb8e";
    assert.deepEqual(
      wire({
        known: { [signature]: output, value: 1 },
        unknown: { [signature]: output, secret: true },
        resource: { [signature]: reference, urn: "u", id: "i" },
        component: { [signature]: reference, urn: "u" },
        nested: { [signature]: secret, value: { [signature]: secret, value: "x" } },
      }),
      { known: 1, unknown: new Secret(UNKNOWN), resource: "i", component: "u", nested: new Secret(new Secret("x")) },
    );
    assert.throws(() => wire({ a: { [signature]: "c44067f5952c0a294b673a41bacd8c17", text: "x" } }), {
      message:
        "assets and archives are not supported by the lab's engine (signature c44067f5952c0a294b673a41bacd8c17): use Pulumi's CLI",
    });
  });
});
