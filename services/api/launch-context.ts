import type { Accelerators } from "../../quota/accelerators.ts";
import { type GroupVolume, groupVolume } from "../lib/claims.ts";
import { type AmountsView, amountsView, remainingOf } from "./amounts.ts";
import { together } from "./bound.ts";
import type { DirectoryGroup, Person } from "./directory.ts";
import { type Fit, fitOf, scopesOf, type Usage } from "./fit.ts";
import type { Culling, GroupPolicy } from "./group-policy.ts";
import { type Catalogue, type ImageOffer, type InstanceTypeOffer, offersOf, type VolumeOffer } from "./offers.ts";

/** When a group's notebooks are stopped: the first policy that applies, with both times. */
export interface CullingView extends Culling {
  readonly policy: "off" | "idle" | "maxAge";
}

export interface LaunchGroup {
  readonly name: string;
  readonly slug: string;
  readonly displayName: string;
  readonly quota: AmountsView;
  readonly memberQuota: AmountsView;
  readonly usage: AmountsView;
  readonly memberUsage: AmountsView;
  readonly remaining: AmountsView;
  readonly instanceTypes: readonly (InstanceTypeOffer & Fit)[];
  readonly images: readonly ImageOffer[];
  readonly volumes: readonly VolumeOffer[];
  readonly sharedVolume: GroupVolume | null;
  readonly culling: CullingView;
  readonly problem: string | null;
}

export interface LaunchContext {
  readonly user: Pick<Person, "name" | "displayName" | "email" | "isAdmin">;
  readonly groups: readonly LaunchGroup[];
}

/** What a launch context is computed from, at one moment. */
export interface Facts {
  /** By exact name; nothing for a group that Kubernetes does not have. */
  readonly policy: (group: string) => GroupPolicy | undefined;
  readonly catalogue: Catalogue;
  readonly usage: Usage;
  readonly accelerators: Accelerators;
  /** The platform's, where a group says nothing. */
  readonly culling: Culling;
}

export function cullingOf({ culling }: Pick<GroupPolicy, "culling">, platform: Culling): CullingView {
  const { idleSeconds = platform.idleSeconds, maxAgeSeconds = platform.maxAgeSeconds } = culling;
  const byAge = maxAgeSeconds === null ? "off" : "maxAge";
  return { policy: idleSeconds === null ? byAge : "idle", idleSeconds, maxAgeSeconds };
}

function launchGroup(person: Person, group: DirectoryGroup, policy: GroupPolicy, facts: Facts): LaunchGroup {
  const { catalogue, usage, accelerators, culling } = facts;
  const scopes = scopesOf(policy, person.name, usage);
  const [member, whole] = scopes;
  const { instanceTypes, images, volumes } = offersOf(together([group.bound, person.common]), catalogue, accelerators);
  return {
    name: policy.name,
    slug: policy.slug,
    displayName: policy.displayName,
    quota: amountsView(whole.quota),
    memberQuota: amountsView(member.quota),
    usage: amountsView(whole.used),
    memberUsage: amountsView(member.used),
    remaining: amountsView(remainingOf(scopes)),
    instanceTypes: instanceTypes.flatMap((offer) => {
      const type = catalogue.instanceType(offer.name);
      return type === undefined ? [] : [{ ...offer, ...fitOf(type, policy, scopes, accelerators) }];
    }),
    images,
    volumes,
    sharedVolume: policy.hasVolume ? groupVolume(policy.slug) : null,
    culling: cullingOf(policy, culling),
    problem: policy.problem ?? null,
  };
}

/**
 * What a person may start in each of their groups, or in one of them, and what is left there. A group that Keycloak has and
 * Kubernetes has not is none.
 */
export function launchContext(person: Person, facts: Facts, only?: string): LaunchContext {
  const { name, displayName, email, isAdmin } = person;
  const groups = person.groups
    .filter((group) => only === undefined || group.name === only)
    .flatMap((group) => {
      const policy = facts.policy(group.name);
      return policy === undefined ? [] : [launchGroup(person, group, policy, facts)];
    });
  return { user: { name, displayName, email, isAdmin }, groups };
}
