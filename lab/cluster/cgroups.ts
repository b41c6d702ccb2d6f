import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const ROOT = "/sys/fs/cgroup";
const isUnified = (): boolean => existsSync(join(ROOT, "cgroup.controllers"));

/** The root of every mounted hierarchy: one on cgroup v2, one per controller on v1. */
function hierarchies(): string[] {
  if (isUnified() || !existsSync(ROOT)) return [ROOT];
  const folders = readdirSync(ROOT, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => join(ROOT, name)).filter((folder) => existsSync(join(folder, "cgroup.procs")));
}

/** Makes the cgroup below which the kubelet puts all pods of a lab. */
export function createCgroups(name: string): void {
  for (const root of hierarchies()) {
    const folder = join(root, name);
    mkdirSync(folder, { recursive: true });
    if (isUnified()) {
      const controllers = readFileSync(join(root, "cgroup.controllers"), "utf8").trim().split(" ");
      writeFileSync(join(root, "cgroup.subtree_control"), controllers.map((controller) => `+${controller}`).join(" "));
    }
    // On v1 a new cpuset is empty and takes no process until it is given processors and memory.
    for (const file of ["cpuset.cpus", "cpuset.mems"]) {
      if (existsSync(join(folder, file)) && !isUnified())
        writeFileSync(join(folder, file), readFileSync(join(root, file)));
    }
  }
}

function removeTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) removeTree(join(folder, entry.name));
  }
  rmdirSync(folder);
}

export function cgroupFolders(name: string): string[] {
  return hierarchies()
    .map((root) => join(root, name))
    .filter((folder) => existsSync(folder));
}

/** @throws an error of the file system while a process is still in one of them */
export function removeCgroups(name: string): void {
  for (const folder of cgroupFolders(name)) removeTree(folder);
}
