import { UserError } from "../services/lib/user-error.ts";
import { type Bundle, bundleService } from "./bundle.ts";
import { NODE_PATH, NONROOT } from "./node-base.ts";
import { nodeEnvironment, nodeFlags } from "./node-runtime.ts";
import {
  type Blob,
  type Descriptor,
  type Digest,
  descriptorOf,
  type ImageConfig,
  type ImageIndex,
  type ImageManifest,
  isIndexType,
  jsonBlob,
  mediaTypes,
} from "./oci/content.ts";
import { manifestBlob } from "./oci/image.ts";
import { buildLayer } from "./oci/layer.ts";
import { type ImageReference, parseReference } from "./oci/reference.ts";
import { Registry, type RegistryAccess } from "./oci/registry.ts";
import { attach } from "./referrer.ts";
import { SBOM_TYPE, sbomBlob } from "./sbom.ts";

export interface ServiceImageSpec {
  readonly name: string;
  /** Path of the service's main file, below `root`. */
  readonly entry: string;
  /** Folder of the project. */
  readonly root: string;
  /** Base image, by digest. */
  readonly base: string;
  readonly registry: RegistryAccess;
  readonly repository: string;
  readonly version: string;
  readonly license: string;
  readonly source: string;
}

interface PlatformImage {
  readonly manifest: Blob;
  readonly config: Blob;
  readonly baseLayers: readonly Descriptor[];
  readonly platform: { readonly architecture: string; readonly os: string; readonly variant?: string };
}

/** An image that is known to the last byte and has not been pushed. */
export interface PlannedImage {
  readonly spec: ServiceImageSpec;
  readonly index: Blob;
  readonly layer: Blob;
  readonly platforms: readonly PlatformImage[];
  readonly sbom: Blob;
  /** `host/repository@sha256:...` */
  readonly reference: string;
}

/** Platforms that we build for, where the base has them. */
const ARCHITECTURES = ["amd64", "arm64"];
const ENTRY_PATH = "/app/main.mjs";

const json = <T>(blob: Pick<Blob, "bytes">): T => JSON.parse(blob.bytes.toString("utf8")) as T;

async function baseManifests(registry: Registry, base: ImageReference): Promise<readonly Blob[]> {
  const top = await registry.manifest(base.repository, base.digest ?? base.tag ?? "latest");
  if (!isIndexType(top.mediaType)) return [top];
  const wanted = json<ImageIndex>(top).manifests.filter(
    ({ platform }) => platform?.os === "linux" && ARCHITECTURES.includes(platform.architecture),
  );
  if (wanted.length === 0) {
    throw new UserError(
      "base-platform",
      `base image ${base.repository} has no linux image for ${ARCHITECTURES.join(" or ")}: choose another images.base`,
    );
  }
  return Promise.all(wanted.map(({ digest }) => registry.manifest(base.repository, digest)));
}

/** The base's configuration with our program in its place. */
function configOf(spec: ServiceImageSpec, base: ImageConfig, layer: Blob, bundle: Bundle): ImageConfig {
  const { architecture, os, variant } = base;
  const inherited = (base.config.Env ?? []).filter((entry) => !entry.startsWith("NODE_"));
  const own = Object.entries({ NODE_ENV: "production", NODE_OPTIONS: "", ...nodeEnvironment });
  return {
    architecture,
    os,
    ...(variant === undefined ? {} : { variant }),
    config: {
      User: `${NONROOT}:${NONROOT}`,
      Env: [...inherited, ...own.map(([name, value]) => `${name}=${value}`)],
      Entrypoint: [NODE_PATH, ...nodeFlags, ENTRY_PATH],
      WorkingDir: "/app",
      Labels: {
        "org.opencontainers.image.title": `carrel-${spec.name}`,
        "org.opencontainers.image.version": spec.version,
        "org.opencontainers.image.revision": bundle.revision,
        "org.opencontainers.image.source": spec.source,
        "org.opencontainers.image.licenses": spec.license,
        "org.opencontainers.image.base.name": spec.base,
      },
    },
    rootfs: { type: "layers", diff_ids: [...base.rootfs.diff_ids, layer.digest] },
  };
}

/** Builds the image in memory: its digest is known, and nothing was pushed. */
export async function planServiceImage(spec: ServiceImageSpec): Promise<PlannedImage> {
  const base = parseReference(spec.base);
  const registry = new Registry(base.registry === spec.registry.host ? spec.registry : { host: base.registry });
  const bundle = await bundleService(spec.entry, spec.root);
  const layer = await buildLayer({ files: [{ path: ENTRY_PATH, content: bundle.code }] });
  const platforms = await Promise.all(
    (await baseManifests(registry, base)).map(async (found): Promise<PlatformImage> => {
      const { config: descriptor, layers } = json<ImageManifest>(found);
      const baseConfig = json<ImageConfig>({ bytes: await registry.blob(base.repository, descriptor.digest) });
      const config = jsonBlob(mediaTypes.config, configOf(spec, baseConfig, layer, bundle));
      const { architecture, os, variant } = baseConfig;
      return {
        manifest: manifestBlob(config, [...layers, descriptorOf(layer)]),
        config,
        baseLayers: layers,
        platform: { architecture, os, ...(variant === undefined ? {} : { variant }) },
      };
    }),
  );
  const manifests = platforms.map(({ manifest, platform }) => ({ ...descriptorOf(manifest), platform }));
  const index = jsonBlob(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  const { name, version, license } = spec;
  const sbom = sbomBlob({ name: `carrel-${name}`, version, license, base: spec.base, packages: bundle.packages });
  const reference = `${spec.registry.host}/${spec.repository}@${index.digest}`;
  return { spec, index, layer, platforms, sbom, reference };
}

/** Moves a layer of the base into our repository: by a mount in the same registry, else by copying. */
async function bring(target: Registry, repository: string, base: ImageReference, digest: Digest): Promise<void> {
  const source = base.registry === target.host ? target : new Registry({ host: base.registry });
  const bytes = (): Promise<Buffer> => source.blob(base.repository, digest);
  await target.pushBlob(repository, { digest, bytes }, source === target ? base.repository : undefined);
}

/** Pushes what the registry does not have yet; the index comes last, so that it never names what is missing. */
export async function pushServiceImage(planned: PlannedImage): Promise<string> {
  const { spec, index, layer, platforms, sbom, reference } = planned;
  const registry = new Registry(spec.registry);
  if (!(await registry.hasManifest(spec.repository, index.digest))) {
    const base = parseReference(spec.base);
    await registry.pushBlob(spec.repository, layer);
    for (const { manifest, config, baseLayers } of platforms) {
      for (const { digest } of baseLayers) await bring(registry, spec.repository, base, digest);
      await registry.pushBlob(spec.repository, config);
      await registry.pushManifest(spec.repository, manifest);
    }
    await registry.pushManifest(spec.repository, index);
  }
  await attach(registry, spec.repository, descriptorOf(index), SBOM_TYPE, sbom);
  return reference;
}
