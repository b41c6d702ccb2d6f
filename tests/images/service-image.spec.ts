import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { bundleService } from "../../images/bundle.ts";
import { type Blob, descriptorOf, digestOf, type ImageConfig, jsonBlob, mediaTypes } from "../../images/oci/content.ts";
import type { BuiltImage } from "../../images/oci/image.ts";
import { type PlannedImage, planServiceImage } from "../../images/service-image.ts";
import { unpacked } from "./oci/unpacked.ts";
import { FakeRegistry, Folders, parsed, program, pushBase, pushMultiBase, REPOSITORY, specOf } from "./support.ts";

const configOf = ({ config }: { config: Blob }): ImageConfig => parsed(config) as ImageConfig;

/** The manifest that an image on a base has to have. */
const manifestOn = (base: BuiltImage, { layer }: PlannedImage, config: Blob) => ({
  schemaVersion: 2,
  mediaType: mediaTypes.manifest,
  config: descriptorOf(config),
  layers: [...base.layers.map(descriptorOf), descriptorOf(layer)],
});

describe("planServiceImage", () => {
  let registry: FakeRegistry;
  const folders = new Folders();
  beforeEach(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.http.close());
  after(() => folders.remove());

  it("puts the program on a base of one platform", async () => {
    const { base, image } = await pushBase(registry);
    const planned = await planServiceImage(specOf(registry, folders.make(program), base));
    assert.equal(planned.platforms.length, 1);
    const { manifest, config } = planned.platforms[0]!;
    assert.deepEqual(parsed(manifest), manifestOn(image, planned, config));
    assert.deepEqual(parsed(planned.index), {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...descriptorOf(manifest), platform: { architecture: "amd64", os: "linux" } }],
    });
    assert.equal(planned.reference, `${registry.host}/${REPOSITORY}@${planned.index.digest}`);
    for (const blob of [manifest, config, planned.index, planned.layer])
      assert.equal(blob.digest, digestOf(blob.bytes));
  });

  it("puts it on every platform of the base that we build for, and on no other", async () => {
    const { base, images } = await pushMultiBase(registry);
    const planned = await planServiceImage(specOf(registry, folders.make(program), base));
    const expected = [
      { architecture: "amd64", os: "linux" },
      { architecture: "arm64", os: "linux", variant: "v8" },
    ];
    assert.deepEqual(
      planned.platforms.map(({ platform }) => platform),
      expected,
    );
    assert.deepEqual(
      planned.platforms.map(({ manifest }) => parsed(manifest)),
      planned.platforms.map(({ config }, i) => manifestOn(images[i]!, planned, config)),
    );
    const { manifests } = parsed(planned.index) as { manifests: unknown };
    assert.deepEqual(
      manifests,
      planned.platforms.map(({ manifest }, i) => ({ ...descriptorOf(manifest), platform: expected[i] })),
    );
  });

  it("configures a numeric user, no options of Node, and an entry point without a shell", async () => {
    const { base, images } = await pushMultiBase(registry);
    const folder = folders.make(program);
    const planned = await planServiceImage(specOf(registry, folder, base));
    const { revision } = await bundleService("services/greeter/main.ts", folder);
    assert.deepEqual(configOf(planned.platforms[1]!), {
      architecture: "arm64",
      os: "linux",
      variant: "v8",
      config: {
        User: "65532:65532",
        Env: [
          "PATH=/nodejs/bin",
          "NODE_ENV=production",
          "NODE_OPTIONS=",
          "MALLOC_ARENA_MAX=2",
          "MALLOC_MMAP_THRESHOLD_=131072",
        ],
        Entrypoint: ["/nodejs/bin/node", "--max-semi-space-size=8", "/app/main.mjs"],
        WorkingDir: "/app",
        Labels: {
          "org.opencontainers.image.title": "carrel-greeter",
          "org.opencontainers.image.version": "1.2.3",
          "org.opencontainers.image.revision": revision,
          "org.opencontainers.image.source": "https://carrel.test/source",
          "org.opencontainers.image.licenses": "Apache-2.0",
          "org.opencontainers.image.base.name": base,
        },
      },
      rootfs: { type: "layers", diff_ids: [images[1]?.layers[0]?.digest, planned.layer.digest] },
    });
  });

  it("has one layer: the bundle, owned by root and without a time", async () => {
    const { base } = await pushBase(registry);
    const folder = folders.make(program);
    const { layer } = await planServiceImage(specOf(registry, folder, base));
    const { code } = await bundleService("services/greeter/main.ts", folder);
    const common = { link: undefined, owner: [0, 0, "", ""], time: 0 };
    assert.deepEqual(await unpacked(layer.bytes), [
      { ...common, name: "app/", type: "directory", mode: 0o755, content: "" },
      { ...common, name: "app/main.mjs", type: "file", mode: 0o644, content: code.toString("utf8") },
    ]);
  });

  it("has the same digest for the same sources, in two folders and on two runs", async () => {
    const { base } = await pushMultiBase(registry);
    const folder = folders.makeProject();
    const planned = [];
    for (const place of [folder, folder, folders.copyOf(folder)]) {
      const spec = { ...specOf(registry, place, base), name: "admission", entry: "services/admission/main.ts" };
      planned.push(await planServiceImage(spec));
    }
    const [first, again, elsewhere] = planned.map(({ reference, sbom }) => [reference, sbom.digest]);
    assert.deepEqual(again, first);
    assert.deepEqual(elsewhere, first);
  });

  it("has another digest for another source, version or base", async () => {
    const { base } = await pushBase(registry);
    const folder = folders.make(program);
    const spec = specOf(registry, folder, base);
    const references = [(await planServiceImage(spec)).reference];
    references.push((await planServiceImage({ ...spec, version: "1.2.4" })).reference);
    references.push((await planServiceImage({ ...spec, base: (await pushMultiBase(registry)).base })).reference);
    writeFileSync(join(folder, "services/lib/word.ts"), "export const word: string = 'good day';\n");
    references.push((await planServiceImage(spec)).reference);
    assert.equal(new Set(references).size, 4, references.join("\n"));
  });

  it("only reads from the registry, and no layer", async () => {
    const { base, images } = await pushMultiBase(registry);
    const before = registry.asked().length;
    await planServiceImage(specOf(registry, folders.make(program), base));
    const asked = registry.asked().slice(before);
    const blob = ({ config }: BuiltImage): string => `GET /v2/base/node/blobs/${config.digest}`;
    const manifest = (digest: string): string => `GET /v2/base/node/manifests/${digest}`;
    const wanted = images.slice(0, 2);
    assert.deepEqual(
      asked.toSorted(),
      [
        manifest(base.split("@")[1]!),
        ...wanted.map((image) => manifest(image.manifest.digest)),
        ...wanted.map(blob),
      ].sort(),
    );
  });

  it("refuses a base for other processors only, which would make an image that runs nowhere", async () => {
    const index = jsonBlob(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests: [] });
    await registry.client().pushManifest("base/node", index);
    const base = `${registry.host}/base/node@${index.digest}`;
    await assert.rejects(planServiceImage(specOf(registry, folders.make(program), base)), {
      name: "UserError",
      code: "base-platform",
      message: "base image base/node has no linux image for amd64 or arm64: choose another images.base",
    });
  });

  it("says which base is missing", async () => {
    const base = `${registry.host}/base/node@sha256:${"0".repeat(64)}`;
    await assert.rejects(planServiceImage(specOf(registry, folders.make(program), base)), {
      name: "UserError",
      code: "registry",
      message: `registry ${registry.host} answered 404 for manifest base/node@sha256:${"0".repeat(64)}: push it first, or correct the reference`,
    });
  });
});
