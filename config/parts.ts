import type { Sources } from "./derive.ts";
import type { PartName } from "./part-checks.ts";
import type { Settings } from "./settings.ts";
import { settled } from "./settled.ts";
import { storageOf } from "./storage.ts";

const needs: readonly (readonly [PartName, PartName])[] = [
  ["api", "identity"],
  ["hub", "api"],
  ["ssh", "hub"],
];

function partsOf({ given, problems }: Sources): Settings["parts"] {
  const wanted: readonly string[] = settled(given, "platform.parts");
  const isIn = (part: PartName): boolean => wanted.includes(part);
  for (const [part, needed] of needs) {
    if (!isIn(part) || isIn(needed)) continue;
    problems.addValue(`platform.parts[${wanted.indexOf(part)}]`, part, {
      wrong: `must not be there without ${needed}`,
      generalFix: `add ${needed}, or leave ${part} out`,
    });
  }
  return {
    identity: isIn("identity"),
    api: isIn("api"),
    hub: isIn("hub"),
    ssh: isIn("ssh"),
    exposure: isIn("exposure"),
  };
}

/** The site's own database is told whole or not at all. */
function databaseOf(sources: Sources): Settings["identity"]["database"] {
  const { given, problems } = sources;
  const pair = ["identity.databaseHost", "identity.databasePassword"] as const;
  const [lonely, ...rest] = pair.filter((key) => given[key] !== undefined);
  const missing = pair.find((key) => key !== lonely);
  if (lonely !== undefined && rest.length === 0 && missing !== undefined && !problems.blames(missing))
    problems.add(lonely, `must not be set without carrel:${missing}`, "set both or none");
  const host = given["identity.databaseHost"];
  const password = given["identity.databasePassword"];
  if (host === undefined || password === undefined) return { size: settled(given, "identity.databaseSize") };
  return {
    host,
    port: settled(given, "identity.databasePort"),
    name: settled(given, "identity.databaseName"),
    user: settled(given, "identity.databaseUser"),
    password,
  };
}

function placementOf({ given }: Sources): Settings["placement"] {
  return {
    userScheduler: settled(given, "placement.userScheduler"),
    placeholders: {
      count: settled(given, "placement.placeholders"),
      cpu: settled(given, "placement.placeholderCpu"),
      memory: settled(given, "placement.placeholderMemory"),
    },
    pullImages: settled(given, "placement.pullImages"),
  };
}

/** What people use of the platform: which parts there are, and how each is set up. */
export function parts(
  sources: Sources,
): Pick<Settings, "parts" | "hasStarter" | "standIns" | "identity" | "hub" | "culling" | "storage" | "placement"> {
  const { given, lab } = sources;
  const standIns = { ...lab?.standIns };
  const image = given["identity.optimizedImage"];
  return {
    parts: partsOf(sources),
    hasStarter: settled(given, "platform.starter"),
    standIns,
    identity: {
      replicas: settled(given, "identity.replicas"),
      image,
      // The lab's is built for what the platform asks of it.
      isOptimized: image !== undefined || standIns["keycloak"] !== undefined,
      database: databaseOf(sources),
    },
    hub: {
      contact: settled(given, "hub.contact"),
      namedServers: settled(given, "hub.namedServers"),
      concurrentStarts: settled(given, "hub.concurrentStarts"),
      startSeconds: settled(given, "hub.startSeconds"),
    },
    culling: {
      idleSeconds: given["culling.idleSeconds"] ?? null,
      maxAgeSeconds: given["culling.maxAgeSeconds"] ?? null,
    },
    storage: storageOf(sources),
    placement: placementOf(sources),
  };
}
