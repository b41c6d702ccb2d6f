import assert from "node:assert/strict";
import fc from "fast-check";
import jsonPatch from "fast-json-patch";
import { GUARD_NAME, guardPatch } from "../../../../services/lib/guard/guard-patch.ts";

const guard = { name: GUARD_NAME, image: GUARD_NAME, imagePullPolicy: "Never", command: ["false"] };
const other = (name: string) => ({ name, image: `${name}:1` });
const podOf = (...initContainers: readonly { readonly name: string }[]) => ({
  metadata: { name: "notebook" },
  spec: { initContainers, containers: [{ name: GUARD_NAME, image: "app:1" }] },
});

/** The pod after the patch, by an engine that knows nothing of ours. */
function patched<T extends object>(pod: T): T {
  const before = structuredClone(pod);
  const { operations, warning } = guardPatch(pod, true);
  assert.equal(warning, undefined);
  assert.deepEqual(pod, before);
  return jsonPatch.applyPatch(before, [...operations], true).newDocument;
}

describe("guardPatch", () => {
  it("removes the guard at its place, and says by a test that it is the one", () => {
    assert.deepEqual(guardPatch(podOf(other("a"), guard, other("b")), true), {
      operations: [
        { op: "test", path: "/spec/initContainers/1/name", value: "admission-is-not-found" },
        { op: "remove", path: "/spec/initContainers/1" },
      ],
      warning: undefined,
    });
  });

  it("leaves an empty list where the guard was alone, for patches that add to it", () => {
    assert.deepEqual(patched(podOf(guard)), podOf());
  });

  it("removes several, from the last to the first", () => {
    const { operations } = guardPatch(podOf(guard, other("a"), guard), true);
    const removed = operations.filter(({ op }) => op === "remove").map(({ path }) => path);
    assert.deepEqual(removed, ["/spec/initContainers/2", "/spec/initContainers/0"]);
    assert.deepEqual(patched(podOf(guard, other("a"), guard)), podOf(other("a")));
    assert.deepEqual(patched(podOf(guard, guard)), podOf());
  });

  it("stays, with a warning, while this process cannot decide quota", () => {
    assert.deepEqual(guardPatch(podOf(guard, other("a")), false), {
      operations: [],
      warning:
        "init container admission-is-not-found stays, and the pod will not start: quota cannot be decided yet, create the pod again",
    });
  });

  it("changes nothing where there is none, ready or not", () => {
    const near = [other(`${GUARD_NAME}-2`), { name: "a", image: GUARD_NAME }, other("Admission-is-not-found")];
    const specs = [undefined, null, {}, { initContainers: null }, { initContainers: [] }, { initContainers: [null] }];
    for (const pod of [podOf(...near), {}, ...specs.map((spec) => ({ spec }))]) {
      for (const isReady of [true, false]) {
        assert.deepEqual(guardPatch(pod, isReady), { operations: [], warning: undefined });
      }
    }
  });

  it("leaves every other init container, in its order, and nothing to do the second time", () => {
    const names = fc.array(fc.constantFrom(GUARD_NAME, "a", "b", `${GUARD_NAME}s`, ""), { maxLength: 12 });
    fc.assert(
      fc.property(names, (all) => {
        const pod = podOf(...all.map((name, i) => ({ ...other(name), position: i })));
        const after = patched(pod);
        const kept = pod.spec.initContainers.filter(({ name }) => name !== GUARD_NAME);
        assert.deepEqual(after, podOf(...kept));
        assert.deepEqual(guardPatch(after, true).operations, []);
      }),
    );
  });
});
