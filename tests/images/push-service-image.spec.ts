import assert from "node:assert/strict";
import { isIndexType } from "../../images/oci/content.ts";
import type { BuiltImage } from "../../images/oci/image.ts";
import { type PlannedImage, planServiceImage, pushServiceImage } from "../../images/service-image.ts";
import {
  BASE,
  FakeRegistry,
  Folders,
  parsed,
  program,
  pushBase,
  pushMultiBase,
  REPOSITORY,
  specOf,
  writesOf,
} from "./support.ts";

const POST = `POST /v2/${REPOSITORY}/blobs/uploads/`;
const manifest = (digest: string): string => `PUT /v2/${REPOSITORY}/manifests/${digest}`;
const uploaded = (digest: string): string[] => [POST, `PUT blob ${digest}`];

/** What the index leads to and the registry does not have. */
function missingOf(registry: FakeRegistry, { index }: PlannedImage): string[] {
  const { manifests } = parsed(index) as { manifests: { digest: string }[] };
  return manifests.flatMap(({ digest }) => {
    const stored = registry.manifests.get(`${REPOSITORY}@${digest}`);
    if (!stored) return [digest];
    const { config, layers } = parsed(stored) as { config: { digest: string }; layers: { digest: string }[] };
    const blobs = [config, ...layers].map((blob) => blob.digest);
    return blobs.filter((blob) => !registry.blobs.has(`${REPOSITORY}@${blob}`));
  });
}

/** Answers requests to a registry of another name from a second fake one, as if it had TLS. */
function standIn(name: string, other: FakeRegistry): () => void {
  const original = globalThis.fetch;
  globalThis.fetch = (input, init) =>
    original(String(input).replace(`https://${name}/`, `http://${other.host}/`), init);
  return () => {
    globalThis.fetch = original;
  };
}

describe("pushServiceImage", () => {
  let registry: FakeRegistry;
  const folders = new Folders();
  beforeEach(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.http.close());
  after(() => folders.remove());

  async function planned(base: string): Promise<{ plan: PlannedImage; since: number }> {
    const plan = await planServiceImage(specOf(registry, folders.make(program), base));
    return { plan, since: registry.asked().length };
  }

  /** Writes of the image itself; what follows its index attaches the SBOM. */
  function imageWrites(plan: PlannedImage, since: number): string[] {
    const writes = writesOf(registry, since);
    return writes.slice(0, writes.indexOf(manifest(plan.index.digest)) + 1);
  }

  const mounted = (image: BuiltImage): string => `${POST}?mount=${image.layers[0]?.digest}&from=${BASE}`;

  it("mounts the base's layer, uploads its own, and names nothing before it is there", async () => {
    const { base, image } = await pushBase(registry);
    const { plan, since } = await planned(base);
    assert.equal(await pushServiceImage(plan), plan.reference);
    const { config, manifest: platform } = plan.platforms[0]!;
    assert.deepEqual(imageWrites(plan, since), [
      ...uploaded(plan.layer.digest),
      mounted(image),
      ...uploaded(config.digest),
      manifest(platform.digest),
      manifest(plan.index.digest),
    ]);
    assert.deepEqual(missingOf(registry, plan), []);
  });

  it("pushes an image per platform, and the index that leads to them last", async () => {
    const { base, images } = await pushMultiBase(registry);
    const { plan, since } = await planned(base);
    await pushServiceImage(plan);
    assert.deepEqual(imageWrites(plan, since), [
      ...uploaded(plan.layer.digest),
      ...plan.platforms.flatMap((platform, i) => [
        mounted(images[i]!),
        ...uploaded(platform.config.digest),
        manifest(platform.manifest.digest),
      ]),
      manifest(plan.index.digest),
    ]);
    assert.deepEqual(missingOf(registry, plan), []);
    const stored = registry.manifests.get(`${REPOSITORY}@${plan.index.digest}`);
    assert.deepEqual([isIndexType(stored?.type ?? ""), stored?.bytes], [true, plan.index.bytes]);
  });

  it("writes nothing when all of it is there", async () => {
    const { plan } = await planned((await pushMultiBase(registry)).base);
    await pushServiceImage(plan);
    const before = registry.asked().length;
    assert.equal(await pushServiceImage(plan), plan.reference);
    assert.deepEqual(writesOf(registry, before), []);
  });

  it("completes a push that broke off before the index", async () => {
    const { plan } = await planned((await pushBase(registry)).base);
    await pushServiceImage(plan);
    registry.manifests.delete(`${REPOSITORY}@${plan.index.digest}`);
    const before = registry.asked().length;
    await pushServiceImage(plan);
    const { manifest: platform } = plan.platforms[0]!;
    assert.deepEqual(writesOf(registry, before), [manifest(platform.digest), manifest(plan.index.digest)]);
  });

  it("uploads the base's layer where the registry does not mount", async () => {
    registry.mounts = false;
    const { base, image } = await pushBase(registry);
    const { plan, since } = await planned(base);
    await pushServiceImage(plan);
    const [layer] = image.layers;
    assert.deepEqual(imageWrites(plan, since).slice(2, 4), [mounted(image), `PUT blob ${layer?.digest}`]);
    assert.deepEqual(registry.blobs.get(`${REPOSITORY}@${layer?.digest}`), layer?.bytes);
  });

  it("copies the base's layer from another registry", async () => {
    const other = await FakeRegistry.start();
    const restore = standIn("base.test", other);
    try {
      const { base, image } = await pushBase(other);
      const { plan, since } = await planned(base.replace(other.host, "base.test"));
      const before = other.asked().length;
      await pushServiceImage(plan);
      const digest = image.layers[0]!.digest;
      assert.deepEqual(imageWrites(plan, since).slice(2, 4), uploaded(digest));
      assert.deepEqual(registry.blobs.get(`${REPOSITORY}@${digest}`), image.layers[0]?.bytes);
      assert.deepEqual(other.asked().slice(before), [`GET /v2/${BASE}/blobs/${digest}`]);
      assert.deepEqual(missingOf(registry, plan), []);
    } finally {
      restore();
      await other.http.close();
    }
  });
});
