import assert from "node:assert/strict";
import fc from "fast-check";
import jsonPatch from "fast-json-patch";
import { imagePatch } from "../../../../services/lib/image-mirror/patch.ts";
import type { ImagedPod } from "../../../../services/lib/image-mirror/places.ts";
import { compileMirror } from "../../../../services/lib/image-mirror/rewrite.ts";

const rules = [{ from: "docker.io", to: "m.x/hub" }];
const keep = compileMirror({ rules, exempt: [], onMissing: "keep" });
const refuse = compileMirror({ rules, exempt: [], onMissing: "refuse" });
const at = (name: string, image?: string) => ({ name, ...(image === undefined ? {} : { image }) });

/** The pod after the patch, by an engine that knows nothing of ours. */
const applied = (pod: ImagedPod, operations: ReturnType<typeof imagePatch>["operations"]): ImagedPod =>
  jsonPatch.applyPatch(structuredClone(pod), [...operations], true).newDocument;

describe("the patch of images", () => {
  const image = fc.constantFrom("nginx", "team/app:1", "own.x/a", "m.x/hub/a", "[::1]:5000/a", undefined);
  const containers = fc.option(
    fc.array(
      fc.tuple(fc.constantFrom("a", "b/c", "d~1"), image).map(([name, of]) => at(name, of)),
      { maxLength: 4 },
    ),
    { nil: null },
  );
  const volumes = fc.array(
    image.map((reference) => ({ name: "v", image: reference === undefined ? null : { reference } })),
  );
  const spec = fc.record({ containers, initContainers: containers, ephemeralContainers: containers, volumes });

  it("applied by another engine gives the pod with every image rewritten, and nothing the second time", () => {
    const rewritten = (text: string): string => {
      const result = keep(text);
      return result.outcome === "refused" ? text : result.image;
    };
    fc.assert(
      fc.property(spec, (it) => {
        const pod: ImagedPod = { metadata: { annotations: {} }, spec: it };
        const { operations } = imagePatch(keep, { operation: "CREATE", object: pod });
        const intended: unknown = JSON.parse(JSON.stringify(pod), (key, value: unknown) =>
          (key === "image" || key === "reference") && typeof value === "string" ? rewritten(value) : value,
        );
        const after = applied(JSON.parse(JSON.stringify(pod)) as ImagedPod, operations);
        assert.deepEqual(after, intended);
        assert.deepEqual(imagePatch(keep, { operation: "CREATE", object: after }).operations, []);
      }),
    );
  });

  it("has one refusal for each image that is refused, or none", () => {
    fc.assert(
      fc.property(spec, (it) => {
        const { operations, refusals } = imagePatch(refuse, { operation: "CREATE", object: { spec: it } });
        const images = [it.containers, it.initContainers, it.ephemeralContainers].flatMap((list) => list ?? []);
        const all = [...images.map((container) => container.image), ...it.volumes.map((of) => of.image?.reference)];
        const wrong = all.filter((text) => text !== undefined && refuse(text).outcome === "refused");
        assert.equal(refusals.length, wrong.length);
        assert.ok(refusals.length === 0 || operations.length === 0);
      }),
    );
  });
});
