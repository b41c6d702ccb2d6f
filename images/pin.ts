import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { reasonOf } from "../services/lib/log.ts";
import { catalogue, type ImageLock, type ImageName, imageLock, imageNames, type LockedImage } from "./catalogue.ts";
import type { Digest } from "./oci/content.ts";
import { type ImageReference, parseReference } from "./oci/reference.ts";
import { Registry } from "./oci/registry.ts";

/** Asks for the digest that a tag has now. */
export type Resolve = (reference: ImageReference) => Promise<Digest>;

const DOCKER_HUB = "docker.io";
/** Docker Hub answers the registry protocol under another name than images carry. */
const DOCKER_HUB_SERVER = "registry-1.docker.io";

export const fromRegistry: Resolve = async ({ registry, repository, tag = "latest" }) => {
  const host = registry === DOCKER_HUB ? DOCKER_HUB_SERVER : registry;
  return (await new Registry({ host }).manifest(repository, tag)).digest;
};

async function pin(name: ImageName, lock: ImageLock, resolve: Resolve, date: string): Promise<LockedImage> {
  const { reference } = catalogue[name];
  const parsed = parseReference(reference);
  const known = lock[name];
  try {
    return { reference, digest: await resolve(parsed), source: `${parsed.registry} on ${date}` };
  } catch (error) {
    // What is known of this version stays true when nobody can be asked.
    if (known?.reference === reference && known.digest !== null) return known;
    return { reference, digest: null, source: `not resolved: ${reasonOf(error)}` };
  }
}

/**
 * The lock of the whole catalogue, with the digests that registries answer.
 * @param date of the answers, as `2026-11-21`
 */
export async function pinImages(lock: ImageLock, resolve: Resolve, date: string): Promise<ImageLock> {
  const pinned = imageNames.map(async (name) => [name, await pin(name, lock, resolve, date)] as const);
  return Object.fromEntries(await Promise.all(pinned)) as ImageLock;
}

if (import.meta.main) {
  const pinned = await pinImages(imageLock, fromRegistry, new Date().toISOString().slice(0, 10));
  writeFileSync(join(import.meta.dirname, "images.lock.json"), `${JSON.stringify(pinned, null, 2)}\n`);
  for (const name of imageNames) {
    process.stdout.write(`${catalogue[name].reference}  ${pinned[name]?.digest ?? pinned[name]?.source}\n`);
  }
}
