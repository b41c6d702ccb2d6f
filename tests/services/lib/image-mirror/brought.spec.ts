import assert from "node:assert/strict";
import { mirrorBrought } from "../../../../services/lib/image-mirror/brought.ts";
import { compileMirror } from "../../../../services/lib/image-mirror/rewrite.ts";

const rules = [{ from: "docker.io", to: "m.x/hub" }];
const keep = compileMirror({ rules, exempt: [], onMissing: "keep" });
const refuse = compileMirror({ rules, exempt: [], onMissing: "refuse" });
const add = (path: string, value: unknown) => ({ op: "add", path, value });

describe("mirrorBrought", () => {
  it("rewrites the images of what is added to lists, whole or one by one, and nothing else", () => {
    const patch = [
      add("/spec/initContainers", [
        { name: "fetch", image: "git", env: [] },
        { name: "own", image: "own.x/a" },
      ]),
      add("/spec/containers/-", { name: "log", image: "fluent:1" }),
      add("/spec/volumes/-", { name: "data", image: { reference: "team/data", pullPolicy: "Always" } }),
      add("/spec/volumes/-", { name: "home", emptyDir: {} }),
      add("/spec/containers/0/env", [{ name: "IMAGE", value: "busybox" }]),
      add("/metadata/annotations", { image: "busybox" }),
    ];
    const given = structuredClone(patch);
    assert.deepEqual(mirrorBrought(keep, { spec: { containers: [], volumes: [] } }, patch), {
      operations: [
        add("/spec/initContainers", [
          { name: "fetch", image: "m.x/hub/library/git", env: [] },
          { name: "own", image: "own.x/a" },
        ]),
        add("/spec/containers/-", { name: "log", image: "m.x/hub/library/fluent:1" }),
        add("/spec/volumes/-", { name: "data", image: { reference: "m.x/hub/team/data", pullPolicy: "Always" } }),
        ...patch.slice(3),
      ],
      refusals: [],
    });
    assert.deepEqual(patch, given, "the given patch stays as it is");
  });

  it("refuses at the positions that the elements will have", () => {
    const pod = { spec: { containers: [{ name: "main", image: "a" }] } };
    const patch = [
      add("/spec/containers/-", { name: "fine", image: "b" }),
      add("/spec/containers/-", { name: "log", image: "own.x/log" }),
      add("/spec/initContainers", [{ name: "fetch", image: "own.x/fetch" }]),
    ];
    const { refusals } = mirrorBrought(refuse, pod, patch);
    const advice = "is not mirrored: use an image that a rule covers (docker.io), or ask for a rule";
    assert.deepEqual(refusals, [
      {
        reason: "ImageNotMirrored",
        message: `container "log": image "own.x/log" ${advice}`,
        field: "spec.containers[2].image",
        container: "log",
        image: "own.x/log",
      },
      {
        reason: "ImageNotMirrored",
        message: `init container "fetch": image "own.x/fetch" ${advice}`,
        field: "spec.initContainers[0].image",
        container: "fetch",
        image: "own.x/fetch",
      },
    ]);
  });

  it("knows pods without lists", () => {
    for (const pod of [undefined, null, {}, { spec: null }, { spec: { containers: null } }]) {
      const { operations } = mirrorBrought(keep, pod, [add("/spec/containers", [{ name: "a", image: "b" }])]);
      assert.deepEqual(operations, [add("/spec/containers", [{ name: "a", image: "m.x/hub/library/b" }])]);
    }
  });
});
