import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { type ImageName, versionOf } from "../../images/catalogue.ts";
import type { Digest } from "../../images/oci/content.ts";
import { type LayeredImage, pushImage } from "../../images/oci/image.ts";
import { Registry, type RegistryAccess } from "../../images/oci/registry.ts";
import { endpointsFile, readLab } from "../endpoints.ts";
import type { Progress } from "../progress.ts";
import { buildStandIns, obstacle } from "./build.ts";
import { type StandIn, standIns } from "./images.ts";
import { binariesOf, kubernetesStandIns } from "./kubernetes-images.ts";

export type StandInReferences = Readonly<Partial<Record<ImageName, string>>>;

// A repository has no capitals.
const repositoryOf = (name: ImageName): string => `stand-ins/${name.toLowerCase()}`;

/** Pushes what the registry does not have; layers that images share are sent once and mounted. */
export async function pushStandIns(
  images: ReadonlyMap<StandIn, LayeredImage>,
  access: RegistryAccess,
  note: (text: string) => void,
): Promise<StandInReferences> {
  const registry = new Registry(access);
  const homes = new Map<Digest, string>();
  const references: Partial<Record<ImageName, string>> = {};
  for (const [{ name }, image] of images) {
    const repository = repositoryOf(name);
    if (!(await registry.hasManifest(repository, image.manifest.digest))) {
      note(repository);
      await pushImage(registry, repository, image, versionOf(name), homes);
    }
    for (const { digest } of image.layers) if (!homes.has(digest)) homes.set(digest, repository);
    references[name] = `${registry.host}/${repository}@${image.manifest.digest}`;
  }
  return references;
}

/** Writes the references where the program reads what its lab has. */
function publish(labName: string, references: StandInReferences): void {
  const file = endpointsFile(labName);
  const endpoints = { ...(JSON.parse(readFileSync(file, "utf8")) as object), standIns: references };
  writeFileSync(`${file}.new`, `${JSON.stringify(endpoints, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}

/** What a lab's images stand in for, by name. */
export function readStandIns(labName: string): StandInReferences {
  return readLab(labName).standIns ?? {};
}

/** Gives a running lab the stand-ins; where none can be built, its cluster pulls upstream's images. */
export async function provideStandIns(labName: string, progress: Progress): Promise<void> {
  const { registry } = readLab(labName);
  const reason = obstacle();
  if (reason !== undefined) {
    progress.say(`images are pulled from upstream, without stand-ins: ${reason}`);
    return;
  }
  const binaries = binariesOf(labName);
  const wanted = [...standIns, ...(binaries === undefined ? [] : kubernetesStandIns(binaries))];
  const images = await progress.step("stand-in images", (note) => buildStandIns(note, wanted));
  await progress.step("stand-in images in the registry", async (note) => {
    publish(labName, await pushStandIns(images, registry, note));
  });
}
