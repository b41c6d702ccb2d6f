import assert from "node:assert/strict";
import { broughtContainers, mergeContainers } from "../../../../../services/lib/pod-defaults/merge/containers.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const source = podDefault("a", {
  initContainers: [{ name: "fetch", image: "f:1" }],
  sidecars: [
    { name: "log", image: "l:1" },
    { name: "proxy", image: "p:1", restartPolicy: "Always" },
  ],
});

describe("initContainers and sidecars", () => {
  it("come after the pod's own; a native sidecar is an init container", () => {
    const { pod } = mergedPod(mergeContainers, podOf({ initContainers: [{ name: "own" }] }), [source]);
    assert.deepEqual(
      [pod.spec?.initContainers, pod.spec?.containers].map((list) => list?.map(({ name }) => name)),
      [
        ["own", "fetch", "proxy"],
        ["main", "log"],
      ],
    );
  });

  it("are the same once the API server has defaulted them", () => {
    const stored = { imagePullPolicy: "IfNotPresent", terminationMessagePath: "/dev/termination-log", resources: {} };
    const { pod } = mergedPod(mergeContainers, podOf({ containers: [{ name: "log", image: "l:1", ...stored }] }), [
      source,
    ]);
    assert.equal(pod.spec?.containers?.length, 1);
  });

  it("conflict with another container of the name", () => {
    const log = { name: "log", image: "l:2" };
    const { conflicts } = mergedPod(mergeContainers, podOf({ containers: [log] }), [source]);
    assert.deepEqual(conflicts, [
      { podDefault: "a", field: "sidecars", key: "log", value: { name: "log", image: "l:1" }, otherValue: log },
    ]);
  });

  it("stay as others have changed them since the pod got them", () => {
    const rewritten = { name: "log", image: "mirror/l:1", volumeMounts: [{ name: "token", mountPath: "/t" }] };
    const annotations = { "carrel.dev/pod-defaults-applied": "a=1" };
    const pod = podOf({ containers: [{ name: "main" }, rewritten] }, { annotations });
    const { conflicts, pod: after } = mergedPod(mergeContainers, pod, [source]);
    assert.deepEqual([conflicts, after.spec?.containers], [[], [{ name: "main" }, rewritten]]);
  });

  it("are known by name", () => {
    assert.deepEqual([...broughtContainers([source, podDefault("b", {})])], ["fetch", "proxy", "log"]);
  });
});
