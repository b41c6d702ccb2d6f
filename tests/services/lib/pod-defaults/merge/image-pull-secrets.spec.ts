import assert from "node:assert/strict";
import { mergeImagePullSecrets } from "../../../../../services/lib/pod-defaults/merge/image-pull-secrets.ts";
import { mergedPod, podDefault, podOf } from "../support.ts";

describe("imagePullSecrets", () => {
  it("are the union by name", () => {
    const secrets = (...names: string[]) => ({ imagePullSecrets: names.map((name) => ({ name })) });
    const sources = [podDefault("a", secrets("x", "y")), podDefault("b", secrets("y", "z"))];
    const { pod, conflicts } = mergedPod(mergeImagePullSecrets, podOf(secrets("x")), sources);
    assert.deepEqual(pod.spec?.imagePullSecrets, secrets("x", "y", "z").imagePullSecrets);
    assert.deepEqual(conflicts, []);
  });
});
