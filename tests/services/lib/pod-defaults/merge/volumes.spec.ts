import assert from "node:assert/strict";
import { mergeVolumes } from "../../../../../services/lib/pod-defaults/merge/volumes.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

const secret = (name: string, more = {}) => ({ name, secret: { secretName: "s", ...more } });

describe("volumes", () => {
  it("are appended by name, and one that the API server has defaulted is the same", () => {
    const source = podDefault("a", { volumes: [secret("v"), secret("w")] });
    const { pod, conflicts } = mergedPod(mergeVolumes, podOf({ volumes: [secret("v", { defaultMode: 420 })] }), [
      source,
    ]);
    assert.deepEqual(pod.spec?.volumes, [secret("v", { defaultMode: 420 }), secret("w")]);
    assert.deepEqual(conflicts, []);
  });

  it("conflict where another volume has the name", () => {
    const present = { name: "v", emptyDir: {} };
    const { conflicts } = mergedPod(mergeVolumes, podOf({ volumes: [present] }), [
      podDefault("a", { volumes: [secret("v")] }),
    ]);
    assert.deepEqual(conflicts, [
      { podDefault: "a", field: "volumes", key: "v", value: secret("v"), otherValue: present },
    ]);
  });
});
