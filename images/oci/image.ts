import {
  type Blob,
  type Descriptor,
  type Digest,
  descriptorOf,
  type FileBlob,
  type ImageConfig,
  jsonBlob,
  mediaTypes,
  type Platform,
} from "./content.ts";
import { buildLayer, type LayerContent } from "./layer.ts";
import type { Registry } from "./registry.ts";

/** An image of one platform with all its layers. */
export interface LayeredImage {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly (Blob | FileBlob)[];
}

/** An image of one platform, whole, in memory. */
export interface BuiltImage extends LayeredImage {
  readonly layers: readonly Blob[];
}

/** What runs on layers that are there. None of them is compressed, so that digests of layers are those of their content too. */
export function layeredImage<T extends Blob | FileBlob>(
  layers: readonly T[],
  platform: Platform,
  settings: ImageConfig["config"],
): LayeredImage & { readonly layers: readonly T[] } {
  const config = jsonBlob(mediaTypes.config, {
    ...platform,
    config: settings,
    rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
  } satisfies ImageConfig);
  return { manifest: manifestBlob(config, layers.map(descriptorOf)), config, layers };
}

export interface RootfsSpec {
  readonly content: LayerContent;
  readonly platform: Platform;
  readonly config: ImageConfig["config"];
}

/** An image without a base: one layer that is the whole root filesystem. */
export async function buildRootfsImage(spec: RootfsSpec): Promise<BuiltImage> {
  return layeredImage([await buildLayer(spec.content)], spec.platform, spec.config);
}

export function manifestBlob(config: Blob, layers: readonly Descriptor[]): Blob {
  return jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptorOf(config),
    layers,
  });
}

/**
 * Pushes what the registry does not have yet, blobs before the manifest, and answers the reference by digest.
 * @param homes repositories of the same registry by the digest of a layer that they have, which is then mounted
 */
export async function pushImage(
  registry: Registry,
  repository: string,
  image: LayeredImage,
  tag?: string,
  homes?: ReadonlyMap<Digest, string>,
): Promise<string> {
  for (const blob of [...image.layers, image.config]) {
    await registry.pushBlob(repository, blob, homes?.get(blob.digest));
  }
  if (tag !== undefined || !(await registry.hasManifest(repository, image.manifest.digest))) {
    await registry.pushManifest(repository, image.manifest, tag);
  }
  return `${registry.host}/${repository}@${image.manifest.digest}`;
}
