import { isObject, type JsonObject } from "./types.ts";

/** Lists of a pod template whose elements are merged, by the field that tells them apart; any other is replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  containers: "name",
  initContainers: "name",
  ephemeralContainers: "name",
  volumes: "name",
  env: "name",
  volumeMounts: "mountPath",
  volumeDevices: "devicePath",
  ports: "containerPort",
  imagePullSecrets: "name",
  hostAliases: "ip",
  topologySpreadConstraints: "topologyKey",
  resourceClaims: "name",
  schedulingGates: "name",
};

/** Lists whose elements hold one source beside their key, so that a new source takes the old one's place. */
const exclusive: ReadonlySet<string> = new Set(["volumes", "env"]);

const DIRECTIVE = "$patch";

function withoutDirective({ [DIRECTIVE]: _, ...rest }: JsonObject): JsonObject {
  return rest;
}

function mergeElement(list: string, current: JsonObject, patch: JsonObject, key: string): JsonObject {
  const states = (field: string): boolean => field !== key && patch[field] !== undefined && patch[field] !== null;
  const isNewSource = exclusive.has(list) && Object.keys(patch).some((field) => states(field) && !(field in current));
  return mergeObjects(isNewSource ? { [key]: current[key] } : current, patch);
}

function mergeKeyedLists(list: string, current: readonly unknown[], patch: readonly unknown[], key: string): unknown[] {
  const replaces = patch.some((item) => isObject(item) && item[DIRECTIVE] === "replace" && item[key] === undefined);
  const merged: unknown[] = replaces ? [] : [...current];
  for (const item of patch) {
    if (!isObject(item) || item[key] === undefined) continue;
    const index = merged.findIndex((other) => isObject(other) && other[key] === item[key]);
    const found = merged[index];
    if (item[DIRECTIVE] === "delete") {
      if (index >= 0) merged.splice(index, 1);
    } else if (isObject(found)) {
      merged[index] = mergeElement(list, found, item, key);
    } else {
      merged.push(mergeObjects({}, item));
    }
  }
  return merged;
}

function mergeField(field: string, current: unknown, patch: unknown): unknown {
  const key = Object.hasOwn(mergeKeys, field) ? mergeKeys[field] : undefined;
  if (Array.isArray(patch)) {
    if (key === undefined || !patch.every(isObject)) return patch;
    return mergeKeyedLists(field, Array.isArray(current) ? current : [], patch, key);
  }
  return isObject(patch) ? mergeObjects(isObject(current) ? current : {}, patch) : patch;
}

function mergeObjects(current: JsonObject, patch: JsonObject): JsonObject {
  if (patch[DIRECTIVE] === "replace") return withoutDirective(patch);
  if (patch[DIRECTIVE] === "delete") return {};
  const merged = new Map(Object.entries(current));
  for (const [field, value] of Object.entries(patch)) {
    if (value === null) merged.delete(field);
    else if (value !== undefined && field !== DIRECTIVE) {
      merged.set(field, mergeField(field, Object.hasOwn(current, field) ? current[field] : undefined, value));
    }
  }
  return Object.fromEntries(merged);
}

/**
 * A pod template with those of PodDefaults merged over it in their order, by Kubernetes' strategic merge: containers,
 * volumes and variables by name, mounts by path, null removes, a list without a key is replaced. Nothing given is changed.
 */
export function mergePodTemplates(template: JsonObject, podDefaults: readonly JsonObject[]): JsonObject {
  return podDefaults.reduce(mergeObjects, template);
}
