import {
  type Blob,
  type Descriptor,
  descriptorOf,
  type ImageConfig,
  jsonBlob,
  mediaTypes,
  type Platform,
} from "./content.ts";
import { buildLayer, type LayerContent } from "./layer.ts";
import type { Registry } from "./registry.ts";

/** An image of one platform, whole, in memory. */
export interface BuiltImage {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly layers: readonly Blob[];
}

export interface RootfsSpec {
  readonly content: LayerContent;
  readonly platform: Platform;
  readonly config: ImageConfig["config"];
}

/** An image without a base: one layer that is the whole root filesystem. */
export async function buildRootfsImage(spec: RootfsSpec): Promise<BuiltImage> {
  const layer = await buildLayer(spec.content);
  const config = jsonBlob(mediaTypes.config, {
    ...spec.platform,
    config: spec.config,
    rootfs: { type: "layers", diff_ids: [layer.digest] },
  } satisfies ImageConfig);
  const manifest = manifestBlob(config, [descriptorOf(layer)]);
  return { manifest, config, layers: [layer] };
}

export function manifestBlob(config: Blob, layers: readonly Descriptor[]): Blob {
  return jsonBlob(mediaTypes.manifest, {
    schemaVersion: 2,
    mediaType: mediaTypes.manifest,
    config: descriptorOf(config),
    layers,
  });
}

/** Pushes what the registry does not have yet, blobs before the manifest, and answers the reference by digest. */
export async function pushImage(
  registry: Registry,
  repository: string,
  image: BuiltImage,
  tag?: string,
): Promise<string> {
  for (const blob of [...image.layers, image.config]) await registry.pushBlob(repository, blob);
  if (tag !== undefined || !(await registry.hasManifest(repository, image.manifest.digest))) {
    await registry.pushManifest(repository, image.manifest, tag);
  }
  return `${registry.host}/${repository}@${image.manifest.digest}`;
}
