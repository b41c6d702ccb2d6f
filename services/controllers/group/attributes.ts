import type { Group as GroupObject } from "../../../crds/index.ts";
import { primehubQuota, primehubResources, primehubSize } from "../../../quota/primehub.ts";
import { parseAmount, parseDeclared } from "../../../quota/resources.ts";
import type { Attributes } from "../../lib/keycloak/types.ts";

/** Attributes that mirror the Group's spec; every other attribute of a group belongs to others. */
export const mirroredAttributes: readonly string[] = [
  "displayName",
  ...["", "project-"].flatMap((prefix) => primehubResources.map((name) => `${prefix}quota-${name}`)),
  "enabled-shared-volume",
  "shared-volume-capacity",
];

function volumeAttributes(volume: GroupObject["spec"]["volume"]): Record<string, readonly string[]> {
  const size = volume?.size;
  if (size === undefined || size === null) return {};
  const bytes = parseAmount("memory", size, "spec.volume.size");
  return { "enabled-shared-volume": ["true"], "shared-volume-capacity": [primehubSize(bytes)] };
}

/** What of a Group's spec stands in Keycloak, as PrimeHub wrote it; nothing for what is unlimited. @throws QuantityError */
export function attributesOf({ spec }: Pick<GroupObject, "spec">): Attributes {
  const { displayName, quota, memberQuota, volume } = spec;
  return {
    ...(displayName === undefined || displayName === "" ? {} : { displayName: [displayName] }),
    ...primehubQuota(parseDeclared(memberQuota, "spec.memberQuota")),
    ...primehubQuota(parseDeclared(quota, "spec.quota"), "project-"),
    ...volumeAttributes(volume),
  };
}

/** The attributes of a group with its mirror as it has to be; what others keep there stays. */
export function withMirror(live: Attributes = {}, mirror: Attributes): Attributes {
  const others = Object.entries(live).filter(([name]) => !mirroredAttributes.includes(name));
  return { ...Object.fromEntries(others), ...mirror };
}
