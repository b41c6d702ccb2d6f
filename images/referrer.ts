import {
  type Blob,
  blobOf,
  type Descriptor,
  descriptorOf,
  type ImageManifest,
  jsonBlob,
  mediaTypes,
} from "./oci/content.ts";
import type { Registry } from "./oci/registry.ts";

const empty = blobOf(mediaTypes.empty, Buffer.from("{}"));

/**
 * Attaches a document to a manifest as a referrer. The tag that older registries list referrers by is kept too
 * (distribution specification 1.1, "Referrers Tag Schema").
 */
export async function attach(
  registry: Registry,
  repository: string,
  subject: Descriptor,
  artifactType: string,
  document: Blob,
): Promise<void> {
  const manifest = jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    artifactType,
    config: descriptorOf(empty),
    layers: [descriptorOf(document)],
    subject,
  } satisfies ImageManifest);
  const known = await registry.referrers(repository, subject.digest);
  if (known.some(({ digest }) => digest === manifest.digest)) return;
  await registry.pushBlob(repository, empty);
  await registry.pushBlob(repository, document);
  await registry.pushManifest(repository, manifest);
  const others = known.filter((other) => other.artifactType !== artifactType);
  const manifests = [...others, { ...descriptorOf(manifest), artifactType }];
  const list = jsonBlob(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  await registry.pushManifest(repository, list, subject.digest.replace(":", "-"));
}
