import type { Group } from "../../crds/group.ts";
import { slug } from "../../quota/owner.ts";
import { type Limits, parseDeclared } from "../../quota/resources.ts";
import type { KubeObject } from "../lib/kube/client.ts";

/** What a group allows, parsed once per change of the group. */
export interface GroupPolicy {
  readonly name: string;
  readonly quota: Limits;
  readonly memberQuota: Limits;
  /** By label-safe name. */
  readonly memberQuotas: ReadonlyMap<string, Limits>;
  readonly defaults: Limits;
}

/** A group as the watch keeps it: its policy, or why it cannot be read. */
export interface WatchedGroup extends KubeObject {
  readonly policy: GroupPolicy | undefined;
  readonly problem: string | undefined;
}

/** @throws QuantityError naming the field */
export function groupPolicy({ metadata, spec }: Pick<Group, "metadata" | "spec">): GroupPolicy {
  const members = Object.entries(spec.memberQuotas ?? {});
  return {
    name: metadata.name,
    quota: parseDeclared(spec.quota, "spec.quota"),
    memberQuota: parseDeclared(spec.memberQuota, "spec.memberQuota"),
    // People write names, pods carry them label-safe.
    memberQuotas: new Map(
      members.map(([user, own]) => [slug(user), parseDeclared(own, `spec.memberQuotas["${user}"]`)]),
    ),
    defaults: parseDeclared(spec.defaults, "spec.defaults"),
  };
}

/** Keeps of a group what decisions need. */
export function watchedGroup(object: KubeObject): WatchedGroup {
  const { name, uid, resourceVersion } = object.metadata;
  const metadata = {
    name,
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  try {
    return { metadata, policy: groupPolicy(object as unknown as Group), problem: undefined };
  } catch (error) {
    return { metadata, policy: undefined, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The limits of one member; what an override leaves out is unlimited for that member. */
export const memberLimits = (policy: GroupPolicy, user: string): Limits =>
  policy.memberQuotas.get(user) ?? policy.memberQuota;
