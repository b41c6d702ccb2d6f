import { execFile } from "node:child_process";
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { promisify } from "node:util";
import type { Platform } from "./oci/content.ts";
import { type BuiltImage, buildRootfsImage } from "./oci/image.ts";
import type { LayerFile } from "./oci/layer.ts";

/** The numeric user of every image of ours; Pod Security `restricted` cannot check a name. */
export const NONROOT = 65532;

/** Where Node stands in the lab's base and in the distroless one of production. */
export const NODE_PATH = "/nodejs/bin/node";

const CA_BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** The files that `ldd` names for a program, the loader included. */
export function librariesOf(ldd: string): string[] {
  const paths = ldd.split("\n").flatMap((line) => /(?:=>\s+)?(\/\S+)\s+\(0x/.exec(line)?.[1] ?? []);
  return [...new Set(paths)];
}

export function currentPlatform(): Platform {
  return { architecture: process.arch === "x64" ? "amd64" : process.arch, os: "linux" };
}

/**
 * The lab's base image: the pinned Node binary and the libraries it needs, nothing else. Production takes a distroless base by digest;
 * this one stands in for it where no registry but package registries can be reached.
 */
export async function buildNodeBase(nodeBinary: string = process.execPath): Promise<BuiltImage> {
  const { stdout } = await promisify(execFile)("ldd", [nodeBinary]);
  const libraries = librariesOf(stdout).map(
    (path): LayerFile => ({ path, content: readFileSync(realpathSync(path)), mode: 0o755 }),
  );
  const identity = [
    {
      path: "/etc/passwd",
      content: `root:x:0:0:root:/root:/none\nnonroot:x:${NONROOT}:${NONROOT}:nonroot:/home/nonroot:/none\n`,
    },
    { path: "/etc/group", content: `root:x:0:\nnonroot:x:${NONROOT}:\n` },
    { path: "/etc/nsswitch.conf", content: "hosts: files dns\n" },
  ];
  const certificates = existsSync(CA_BUNDLE) ? [{ path: CA_BUNDLE, content: readFileSync(CA_BUNDLE) }] : [];
  return buildRootfsImage({
    platform: currentPlatform(),
    content: {
      files: [
        ...libraries,
        ...identity,
        ...certificates,
        { path: NODE_PATH, content: readFileSync(nodeBinary), mode: 0o755 },
      ],
      folders: [
        { path: "/tmp", mode: 0o1777 },
        { path: "/home/nonroot", mode: 0o755 },
      ],
    },
    config: {
      User: `${NONROOT}:${NONROOT}`,
      Env: ["PATH=/nodejs/bin:/usr/bin:/bin"],
      Entrypoint: [NODE_PATH],
      WorkingDir: "/home/nonroot",
    },
  });
}
