import type { Sources } from "./derive.ts";
import type { KeyPath } from "./schema.ts";
import type { NfsSettings, Settings } from "./settings.ts";
import { settled } from "./settled.ts";

/** Keys that mean nothing without another. */
const needs = [
  ["storage.nfsPath", "storage.nfsServer"],
  ["storage.nfsClients", "storage.nfsSize"],
] as const satisfies readonly (readonly [KeyPath, KeyPath])[];

function reportLonely({ given, problems }: Sources): void {
  for (const [key, needed] of needs) {
    if (given[key] === undefined || given[needed] !== undefined || problems.blames(needed)) continue;
    problems.add(key, `must not be set without carrel:${needed}`, `set carrel:${needed} too, or unset the key`);
  }
}

/** Who may mount what the cluster's own server has: its nodes. */
function clientsOf({ given, lab, problems }: Sources): readonly string[] {
  const clients = given["storage.nfsClients"] ?? lab?.controlPlaneCidrs;
  if (clients === undefined && !problems.blames("storage.nfsClients"))
    problems.add(
      "storage.nfsSize",
      "must not be set without carrel:storage.nfsClients",
      "set carrel:storage.nfsClients to the ranges of the nodes, or name a server by carrel:storage.nfsServer",
    );
  return [...(clients ?? [])];
}

function nfsOf(sources: Sources): NfsSettings | undefined {
  const { given, problems } = sources;
  reportLonely(sources);
  const server = given["storage.nfsServer"];
  const size = given["storage.nfsSize"];
  if (server !== undefined && size !== undefined) {
    const remedy = "unset one: there is a server already, or one is installed";
    problems.add("storage.nfsSize", "must not be set with carrel:storage.nfsServer", remedy);
  }
  const common = { className: `${settled(given, "prefix")}-nfs`, kubeletDir: settled(given, "storage.kubeletDir") };
  if (server !== undefined) return { ...common, server, path: settled(given, "storage.nfsPath") };
  return size === undefined ? undefined : { ...common, size, clients: clientsOf(sources) };
}

/** Where homes, shared volumes and databases are kept. With NFS, its class is that of whatever several people share. */
export function storageOf(sources: Sources): Settings["storage"] {
  const { given, problems } = sources;
  const nfs = nfsOf(sources);
  const databaseClass = given["storage.class"];
  if (nfs !== undefined && databaseClass === nfs.className)
    problems.addValue("storage.class", databaseClass, {
      wrong: "must not be the class of NFS, on which databases are lost",
      generalFix: "name a class of block storage, or unset the key",
    });
  const homeClass = given["storage.homeClass"] ?? nfs?.className ?? databaseClass;
  return {
    databaseClass,
    homeClass,
    sharedClass: given["storage.sharedClass"] ?? nfs?.className ?? homeClass,
    homeSize: settled(given, "storage.homeSize"),
    accessMode: settled(given, "storage.accessMode") as Settings["storage"]["accessMode"],
    ...(nfs === undefined ? {} : { nfs }),
  };
}
