import assert from "node:assert/strict";
import { imagePatch, type PodChange } from "../../../../services/lib/image-mirror/patch.ts";
import type { ImagedPod } from "../../../../services/lib/image-mirror/places.ts";
import { compileMirror } from "../../../../services/lib/image-mirror/rewrite.ts";

const rules = [{ from: "docker.io", to: "m.x/hub" }];
const keep = compileMirror({ rules, exempt: [], onMissing: "keep" });
const refuse = compileMirror({ rules, exempt: [], onMissing: "refuse" });

const at = (name: string, image?: string) => ({ name, ...(image === undefined ? {} : { image }) });
const full: ImagedPod = {
  spec: {
    initContainers: [at("fetch", "git"), at("ready", "m.x/hub/library/wait:1")],
    containers: [at("app", "team/app:1"), at("proxy", "own.x/proxy"), at("log", "docker.io/log")],
    ephemeralContainers: [at("debug", "busybox")],
    volumes: [{ name: "home" }, { name: "data", image: { reference: "team/data:2" } }],
  },
};
const update = (object: ImagedPod, oldObject: ImagedPod | null, subResource?: string): PodChange => ({
  operation: "UPDATE",
  object,
  oldObject,
  ...(subResource === undefined ? {} : { subResource }),
});
const ephemeral = (...containers: readonly { readonly name: string }[]): ImagedPod => ({
  spec: { containers: [at("app", "nginx")], ephemeralContainers: containers },
});
const replace = (path: string, value: string) => ({ op: "replace", path, value });

describe("imagePatch on UPDATE", () => {
  it("looks at new ephemeral containers only, because the others cannot be changed", () => {
    const old = ephemeral(at("first", "busybox"));
    const next = ephemeral(at("first", "busybox"), at("second", "busybox"));
    assert.deepEqual(imagePatch(keep, update(next, old, "ephemeralcontainers")).operations, [
      replace("/spec/ephemeralContainers/1/image", "m.x/hub/library/busybox"),
    ]);
    const bad = ephemeral(at("first", "own.x/a"), at("second", "own.x/b"));
    const { refusals } = imagePatch(refuse, update(bad, ephemeral(at("first", "own.x/a")), "ephemeralcontainers"));
    assert.deepEqual(
      refusals.map(({ message }) => message.split(":")[0]),
      ['ephemeral container "second"'],
    );
  });

  it("mirrors an ephemeral container again that is sent in its first words", () => {
    const old = ephemeral(at("first", "m.x/hub/library/busybox"));
    const { operations } = imagePatch(keep, update(ephemeral(at("first", "busybox")), old, "ephemeralcontainers"));
    assert.deepEqual(operations, [replace("/spec/ephemeralContainers/0/image", "m.x/hub/library/busybox")]);
  });

  it("mirrors every ephemeral container where the old pod is not known or has none", () => {
    for (const old of [null, {}, ephemeral()]) {
      const { operations } = imagePatch(keep, update(ephemeral(at("a", "busybox")), old, "ephemeralcontainers"));
      assert.equal(operations.length, 1);
    }
  });

  it("mirrors the images of a pod that the update changes", () => {
    const old: ImagedPod = { spec: { containers: [at("a", "nginx:1"), at("b", "nginx:1")] } };
    const next: ImagedPod = { spec: { containers: [at("a", "nginx:1"), at("b", "nginx:2")] } };
    assert.deepEqual(imagePatch(keep, update(next, old)).operations, [
      replace("/spec/containers/1/image", "m.x/hub/library/nginx:2"),
    ]);
    assert.deepEqual(imagePatch(refuse, update(old, old)).operations, []);
  });

  it("leaves other subresources and operations alone", () => {
    const none = { operations: [], refusals: [] };
    for (const change of [
      update(full, null, "status"),
      update(full, null, "resize"),
      { operation: "CREATE", subResource: "binding", object: full },
      { operation: "CREATE", subResource: "ephemeralcontainers", object: full },
      { operation: "DELETE", oldObject: full },
      { operation: "CONNECT", object: full },
    ]) {
      assert.deepEqual(imagePatch(refuse, change), none);
    }
  });
});
