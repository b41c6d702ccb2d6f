import { catalogue, versionOf } from "../../images/catalogue.ts";
import { debianBase, standInCache } from "./base-layers.ts";
import { resolvePackages, unpackPackages } from "./debian.ts";
import type { StandIn } from "./images.ts";
import type { Recipe } from "./recipe.ts";

/** The server, and clients that speak NFS by themselves: the lab's kernel mounts none. */
const packages: readonly string[] = ["libnfs-utils", "nfs-ganesha", "nfs-ganesha-vfs"];

async function ownPackages(): Promise<readonly string[]> {
  const [all, below] = await Promise.all([
    resolvePackages([...debianBase.packages, ...packages], standInCache()),
    resolvePackages(debianBase.packages, standInCache()),
  ]);
  const lower = new Set(below);
  return all.filter((each) => !lower.has(each));
}

const ganesha: Recipe = {
  name: "nfs-ganesha",
  onto: [debianBase],
  inputs: ownPackages,
  sources: [import.meta.filename],
  build: async (root) => unpackPackages(await ownPackages(), root),
};

/**
 * The NFS server in the lab. Not among the images that every lab builds: pods cannot mount what it serves there.
 * Upstream's image runs it as root too, as a file server acts for every user.
 */
export const nfsStandIn: StandIn = {
  name: "nfsGanesha",
  layers: [debianBase, ganesha],
  content: {
    files: [
      { path: "/etc/passwd", content: "root:x:0:0:root:/root:/bin/bash\n" },
      { path: "/etc/group", content: "root:x:0:\n" },
      { path: "/etc/nsswitch.conf", content: "passwd: files\ngroup: files\nhosts: files dns\n" },
    ],
    folders: [{ path: "/tmp", mode: 0o1777 }],
    // Ganesha finds file systems by it. In Fedora's image, which upstream's is made of, a package has it.
    links: [{ path: "/etc/mtab", target: "../proc/self/mounts" }],
  },
  config: {
    User: "0:0",
    Env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"],
    Entrypoint: ["ganesha.nfsd"],
    WorkingDir: "/",
  },
  description: `Debian's NFS-Ganesha 4.3 and libnfs, without the provisioner of ${catalogue.nfsGanesha.reference}, whose Ganesha is ${versionOf("nfsGanesha")}`,
};
