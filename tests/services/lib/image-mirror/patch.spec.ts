import assert from "node:assert/strict";
import { GUARD_NAME } from "../../../../services/lib/guard/guard-patch.ts";
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
const create = (object: ImagedPod | null): PodChange => ({ operation: "CREATE", object });
const replace = (path: string, value: string) => ({ op: "replace", path, value });

describe("imagePatch on CREATE", () => {
  it("replaces images at their places, in all containers and image volumes", () => {
    assert.deepEqual(imagePatch(keep, create(full)), {
      operations: [
        replace("/spec/initContainers/0/image", "m.x/hub/library/git"),
        replace("/spec/containers/0/image", "m.x/hub/team/app:1"),
        replace("/spec/containers/2/image", "m.x/hub/library/log"),
        replace("/spec/ephemeralContainers/0/image", "m.x/hub/library/busybox"),
        replace("/spec/volumes/1/image/reference", "m.x/hub/team/data:2"),
      ],
      refusals: [],
    });
  });

  it("refuses with every container and image that is wrong, and then changes nothing", () => {
    const pod: ImagedPod = {
      spec: {
        initContainers: [at("fetch", "Git:1")],
        containers: [at("app", "nginx"), at("proxy", "own.x/proxy")],
        volumes: [{ name: "data", image: { reference: "own.x/data" } }],
      },
    };
    const advice = "is not mirrored: use an image that a rule covers (docker.io), or ask for a rule";
    assert.deepEqual(imagePatch(refuse, create(pod)), {
      operations: [],
      refusals: [
        {
          reason: "ImageInvalid",
          message: 'init container "fetch": image "Git:1" has upper-case letters in the repository "Git": write "git"',
          field: "spec.initContainers[0].image",
          container: "fetch",
          image: "Git:1",
        },
        {
          reason: "ImageNotMirrored",
          message: `container "proxy": image "own.x/proxy" ${advice}`,
          field: "spec.containers[1].image",
          container: "proxy",
          image: "own.x/proxy",
        },
        {
          reason: "ImageNotMirrored",
          message: `image volume "data": image "own.x/data" ${advice}`,
          field: "spec.volumes[0].image.reference",
          container: "data",
          image: "own.x/data",
        },
      ],
    });
  });

  it("leaves the guard alone, but no other init container and no other image of that name", () => {
    const pod: ImagedPod = {
      spec: {
        initContainers: [at(GUARD_NAME, GUARD_NAME), at(GUARD_NAME, "own.x/a"), at("a", GUARD_NAME)],
        containers: [at(GUARD_NAME, GUARD_NAME)],
      },
    };
    const { operations } = imagePatch(keep, create(pod));
    assert.deepEqual(
      operations.map(({ path }) => path),
      ["/spec/initContainers/2/image", "/spec/containers/0/image"],
    );
    assert.deepEqual(
      imagePatch(refuse, create(pod)).refusals.map(({ field }) => field),
      ["spec.initContainers[1].image"],
    );
  });

  it("leaves mirrors of static pods, and what has no images", () => {
    const none = { operations: [], refusals: [] };
    const annotations = { "kubernetes.io/config.mirror": "" };
    assert.deepEqual(imagePatch(refuse, create({ ...full, metadata: { annotations } })), none);
    const specs = [
      ...[undefined, null, {}, { containers: null }, { containers: [null, {}, at("a"), at("b", "")] }],
      { volumes: [null, { image: null }, { image: {} }] },
    ];
    for (const pod of [null, {}, { metadata: null }, ...specs.map((spec) => ({ spec }))]) {
      assert.deepEqual(imagePatch(refuse, create(pod as ImagedPod)), none);
    }
    assert.equal(imagePatch(keep, create({ spec: { containers: [{ image: "a" }] } })).operations.length, 1);
    const [refusal] = imagePatch(refuse, create({ spec: { containers: [{ image: "A" }] } })).refusals;
    assert.match(refusal?.message ?? "", /^container "": image "A" has upper-case/);
  });
});
