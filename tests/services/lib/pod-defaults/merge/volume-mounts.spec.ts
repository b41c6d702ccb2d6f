import assert from "node:assert/strict";
import { mergeVolumeMounts } from "../../../../../services/lib/pod-defaults/merge/volume-mounts.ts";
import { mergedContainer, podDefault } from "../support.ts";

const mount = (name: string, mountPath: string, more = {}) => ({ name, mountPath, ...more });

describe("volumeMounts", () => {
  it("let one volume be mounted at two paths, of the pod and of PodDefaults", () => {
    const source = podDefault("a", { volumeMounts: [mount("v", "/b", { subPath: "b" }), mount("v", "/c")] });
    const { container, conflicts } = mergedContainer(mergeVolumeMounts, { volumeMounts: [mount("v", "/a")] }, [source]);
    assert.deepEqual(container?.volumeMounts, [mount("v", "/a"), mount("v", "/b", { subPath: "b" }), mount("v", "/c")]);
    assert.deepEqual(conflicts, []);
  });

  it("take an equal mount for the same, whichever of the volume's mounts it is", () => {
    const present = [mount("v", "/a"), mount("v", "/b", { readOnly: true })];
    const source = podDefault("a", { volumeMounts: [mount("v", "/a", { readOnly: false })] });
    assert.deepEqual(mergedContainer(mergeVolumeMounts, { volumeMounts: present }, [source]).operations, []);
  });

  it("conflict where one path is taken", () => {
    const source = podDefault("a", { volumeMounts: [mount("w", "/a")] });
    const { conflicts } = mergedContainer(mergeVolumeMounts, { volumeMounts: [mount("v", "/a")] }, [source]);
    assert.deepEqual(conflicts, [
      {
        podDefault: "a",
        field: "volumeMounts",
        key: "/a",
        container: "main",
        value: mount("w", "/a"),
        otherValue: mount("v", "/a"),
      },
    ]);
  });
});
