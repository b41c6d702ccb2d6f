import assert from "node:assert/strict";
import fc from "fast-check";
import jsonPatch from "fast-json-patch";
import { imageMirrorWebhook } from "../../../services/admission/image-mirror-webhook.ts";
import { type Answer, isMutation } from "../../../services/admission/mutation.ts";
import { podDefaultsImageMirrorWebhook } from "../../../services/admission/pod-defaults-image-mirror-webhook.ts";
import { podDefaultsWebhook } from "../../../services/admission/pod-defaults-webhook.ts";
import type { ReviewRequest } from "../../../services/admission/review.ts";
import { compileMirror } from "../../../services/lib/image-mirror/rewrite.ts";
import { defaultSettings } from "../../../services/lib/pod-defaults/apply.ts";
import { normalisePodDefault } from "../../../services/lib/pod-defaults/normalise.ts";
import { inOrder } from "../../../services/lib/pod-defaults/select.ts";
import type { PodDefault } from "../../../services/lib/pod-defaults/types.ts";
import { manifests, pods } from "../lib/pod-defaults/generators.ts";
import { manifest } from "../lib/pod-defaults/support.ts";
import { changed, creation, denied, responseTo, unchanged } from "./mutating.ts";

type Webhook = (request: ReviewRequest) => Promise<Answer>;

const rules = [{ from: "docker.io", to: "mirror.test/hub" }];
const keep = compileMirror({ rules, exempt: [], onMissing: "keep" });
const refuse = compileMirror({ rules, exempt: [], onMissing: "refuse" });
const usable = (given: Parameters<typeof normalisePodDefault>[0]): PodDefault => {
  const normalised = normalisePodDefault(given);
  assert.ok(normalised.ok, JSON.stringify(normalised));
  return normalised.podDefault;
};
const defaultsOf = (...podDefaults: readonly PodDefault[]): Webhook =>
  podDefaultsWebhook({ podDefaultsIn: () => podDefaults, settings: defaultSettings });
const both = (podDefaults: Webhook, rewrite = keep): Webhook => podDefaultsImageMirrorWebhook({ podDefaults, rewrite });

const everyone = { selector: {} };
const pod = (image: string, more: object = {}): object => ({
  metadata: { name: "work", annotations: {} },
  spec: { containers: [{ name: "main", image, ...more }], volumes: [] },
});
const stamp = (value: string): object => ({
  op: "add",
  path: "/metadata/annotations/carrel.dev~1pod-defaults-applied",
  value,
});
const ownImage = { op: "replace", path: "/spec/containers/0/image", value: "mirror.test/hub/library/python" };

describe("pod-defaults-image-mirror.carrel.dev", () => {
  it("applies PodDefaults, and takes what the pod has and what they bring from the mirror", async () => {
    const log = { name: "log", image: "fluent:1" };
    const data = { name: "data", image: { reference: "team/data" } };
    const given = usable(manifest("a", { ...everyone, sidecars: [log], volumes: [data] }, "5"));
    assert.deepEqual(
      await responseTo(both(defaultsOf(given)), creation(pod("python"))),
      changed(
        { op: "add", path: "/spec/volumes/-", value: { ...data, image: { reference: "mirror.test/hub/team/data" } } },
        { op: "add", path: "/spec/containers/-", value: { ...log, image: "mirror.test/hub/library/fluent:1" } },
        stamp("a=5"),
        ownImage,
      ),
    );
  });

  it("does what is left where one of them has nothing to do", async () => {
    assert.deepEqual(await responseTo(both(defaultsOf()), creation(pod("python"))), changed(ownImage));
    assert.deepEqual(await responseTo(both(defaultsOf()), creation(pod("own.test/a"))), unchanged());
    const given = usable(manifest("a", { ...everyone, labels: { lab: "yes" } }, "5"));
    assert.deepEqual(
      await responseTo(both(defaultsOf(given)), creation(pod("own.test/a"))),
      changed({ op: "add", path: "/metadata/labels", value: { lab: "yes" } }, stamp("a=5")),
    );
  });

  it("mirrors a pod whose PodDefaults cannot be told, with a warning", async () => {
    const failing: Webhook = async () => {
      throw new Error("the PodDefaults are not known yet: try again");
    };
    const answer = await both(failing)(creation(pod("python")));
    const warnings = ["no PodDefault was applied: the PodDefaults are not known yet: try again"];
    assert.deepEqual(answer, { operations: [ownImage], warnings });
  });

  it("asks no PodDefaults about anything but a creation: ephemeral containers come from the mirror alone", async () => {
    const never: Webhook = () => assert.fail("asked for PodDefaults");
    const after = { ...pod("own.test/a"), spec: { containers: [], ephemeralContainers: [{ name: "e", image: "b" }] } };
    const oldObject = pod("own.test/a") as NonNullable<ReviewRequest["oldObject"]>;
    const update = { operation: "UPDATE", subResource: "ephemeralcontainers", oldObject } as const;
    assert.deepEqual(
      await responseTo(both(never), creation(after, update)),
      changed({ op: "replace", path: "/spec/ephemeralContainers/0/image", value: "mirror.test/hub/library/b" }),
    );
  });

  it("denies as either of them does, conflicts first", async () => {
    const given = usable(manifest("a", { ...everyone, env: [{ name: "A", value: "1" }] }));
    const conflicting = creation(pod("own.test/a", { env: [{ name: "A", value: "2" }] }));
    const alone = await responseTo(defaultsOf(given), conflicting);
    assert.match(JSON.stringify(alone), /PodDefaultConflict/);
    assert.deepEqual(await responseTo(both(defaultsOf(given), refuse), conflicting), alone);
    const bringing = usable(manifest("b", { ...everyone, sidecars: [{ name: "log", image: "own.test/log" }] }));
    const advice = "is not mirrored: use an image that a rule covers (docker.io), or ask for a rule";
    const main = `container "main": image "own.test/a" ${advice}`;
    const log = `container "log": image "own.test/log" ${advice}`;
    assert.deepEqual(
      await responseTo(both(defaultsOf(bringing), refuse), creation(pod("own.test/a"))),
      denied(
        `${main}; ${log}`,
        { reason: "ImageNotMirrored", message: main, field: "spec.containers[0].image" },
        { reason: "ImageNotMirrored", message: log, field: "spec.containers[1].image" },
      ),
    );
  });

  const applied = (object: object, answer: Answer): object => {
    if (answer === undefined) return object;
    assert.ok(isMutation(answer), JSON.stringify(answer));
    const operations = structuredClone(answer.operations) as jsonPatch.Operation[];
    return jsonPatch.applyPatch(structuredClone(object), operations, true).newDocument;
  };

  it("makes the pod that the two make one after the other, and changes nothing when it is called again", async () => {
    await fc.assert(
      fc.asyncProperty(pods, manifests, async (given, all) => {
        const podDefaults = defaultsOf(...all.map(usable).toSorted(inOrder));
        const first = await podDefaults(creation(given));
        const together = await both(podDefaults)(creation(given));
        if (first !== undefined && !isMutation(first)) {
          assert.deepEqual(together, first);
          return;
        }
        const between = applied(given, first);
        const after = applied(given, together);
        assert.deepEqual(after, applied(between, await imageMirrorWebhook(keep)(creation(between))));
        assert.deepEqual(applied(after, await both(podDefaults)(creation(after))), after);
      }),
    );
  });
});
