import assert from "node:assert/strict";
import { blobOf, type Descriptor, descriptorOf, mediaTypes } from "../../images/oci/content.ts";
import { attach } from "../../images/referrer.ts";
import { SBOM_TYPE } from "../../images/sbom.ts";
import { planServiceImage, pushServiceImage } from "../../images/service-image.ts";
import { FakeRegistry, Folders, parsed, program, pushBase, REPOSITORY, specOf, writesOf } from "./support.ts";

const SIGNATURE_TYPE = "application/vnd.test.signature";
const subject = descriptorOf(blobOf(mediaTypes.index, Buffer.from("an index")));
const tag = subject.digest.replace(":", "-");
const empty = blobOf(mediaTypes.empty, Buffer.from("{}"));
const document = (type: string, text: string) => blobOf(type, Buffer.from(text));

describe("attach", () => {
  let registry: FakeRegistry;
  beforeEach(async () => {
    registry = await FakeRegistry.start();
  });
  afterEach(() => registry.http.close());

  const put = (type: string, text: string): Promise<void> =>
    attach(registry.client(), REPOSITORY, subject, type, document(type, text));
  const stored = (reference: string) => registry.manifests.get(`${REPOSITORY}@${reference}`);
  const known = (): Promise<readonly Descriptor[]> => registry.client().referrers(REPOSITORY, subject.digest);

  it("pushes an artifact that names its subject, and lists it by the fallback tag", async () => {
    await put(SBOM_TYPE, "a list");
    const [found, ...others] = await known();
    assert.deepEqual(others, []);
    const manifest = stored(found?.digest ?? "");
    assert.deepEqual(parsed(manifest!), {
      schemaVersion: 2,
      mediaType: mediaTypes.manifest,
      artifactType: SBOM_TYPE,
      config: descriptorOf(empty),
      layers: [descriptorOf(document(SBOM_TYPE, "a list"))],
      subject,
    });
    const list = stored(tag);
    assert.equal(list?.type, mediaTypes.index);
    assert.deepEqual(parsed(list!), {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [{ ...descriptorOf(blobOf(mediaTypes.manifest, manifest!.bytes)), artifactType: SBOM_TYPE }],
    });
  });

  it("pushes the blobs first, then the artifact, then the list", async () => {
    await put(SBOM_TYPE, "a list");
    const [{ digest } = subject] = await known();
    const POST = `POST /v2/${REPOSITORY}/blobs/uploads/`;
    assert.deepEqual(writesOf(registry), [
      POST,
      `PUT blob ${empty.digest}`,
      POST,
      `PUT blob ${document(SBOM_TYPE, "a list").digest}`,
      `PUT /v2/${REPOSITORY}/manifests/${digest}`,
      `PUT /v2/${REPOSITORY}/manifests/${tag}`,
    ]);
  });

  it("writes nothing when the document is attached already", async () => {
    await put(SBOM_TYPE, "a list");
    const before = registry.asked().length;
    await put(SBOM_TYPE, "a list");
    assert.deepEqual(writesOf(registry, before), []);
  });

  it("keeps what others attached, and replaces an older document of its own type", async () => {
    await put(SIGNATURE_TYPE, "a signature");
    await put(SBOM_TYPE, "a list");
    const [signature, old] = await known();
    await put(SBOM_TYPE, "a longer list");
    const [first, second, ...others] = await known();
    assert.deepEqual([first, others], [signature, []]);
    assert.equal(second?.artifactType, SBOM_TYPE);
    assert.notEqual(second?.digest, old?.digest);
  });
});

describe("the SBOM of a pushed image", () => {
  it("is attached to its index, and has the same bytes on a second machine", async () => {
    const registry = await FakeRegistry.start();
    const folders = new Folders();
    try {
      const { base } = await pushBase(registry);
      const plan = await planServiceImage(specOf(registry, folders.make(program), base));
      await pushServiceImage(plan);
      const [found, ...others] = await registry.client().referrers(REPOSITORY, plan.index.digest);
      assert.deepEqual([found?.artifactType, others], [SBOM_TYPE, []]);
      const artifact = parsed(registry.manifests.get(`${REPOSITORY}@${found?.digest}`)!) as Record<string, unknown>;
      assert.deepEqual(artifact["subject"], descriptorOf(plan.index));
      assert.deepEqual(artifact["layers"], [descriptorOf(plan.sbom)]);
      assert.deepEqual(registry.blobs.get(`${REPOSITORY}@${plan.sbom.digest}`), plan.sbom.bytes);
      const again = await planServiceImage(specOf(registry, folders.make(program), base));
      assert.deepEqual(again.sbom, plan.sbom);
    } finally {
      folders.remove();
      await registry.http.close();
    }
  });
});
