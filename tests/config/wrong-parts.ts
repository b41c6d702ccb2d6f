import type { Sections } from "./configurations.ts";

const someParts = "choose among identity, api, hub, ssh, exposure";

/** As `wrongConfigurations`, for the parts that people use. */
export const wrongParts: readonly (readonly [string, Sections, string])[] = [
  [
    "a part that there is not",
    { platform: { parts: ["identity", "grafana"] } },
    `carrel:platform.parts[1]: must be one of identity, api, hub, ssh, exposure, got "grafana"; ${someParts}`,
  ],
  [
    "a hub without the API",
    { platform: { parts: ["identity", "hub"] } },
    'carrel:platform.parts[1]: must not be there without api, got "hub"; add api, or leave hub out',
  ],
  [
    "three replicas of Keycloak",
    { identity: { replicas: 3 } },
    "carrel:identity.replicas: must be a whole number from 1 to 2, got 3; 1 restarts in a minute; 2 keep logins going meanwhile",
  ],
  [
    "a database without its password",
    { identity: { databaseHost: "postgres.example.org" } },
    "carrel:identity.databaseHost: must not be set without carrel:identity.databasePassword; set both or none",
  ],
  [
    "a password without its database",
    { identity: { databasePassword: "hush" } },
    "carrel:identity.databasePassword: must not be set without carrel:identity.databaseHost; set both or none",
  ],
  [
    "a size in bytes",
    { identity: { databaseSize: "5000000000" } },
    'carrel:identity.databaseSize: must be a whole number of Mi, Gi or Ti, got "5000000000"; write a size as in 10Gi',
  ],
  [
    "21 named servers",
    { hub: { namedServers: 21 } },
    "carrel:hub.namedServers: must be a whole number from 0 to 20, got 21; 0 leaves one server for each user",
  ],
  [
    "no servers that start",
    { hub: { concurrentStarts: 0 } },
    "carrel:hub.concurrentStarts: must be a whole number from 1 to 500, got 0; write a number from 1 to 500",
  ],
  [
    "nobody to ask",
    { hub: { contact: " " } },
    'carrel:hub.contact: must not be empty, got " "; name somebody, as in the help desk (help@example.org)',
  ],
  [
    "idle after a second",
    { culling: { idleSeconds: 1 } },
    "carrel:culling.idleSeconds: must be a whole number from 60 to 31536000, got 1; write seconds, as in 3600 for an hour",
  ],
  [
    "a home of half a gibibyte",
    { storage: { homeSize: "0.5Gi" } },
    'carrel:storage.homeSize: must be a whole number of Mi, Gi or Ti, got "0.5Gi"; write a size as in 10Gi',
  ],
  [
    "an access mode of another kind",
    { storage: { accessMode: "readwritemany" } },
    'carrel:storage.accessMode: must be one of ReadWriteMany, ReadWriteOnce, got "readwritemany"; write "ReadWriteMany"',
  ],
  [
    "a class with a capital",
    { storage: { homeClass: "NFS" } },
    'carrel:storage.homeClass: must be a name of lower-case letters, digits, dashes and dots, got "NFS"; name a StorageClass that `kubectl get storageclasses` shows',
  ],
  [
    "501 placeholders",
    { placement: { placeholders: 501 } },
    "carrel:placement.placeholders: must be a whole number from 0 to 500, got 501; 0 keeps no room",
  ],
  [
    "half a CPU as a fraction",
    { placement: { placeholderCpu: "0.5" } },
    'carrel:placement.placeholderCpu: must be a whole number of CPUs, or of thousandths with an m, got "0.5"; write CPUs as in 2, or thousandths as in 500m',
  ],
  [
    "memory in gigabytes",
    { placement: { placeholderMemory: "2G" } },
    'carrel:placement.placeholderMemory: must be a whole number of Mi, Gi or Ti, got "2G"; write a size as in 4Gi',
  ],
  [
    "a scheduler that is perhaps there",
    { placement: { userScheduler: "perhaps" } },
    'carrel:placement.userScheduler: must be true or false, got "perhaps"; write true where nodes come and go, else false',
  ],
];
