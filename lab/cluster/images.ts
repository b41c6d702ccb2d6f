import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildNodeBase, currentPlatform, NONROOT } from "../../images/node-base.ts";
import { buildRootfsImage, pushImage } from "../../images/oci/image.ts";
import { Registry } from "../../images/oci/registry.ts";
import { versions } from "./binaries.ts";
import type { LabLayout } from "./layout.ts";

export interface LabImages {
  readonly pause: string;
  readonly coredns: string;
  readonly nodeBase: string;
}

/** An image of one static program. */
function programImage(bin: string, program: string, user: string): ReturnType<typeof buildRootfsImage> {
  const path = `/${program}`;
  return buildRootfsImage({
    platform: currentPlatform(),
    content: { files: [{ path, content: readFileSync(join(bin, program)), mode: 0o755 }] },
    config: { Entrypoint: [path], User: user, Labels: { "dev.carrel.lab": "stand-in built from released source" } },
  });
}

/** Builds the images a lab starts with and pushes what its registry does not have. */
export async function pushLabImages(layout: LabLayout, bin: string): Promise<LabImages> {
  const registry = new Registry({ host: layout.registry, plainHttp: true });
  const user = `${NONROOT}:${NONROOT}`;
  return {
    pause: await pushImage(registry, "lab/pause", await programImage(bin, "pause", user), "1"),
    coredns: await pushImage(registry, "lab/coredns", await programImage(bin, "coredns", user), versions.coredns),
    nodeBase: await pushImage(registry, "lab/node-base", await buildNodeBase(), process.versions.node),
  };
}
