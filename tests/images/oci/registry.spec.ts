import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blobOf, digestOf, jsonBlob, mediaTypes } from "../../../images/oci/content.ts";
import { Registry } from "../../../images/oci/registry.ts";
import { FakeRegistry } from "./fake-registry.ts";

const layer = blobOf(mediaTypes.layer, Buffer.from([0, 255, 10, 13, 128]));
const manifest = jsonBlob(mediaTypes.manifest, { schemaVersion: 2, layers: [] });

describe("Registry", () => {
  let fake: FakeRegistry;
  let registry: Registry;
  beforeEach(async () => {
    fake = await FakeRegistry.start();
    registry = fake.client();
  });
  afterEach(() => fake.http.close());

  for (const absolute of [false, true]) {
    it(`uploads a blob, and not again (${absolute ? "URL" : "path"} as location)`, async () => {
      fake.absoluteLocations = absolute;
      await registry.pushBlob("a/b", layer);
      await registry.pushBlob("a/b", layer);
      assert.deepEqual(fake.asked(), [
        `HEAD /v2/a/b/blobs/${layer.digest}`,
        "POST /v2/a/b/blobs/uploads/",
        `PUT /v2/a/b/blobs/uploads/1?state=s/t&digest=${layer.digest}`,
        `HEAD /v2/a/b/blobs/${layer.digest}`,
      ]);
      assert.equal(fake.http.seen[2]?.headers["content-type"], "application/octet-stream");
      assert.deepEqual(fake.blobs.get(`a/b@${layer.digest}`), layer.bytes);
      assert.deepEqual(await registry.blob("a/b", layer.digest), layer.bytes);
    });
  }

  it("mounts a blob that another repository has", async () => {
    await registry.pushBlob("lab/node-base", layer);
    fake.http.seen.length = 0;
    await registry.pushBlob("carrel/admission", layer, "lab/node-base");
    assert.deepEqual(fake.asked(), [
      `HEAD /v2/carrel/admission/blobs/${layer.digest}`,
      `POST /v2/carrel/admission/blobs/uploads/?mount=${layer.digest}&from=lab/node-base`,
    ]);
    assert.equal(await registry.hasBlob("carrel/admission", layer.digest), true);
  });

  it("uploads where the registry does not mount", async () => {
    await registry.pushBlob("lab/node-base", layer);
    fake.mounts = false;
    await registry.pushBlob("carrel/admission", layer, "lab/node-base");
    assert.equal(fake.asked().at(-1)?.split("?")[0], "PUT /v2/carrel/admission/blobs/uploads/1");
    assert.deepEqual(fake.blobs.get(`carrel/admission@${layer.digest}`), layer.bytes);
  });

  it("uploads a blob from its file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "carrel-blob-"));
    try {
      const bytes = Buffer.alloc(3 << 20, "layer");
      const file = join(folder, "layer.tar");
      writeFileSync(file, bytes);
      await registry.pushBlob("a", { digest: digestOf(bytes), file });
      assert.deepEqual(fake.blobs.get(`a@${digestOf(bytes)}`), bytes);
      assert.equal(fake.http.seen.at(-1)?.headers["content-length"], String(bytes.length));
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("pushes a manifest by digest or by tag and reads it back, with its type", async () => {
    await registry.pushManifest("a", manifest);
    await registry.pushManifest("a", manifest, "v1");
    assert.deepEqual(fake.asked(), [`PUT /v2/a/manifests/${manifest.digest}`, "PUT /v2/a/manifests/v1"]);
    assert.equal(fake.http.seen[0]?.headers["content-type"], mediaTypes.manifest);
    assert.deepEqual(await registry.manifest("a", manifest.digest), manifest);
    assert.deepEqual(await registry.manifest("a", "v1"), manifest);
    assert.equal(
      fake.http.seen.at(-1)?.headers.accept,
      [mediaTypes.index, mediaTypes.manifest, mediaTypes.dockerIndex, mediaTypes.dockerManifest].join(", "),
    );
  });

  it("knows what is there and what is not", async () => {
    await registry.pushManifest("a", manifest, "v1");
    assert.deepEqual(
      [
        await registry.hasManifest("a", "v1"),
        await registry.hasManifest("a", manifest.digest),
        await registry.hasManifest("a", "v2"),
        await registry.hasBlob("a", layer.digest),
      ],
      [true, true, false, false],
    );
  });

  it("answers the referrers that the fallback tag names", async () => {
    assert.deepEqual(await registry.referrers("a", manifest.digest), []);
    const descriptor = { mediaType: mediaTypes.manifest, digest: layer.digest, size: 5, artifactType: "text/spdx" };
    const index = jsonBlob(mediaTypes.index, {
      schemaVersion: 2,
      mediaType: mediaTypes.index,
      manifests: [descriptor],
    });
    await registry.pushManifest("a", index, manifest.digest.replace(":", "-"));
    assert.deepEqual(await registry.referrers("a", manifest.digest), [descriptor]);
    await registry.pushManifest("b", jsonBlob(mediaTypes.index, {}), manifest.digest.replace(":", "-"));
    assert.deepEqual(await registry.referrers("b", manifest.digest), []);
  });

  describe("errors", () => {
    const error = (code: string, message: string) => ({ name: "UserError", code, message });

    it("refuse content of another digest", async () => {
      const other = Buffer.from("other");
      fake.blobs.set(`a@${layer.digest}`, other);
      fake.manifests.set(`a@${manifest.digest}`, { type: mediaTypes.manifest, bytes: other });
      const refused = (wanted: string) =>
        error(
          "registry-digest",
          `registry ${fake.host} answered a@${wanted} with content of digest ${digestOf(other)}: do not trust this registry, or push the image again`,
        );
      await assert.rejects(registry.blob("a", layer.digest), refused(layer.digest));
      await assert.rejects(registry.manifest("a", manifest.digest), refused(manifest.digest));
    });

    it("come up when the registry refuses the digest of an upload", async () => {
      const wrong = { digest: manifest.digest, bytes: layer.bytes };
      await assert.rejects(
        registry.pushBlob("a", wrong),
        error("registry", `registry ${fake.host} answered 400 for blob a@${manifest.digest}: see the registry's log`),
      );
    });

    it("name what was asked and what to do", async () => {
      const of = (status: number, what: string, remedy: string) =>
        error("registry", `registry ${fake.host} answered ${status} for ${what}: ${remedy}`);
      await assert.rejects(
        registry.manifest("a", "v1"),
        of(404, "manifest a@v1", "push it first, or correct the reference"),
      );
      await assert.rejects(
        registry.blob("a", layer.digest),
        of(404, `blob a@${layer.digest}`, "push it first, or correct the reference"),
      );
      const status = (code: number): void =>
        void fake.http.next.push((_seen, response) => response.writeHead(code).end());
      status(403);
      await assert.rejects(
        registry.pushManifest("a", manifest, "v1"),
        of(403, `manifest a@${manifest.digest}`, "ask for access to this repository"),
      );
      status(500);
      await assert.rejects(
        registry.hasBlob("a", layer.digest),
        of(500, `a blobs/${layer.digest}`, "see the registry's log"),
      );
      status(404);
      status(503);
      await assert.rejects(registry.pushBlob("a", layer), of(503, "upload to a", "see the registry's log"));
    });

    it("say that nothing answers", async () => {
      await fake.http.close();
      await assert.rejects(
        registry.hasManifest("a", "v1"),
        error(
          "registry-unreachable",
          `registry ${fake.host} cannot be reached (fetch failed: connect ECONNREFUSED ${fake.host}): start it, or correct images.registry`,
        ),
      );
      fake = await FakeRegistry.start();
    });

    it("come up when a registry without TLS is asked by TLS", async () => {
      const secure = new Registry({ host: fake.host, credentials: async () => undefined });
      await assert.rejects(secure.hasManifest("a", "v1"), { name: "UserError", code: "registry-unreachable" });
    });
  });
});
