import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { descriptorOf, jsonBlob, mediaTypes, type Platform } from "../../images/oci/content.ts";
import { type BuiltImage, buildRootfsImage, pushImage } from "../../images/oci/image.ts";
import type { ServiceImageSpec } from "../../images/service-image.ts";
import { FakeRegistry } from "./oci/fake-registry.ts";

const root = join(import.meta.dirname, "..", "..");

/** Folders of one test, removed with it. */
export class Folders {
  readonly #made: string[] = [];

  make(files: Readonly<Record<string, string>> = {}): string {
    const folder = mkdtempSync(join(tmpdir(), "carrel-images-"));
    this.#made.push(folder);
    for (const [path, content] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), content);
    }
    return folder;
  }

  /** The services of this project with all they are made of, and nothing else of it. */
  makeProject(): string {
    const folder = this.make();
    for (const part of ["quota", "crds", "services", "package.json"]) {
      cpSync(join(root, part), join(folder, part), { recursive: true });
    }
    return folder;
  }

  copyOf(folder: string): string {
    const copy = this.make();
    cpSync(folder, copy, { recursive: true });
    return copy;
  }

  remove(): void {
    for (const folder of this.#made) rmSync(folder, { recursive: true, force: true });
  }
}

export const BASE = "base/node";
export const REPOSITORY = "carrel/greeter";
export const program = {
  "services/greeter/main.ts": 'import { word } from "../lib/word.ts";\nconsole.log(`${word} ${process.version}`);\n',
  "services/lib/word.ts": "export const word: string = 'hello';\n",
  "package.json": '{"type":"module"}',
};

export function baseOf(platform: Platform): Promise<BuiltImage> {
  return buildRootfsImage({
    platform,
    content: { files: [{ path: "/nodejs/bin/node", content: `node of ${platform.architecture}`, mode: 0o755 }] },
    config: {
      User: "0",
      Env: ["PATH=/nodejs/bin", "NODE_VERSION=24", "NODE_OPTIONS=--inspect"],
      Cmd: ["/nodejs/bin/node"],
    },
  });
}

/** Pushes a base of one platform, and answers its reference. */
export async function pushBase(registry: FakeRegistry): Promise<{ base: string; image: BuiltImage }> {
  const image = await baseOf({ architecture: "amd64", os: "linux" });
  return { base: await pushImage(registry.client(), BASE, image), image };
}

/** Pushes a base of several platforms, with what indexes carry beside them, and answers its reference. */
export async function pushMultiBase(registry: FakeRegistry): Promise<{ base: string; images: readonly BuiltImage[] }> {
  const platforms: Platform[] = [
    { architecture: "amd64", os: "linux" },
    { architecture: "arm64", os: "linux", variant: "v8" },
    { architecture: "s390x", os: "linux" },
    { architecture: "amd64", os: "windows" },
    { architecture: "unknown", os: "unknown" },
  ];
  const images = await Promise.all(platforms.map(baseOf));
  for (const image of images) await pushImage(registry.client(), BASE, image);
  const manifests = images.map(({ manifest }, i) => ({ ...descriptorOf(manifest), platform: platforms[i]! }));
  const index = jsonBlob(mediaTypes.index, { schemaVersion: 2, mediaType: mediaTypes.index, manifests });
  await registry.client().pushManifest(BASE, index);
  return { base: `${registry.host}/${BASE}@${index.digest}`, images };
}

export const specOf = (registry: FakeRegistry, folder: string, base: string): ServiceImageSpec => ({
  name: "greeter",
  entry: "services/greeter/main.ts",
  root: folder,
  base,
  registry: { host: registry.host, plainHttp: true },
  repository: REPOSITORY,
  version: "1.2.3",
  license: "Apache-2.0",
  source: "https://carrel.test/source",
});

/** The requests that change something, without the place of an upload. */
export const writesOf = (registry: FakeRegistry, since = 0): string[] =>
  registry
    .asked()
    .slice(since)
    .filter((request) => !/^(GET|HEAD) /.test(request))
    .map((request) => request.replace(/^PUT .*digest=/, "PUT blob "));

export const parsed = (blob: { readonly bytes: Buffer }): unknown => JSON.parse(blob.bytes.toString("utf8"));

export { FakeRegistry };
