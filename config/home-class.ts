import { isOfOneNode } from "../services/lib/storage-class.ts";
import type { Settings } from "./settings.ts";

/** A class that the configuration names for what several pods mount, with the key that names it. */
export interface NamedClass {
  readonly key: string;
  readonly name: string;
}

/** The classes of homes and of shared volumes, each once. The cluster's default has no name to read it by, and ours needs no check. */
export function namedClasses({ homeClass, sharedClass, nfs }: Settings["storage"]): NamedClass[] {
  const named = [
    { key: "storage.homeClass", name: homeClass },
    { key: "storage.sharedClass", name: sharedClass },
  ];
  const seen = new Set([undefined, nfs?.className]);
  return named.flatMap(({ key, name }) => {
    if (name === undefined || seen.has(name)) return [];
    seen.add(name);
    return [{ key: `carrel:${key}`, name }];
  });
}

/** What a class means for the volumes on it: `problem` stops the program, `warning` is told. */
export interface ClassVerdict {
  readonly problem?: string;
  readonly warning?: string;
}

/** How the access mode fits the class that the cluster has by this name. A program cannot count nodes: the access mode tells. */
export function verdictOf(
  { key, name }: NamedClass,
  provisioner: string,
  accessMode: Settings["storage"]["accessMode"],
): ClassVerdict {
  if (!isOfOneNode(provisioner)) return {};
  const what = `${key}: StorageClass "${name}" is of ${provisioner}, which keeps a volume on one node`;
  if (accessMode === "ReadWriteOnce")
    return { warning: `${what}: a server starts on the node of its home, and nowhere while that is down or full` };
  const fix =
    "name a class of network storage, set carrel:storage.nfsServer or carrel:storage.nfsSize, or on a cluster of one node set carrel:storage.accessMode to ReadWriteOnce";
  return { problem: `${what}, and carrel:storage.accessMode is ReadWriteMany: ${fix}` };
}
