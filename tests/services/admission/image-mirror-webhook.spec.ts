import assert from "node:assert/strict";
import { imageMirrorWebhook } from "../../../services/admission/image-mirror-webhook.ts";
import type { ReviewRequest } from "../../../services/admission/review.ts";
import { compileMirror } from "../../../services/lib/image-mirror/rewrite.ts";
import type { MirrorSetting } from "../../../services/lib/image-mirror/rules.ts";
import { changed, creation, denied, responseTo, unchanged } from "./mutating.ts";

const keep: MirrorSetting = {
  rules: [{ from: "docker.io", to: "mirror.test/hub" }],
  exempt: ["registry.test"],
  onMissing: "keep",
};
const refuse: MirrorSetting = { ...keep, onMissing: "refuse" };

const ask = (setting: MirrorSetting, request: ReviewRequest): Promise<unknown> =>
  responseTo(imageMirrorWebhook(compileMirror(setting)), request);

const container = (name: string, image: string): object => ({ name, image });
const pod = (...containers: object[]): object => ({ metadata: { name: "work" }, spec: { containers } });
const debugged = (...ephemeralContainers: object[]): object => ({
  metadata: { name: "work" },
  spec: { containers: [container("main", "nginx")], ephemeralContainers },
});
const replaced = (path: string, value: string): object => ({ op: "replace", path, value });

describe("image-mirror.carrel.dev", () => {
  it("makes images come from the mirror", async () => {
    const object = pod(container("main", "nginx:1"), container("own", "registry.test/app"));
    assert.deepEqual(
      await ask(keep, creation(object)),
      changed(replaced("/spec/containers/0/image", "mirror.test/hub/library/nginx:1")),
    );
  });

  it("leaves what is mirrored, exempt or, by keep, not covered", async () => {
    for (const image of ["mirror.test/hub/library/nginx:1", "registry.test/app", "other.test/app"]) {
      assert.deepEqual(await ask(keep, creation(pod(container("main", image)))), unchanged());
    }
  });

  it("leaves every image without rules, and requests without a pod", async () => {
    const none: MirrorSetting = { rules: [], exempt: [], onMissing: "keep" };
    assert.deepEqual(await ask(none, creation(pod(container("main", "nginx")))), unchanged());
    assert.deepEqual(await ask(refuse, creation(null)), unchanged());
  });

  it("looks at new ephemeral containers alone when they are added", async () => {
    const before = debugged(container("old", "busybox"));
    const after = debugged(container("old", "busybox"), container("new", "busybox:2"));
    const update = { operation: "UPDATE", subResource: "ephemeralcontainers" } as const;
    const oldObject = before as NonNullable<ReviewRequest["oldObject"]>;
    assert.deepEqual(
      await ask(keep, creation(after, { ...update, oldObject })),
      changed(replaced("/spec/ephemeralContainers/1/image", "mirror.test/hub/library/busybox:2")),
    );
  });

  it("refuses every image that no rule covers at once, each with its reason and its field alone", async () => {
    const object = pod(
      container("first", "other.test/app"),
      container("fine", "nginx"),
      container("second", "Not An Image"),
    );
    const webhook = imageMirrorWebhook(compileMirror(refuse));
    const verdict = await webhook(creation(object));
    assert.ok(verdict && "causes" in verdict);
    const [missing, invalid] = verdict.causes;
    assert.equal(
      missing?.message,
      'container "first": image "other.test/app" is not mirrored: ' +
        "use an image that a rule covers (docker.io, registry.test), or ask for a rule",
    );
    assert.match(invalid?.message ?? "", /^container "second": image "Not An Image" /);
    assert.equal(verdict.reason, "ImageNotMirrored");
    assert.deepEqual(
      await responseTo(webhook, creation(object)),
      denied(
        `${missing.message}; ${invalid?.message}`,
        { reason: "ImageNotMirrored", message: missing.message, field: "spec.containers[0].image" },
        { reason: "ImageInvalid", message: invalid?.message, field: "spec.containers[2].image" },
      ),
    );
  });

  it("has no answer where it cannot tell", async () => {
    const webhook = imageMirrorWebhook(() => {
      throw new Error("broken");
    });
    await assert.rejects(responseTo(webhook, creation(pod(container("main", "nginx")))), new Error("broken"));
  });
});
