import type { Group } from "../../crds/group.ts";
import { GROUP_NAME_ANNOTATION, slug } from "../../quota/owner.ts";
import { type Limits, parseDeclared, unlimited } from "../../quota/resources.ts";
import type { KubeObject } from "../lib/kube/types.ts";
import { reasonOf } from "../lib/log.ts";

/** When notebooks are stopped; null is never. */
export interface Culling {
  readonly idleSeconds: number | null;
  readonly maxAgeSeconds: number | null;
}

/** A group as the watch keeps it, parsed once per change. */
export interface GroupPolicy extends KubeObject {
  /** The exact name, which the identity provider knows it by. */
  readonly name: string;
  readonly slug: string;
  readonly displayName: string;
  readonly quota: Limits;
  readonly memberQuota: Limits;
  /** By label-safe user name. */
  readonly memberQuotas: ReadonlyMap<string, Limits>;
  readonly defaults: Limits;
  readonly hasVolume: boolean;
  /** What the group says itself; the rest is as the platform is set. */
  readonly culling: Partial<Culling>;
  /** Why its quota cannot be read: nothing starts in it then. */
  readonly problem: string | undefined;
}

type Quotas = Pick<GroupPolicy, "quota" | "memberQuota" | "memberQuotas" | "defaults">;

function quotasOf(spec: Group["spec"]): Quotas {
  const members = Object.entries(spec.memberQuotas ?? {});
  return {
    quota: parseDeclared(spec.quota, "spec.quota"),
    memberQuota: parseDeclared(spec.memberQuota, "spec.memberQuota"),
    // People write names, pods carry them label-safe.
    memberQuotas: new Map(
      members.map(([user, own]) => [slug(user), parseDeclared(own, `spec.memberQuotas["${user}"]`)]),
    ),
    defaults: parseDeclared(spec.defaults, "spec.defaults"),
  };
}

const unread: Quotas = { quota: unlimited, memberQuota: unlimited, memberQuotas: new Map(), defaults: unlimited };

export function groupPolicy(object: KubeObject): GroupPolicy {
  const { metadata, spec } = object as unknown as KubeObject & Pick<Group, "spec">;
  const name = metadata.annotations?.[GROUP_NAME_ANNOTATION] ?? metadata.name;
  const shown = {
    metadata,
    name,
    slug: metadata.name,
    displayName: spec.displayName || name,
    hasVolume: spec.volume?.size !== undefined && spec.volume.size !== null,
    culling: spec.culling ?? {},
  };
  try {
    return { ...shown, ...quotasOf(spec), problem: undefined };
  } catch (error) {
    return { ...shown, ...unread, problem: reasonOf(error) };
  }
}

/** The limits of one member; what an override leaves out is unlimited for that member. */
export const memberLimits = ({ memberQuotas, memberQuota }: GroupPolicy, user: string): Limits =>
  memberQuotas.get(user) ?? memberQuota;
