import assert from "node:assert/strict";
import { GUARD_NAME } from "../../../../services/lib/guard/guard-patch.ts";
import {
  type ImagedPod,
  imageField,
  placeOf,
  placesIn,
  refusalOf,
} from "../../../../services/lib/image-mirror/places.ts";

describe("places of images", () => {
  it("are the elements that name one, at their positions", () => {
    const pod = {
      spec: {
        containers: [{ name: "a", image: "x" }, null, { name: "b" }, { image: "y" }],
        volumes: [{ name: "home" }, { name: "data", image: { reference: "z" } }],
      },
    } as ImagedPod;
    assert.deepEqual(placesIn(pod, "containers"), [
      { list: "containers", index: 0, name: "a", image: "x" },
      { list: "containers", index: 3, name: "", image: "y" },
    ]);
    assert.deepEqual(placesIn(pod, "volumes"), [{ list: "volumes", index: 1, name: "data", image: "z" }]);
    assert.deepEqual(placesIn(pod, "initContainers"), []);
    assert.deepEqual(placesIn(undefined, "containers"), []);
    assert.deepEqual(placesIn({ spec: { containers: "x" } } as unknown as ImagedPod, "containers"), []);
  });

  it("are not the guard's, which is no image", () => {
    const guard = { name: GUARD_NAME, image: GUARD_NAME };
    assert.equal(placeOf(guard, "initContainers", 0), undefined);
    assert.deepEqual(placeOf(guard, "containers", 2), { list: "containers", index: 2, ...guard });
  });

  it("are named in refusals by kind, name and field", () => {
    const place = { list: "volumes", index: 1, name: "data", image: "z" } as const;
    assert.deepEqual(refusalOf(place, { outcome: "refused", reason: "ImageNotMirrored", message: "no" }), {
      reason: "ImageNotMirrored",
      message: 'image volume "data": no',
      field: "spec.volumes[1].image.reference",
      container: "data",
      image: "z",
    });
    assert.deepEqual([imageField("volumes"), imageField("containers")], ["image/reference", "image"]);
  });
});
