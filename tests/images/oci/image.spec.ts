import assert from "node:assert/strict";
import { canonicalJson, descriptorOf, mediaTypes } from "../../../images/oci/content.ts";
import { buildRootfsImage, layeredImage, manifestBlob, pushImage } from "../../../images/oci/image.ts";
import { buildLayer } from "../../../images/oci/layer.ts";
import { FakeRegistry } from "./fake-registry.ts";

const content = { files: [{ path: "/pause", content: "program", mode: 0o755 }] };
const platform = { architecture: "arm64", os: "linux", variant: "v8" };
const config = { Entrypoint: ["/pause"], User: "65532:65532" };

const parsed = ({ bytes }: { bytes: Buffer }): unknown => JSON.parse(bytes.toString("utf8"));

describe("buildRootfsImage", () => {
  it("is one layer, its configuration and its manifest", async () => {
    const image = await buildRootfsImage({ content, platform, config });
    const layer = await buildLayer(content);
    assert.deepEqual(image.layers, [layer]);
    assert.deepEqual(
      [image.config.mediaType, parsed(image.config)],
      [mediaTypes.config, { ...platform, config, rootfs: { type: "layers", diff_ids: [layer.digest] } }],
    );
    assert.deepEqual(
      [image.manifest.mediaType, parsed(image.manifest)],
      [
        mediaTypes.manifest,
        {
          schemaVersion: 2,
          mediaType: mediaTypes.manifest,
          config: descriptorOf(image.config),
          layers: [{ mediaType: mediaTypes.layer, digest: layer.digest, size: layer.bytes.length }],
        },
      ],
    );
    assert.deepEqual(image.manifest, manifestBlob(image.config, [descriptorOf(layer)]));
    assert.deepEqual(image.manifest.bytes, canonicalJson(parsed(image.manifest)));
  });
});

describe("layeredImage", () => {
  it("stacks layers in their order, whether they are in memory or in a file", async () => {
    const upper = await buildLayer(content);
    const digest = `sha256:${"ab".repeat(32)}` as const;
    const lower = { mediaType: mediaTypes.layer, digest, size: 7, file: "/none" };
    const image = layeredImage([lower, upper], platform, config);
    assert.deepEqual(parsed(image.config), {
      ...platform,
      config,
      rootfs: { type: "layers", diff_ids: [digest, upper.digest] },
    });
    const lowest = { mediaType: mediaTypes.layer, digest, size: 7 };
    assert.deepEqual((parsed(image.manifest) as { layers: unknown }).layers, [lowest, descriptorOf(upper)]);
    assert.deepEqual(image.layers, [lower, upper]);
  });
});

describe("pushImage", () => {
  let fake: FakeRegistry;
  beforeEach(async () => {
    fake = await FakeRegistry.start();
  });
  afterEach(() => fake.http.close());
  const writes = (): string[] =>
    fake
      .asked()
      .filter((request) => request.startsWith("PUT"))
      .map((request) => request.replace(/.*digest=/, "blob "));

  it("pushes blobs before the manifest, once, and answers the reference by digest", async () => {
    const image = await buildRootfsImage({ content, platform, config });
    const reference = `${fake.host}/lab/pause@${image.manifest.digest}`;
    assert.equal(await pushImage(fake.client(), "lab/pause", image), reference);
    const pushed = [
      `blob ${image.layers[0]?.digest}`,
      `blob ${image.config.digest}`,
      `PUT /v2/lab/pause/manifests/${image.manifest.digest}`,
    ];
    assert.deepEqual(writes(), pushed);
    assert.equal(await pushImage(fake.client(), "lab/pause", image), reference);
    assert.deepEqual(writes(), pushed);
    assert.deepEqual(await fake.client().manifest("lab/pause", image.manifest.digest), image.manifest);
  });

  it("mounts layers from repositories that have them, and uploads the rest", async () => {
    const image = await buildRootfsImage({ content, platform, config });
    await pushImage(fake.client(), "first", image);
    const other = await buildLayer({ files: [{ path: "/other", content: "other" }] });
    const both = layeredImage([...image.layers, other], platform, config);
    const before = fake.asked().length;
    await pushImage(fake.client(), "second", both, undefined, new Map([[both.layers[0]!.digest, "first"]]));
    const posts = fake
      .asked()
      .slice(before)
      .filter((request) => request.startsWith("POST"));
    const uploads = "POST /v2/second/blobs/uploads/";
    assert.deepEqual(posts, [`${uploads}?mount=${both.layers[0]?.digest}&from=first`, uploads, uploads]);
    assert.deepEqual(fake.blobs.get(`second@${both.layers[0]?.digest}`), image.layers[0]?.bytes);
  });

  it("writes a tag each time, as it may have named another image", async () => {
    const image = await buildRootfsImage({ content, platform, config });
    await pushImage(fake.client(), "p", image, "1");
    await pushImage(fake.client(), "p", image, "1");
    assert.deepEqual(writes().slice(2), ["PUT /v2/p/manifests/1", "PUT /v2/p/manifests/1"]);
  });
});
