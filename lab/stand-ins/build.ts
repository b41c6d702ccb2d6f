import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { currentPlatform } from "../../images/node-base.ts";
import type { FileBlob } from "../../images/oci/content.ts";
import { type LayeredImage, layeredImage } from "../../images/oci/image.ts";
import { buildLayer } from "../../images/oci/layer.ts";
import { reasonOf } from "../../services/lib/log.ts";
import { UserError } from "../../services/lib/user-error.ts";
import { withLock } from "../cluster/lock.ts";
import { attempt, run } from "../cluster/run.ts";
import { StepError } from "../progress.ts";
import { standInCache } from "./base-layers.ts";
import { DEBIAN_RELEASE, updateArchive } from "./debian.ts";
import { labelsOf, type StandIn } from "./images.ts";
import { LayerCache, type Recipe } from "./recipe.ts";

type Note = (text: string) => void;

/** As many as there are cores to unpack and compile on; downloads of one wait for nobody. */
const AT_ONCE = 2;
const LOCK_LOOK_MS = 1_000;

/** The clients that the builders run, and the packages that have them. */
const clients: readonly { readonly probe: readonly [string, ...string[]]; readonly debianPackage: string }[] = [
  { probe: ["python3", "-m", "pip", "--version"], debianPackage: "python3-pip" },
  { probe: ["mvn", "--version"], debianPackage: "maven" },
  { probe: ["npm", "--version"], debianPackage: "npm" },
];

/** Why stand-ins cannot be built here, if so. Elsewhere a cluster pulls upstream's images. */
export function obstacle(
  osRelease: string = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "",
  isRoot: boolean = process.getuid?.() === 0,
): string | undefined {
  const release = /^VERSION_CODENAME=(.*)$/m.exec(osRelease)?.[1];
  if (release !== DEBIAN_RELEASE)
    return `they are made of packages of Debian ${DEBIAN_RELEASE}, and this is ${release ?? "no Debian"}`;
  return isRoot ? undefined : "unpacking them needs root";
}

/** Every layer that images need, each after those that it is put onto. */
export function recipesOf(images: readonly StandIn[]): Recipe[] {
  const ordered = new Set<Recipe>();
  const add = (recipe: Recipe): void => {
    recipe.onto.forEach(add);
    ordered.add(recipe);
  };
  for (const { layers } of images) layers.forEach(add);
  return [...ordered];
}

async function ensureClients(note: Note): Promise<void> {
  const missing: string[] = [];
  for (const { probe, debianPackage } of clients) {
    const [program, ...args] = probe;
    if (!(await attempt(program, args))) missing.push(debianPackage);
  }
  if (missing.length === 0) return;
  note(`apt-get install ${missing.join(" ")}`);
  const args = ["install", "-y", "-qq", "--no-install-recommends", ...missing];
  await run("apt-get", args, { env: { DEBIAN_FRONTEND: "noninteractive" }, timeoutMs: 600_000 });
}

async function missingIn(cache: LayerCache, recipes: readonly Recipe[]): Promise<Recipe[]> {
  const found = await Promise.all(recipes.map(async (recipe) => [recipe, await cache.find(recipe)] as const));
  return found.flatMap(([recipe, layer]) => (layer ? [] : [recipe]));
}

/** On a fresh machine APT knows no package yet that it could be asked for. */
function hasAll(cache: LayerCache, recipes: readonly Recipe[]): Promise<boolean> {
  if (cache.isEmpty) return Promise.resolve(false);
  return missingIn(cache, recipes).then(
    (missing) => missing.length === 0,
    () => false,
  );
}

/** Builds layers as soon as those below them are there, a few at once. */
async function buildAll(cache: LayerCache, missing: readonly Recipe[], note: Note): Promise<void> {
  const open = new Set(missing);
  const waiting = [...missing];
  const running = new Set<Promise<void>>();
  const start = (recipe: Recipe): void => {
    waiting.splice(waiting.indexOf(recipe), 1);
    note(`${recipe.name} (${missing.length - open.size + running.size + 1} of ${missing.length})`);
    const work = cache.make(recipe).then(() => {
      open.delete(recipe);
      running.delete(work);
    });
    running.add(work);
  };
  try {
    while (open.size > 0) {
      const ready = waiting.filter(({ onto }) => !onto.some((lower) => open.has(lower)));
      ready.slice(0, AT_ONCE - running.size).forEach(start);
      await Promise.race(running);
    }
  } finally {
    // Whoever holds the lock next sweeps away what is half built.
    await Promise.allSettled(running);
  }
}

/** Waits for another lab's build, as what it makes is wanted here too. */
async function whenFree(note: Note, work: () => Promise<void>): Promise<void> {
  for (let waits = 0; ; waits++) {
    try {
      return await withLock(join(standInCache(), ".lock"), "the build of the lab's stand-in images", work);
    } catch (error) {
      if (!(error instanceof UserError) || error.code !== "locked") throw error;
      if (waits === 0) note(error.message);
      await pause(LOCK_LOOK_MS);
    }
  }
}

/** @throws StepError naming what failed */
async function ensureLayers(cache: LayerCache, recipes: readonly Recipe[], note: Note): Promise<void> {
  if (await hasAll(cache, recipes)) return;
  await whenFree(note, async () => {
    try {
      if (await hasAll(cache, recipes)) return;
      cache.sweep();
      note("package lists and clients");
      await updateArchive();
      await ensureClients(note);
      await buildAll(cache, await missingIn(cache, recipes), note);
    } catch (cause) {
      throw new StepError("building the lab's stand-in images failed", {
        cause,
        remedy:
          "check that the package registries of apt, pip, npm and Maven can be reached; a second `make up` goes on where this one stopped",
      });
    }
  });
}

/** The stand-ins with their layers in files, built where the cache does not have them. */
export async function buildStandIns(
  note: Note,
  images: readonly StandIn[],
): Promise<ReadonlyMap<StandIn, LayeredImage>> {
  const cache = new LayerCache(join(standInCache(), "layers"));
  await ensureLayers(cache, recipesOf(images), note).catch((error: unknown) => {
    throw error instanceof StepError ? error : new StepError(reasonOf(error), { cause: error });
  });
  const built = new Map<StandIn, LayeredImage>();
  for (const image of images) {
    const layers = await Promise.all(image.layers.map((recipe) => cache.find(recipe)));
    const found = layers.filter((layer): layer is FileBlob => layer !== undefined);
    const own = await buildLayer(image.content);
    built.set(image, layeredImage([...found, own], currentPlatform(), { ...image.config, Labels: labelsOf(image) }));
  }
  return built;
}
