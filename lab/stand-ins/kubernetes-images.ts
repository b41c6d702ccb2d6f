import { copyFileSync, existsSync, mkdirSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type ImageName, versionOf } from "../../images/catalogue.ts";
import { NONROOT } from "../../images/node-base.ts";
import { labStateDir } from "../endpoints.ts";
import type { StandIn } from "./images.ts";

interface Program {
  readonly name: ImageName;
  /** Its file among the lab's binaries. */
  readonly file: string;
  /** Where upstream's image has it, as commands name it. */
  readonly path: string;
  readonly description: string;
}

const programs: readonly Program[] = [
  {
    name: "scheduler",
    file: "kube-scheduler",
    path: "/usr/local/bin/kube-scheduler",
    description: `kube-scheduler ${versionOf("scheduler")} built from Kubernetes' released Go modules`,
  },
  {
    name: "pause",
    file: "pause",
    path: "/pause",
    description: "a program that waits for its end, and is not upstream's",
  },
];

/** The folder of the binaries that a built lab runs; the other variants have none. */
export function binariesOf(labName: string): string | undefined {
  const kubectl = join(labStateDir(labName), "kubectl");
  return existsSync(kubectl) ? dirname(realpathSync(kubectl)) : undefined;
}

/** Stand-ins of the static programs that a built lab has anyway. */
export function kubernetesStandIns(folder: string): StandIn[] {
  return programs.map(({ name, file, path, description }) => ({
    name,
    layers: [
      {
        name: file,
        onto: [],
        // The folder's name is the key of what the binaries were built from.
        inputs: async () => [basename(folder)],
        sources: [import.meta.filename],
        build: async (root) => {
          mkdirSync(join(root, dirname(path)), { recursive: true });
          copyFileSync(join(folder, file), join(root, path));
        },
      },
    ],
    content: { files: [] },
    config: { User: `${NONROOT}:${NONROOT}`, Entrypoint: [path] },
    description,
  }));
}
