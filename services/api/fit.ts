import type { InstanceType } from "../../crds/instance-type.ts";
import type { Accelerators } from "../../quota/accelerators.ts";
import { type Scope, shortages } from "../../quota/decide.ts";
import { limitMissing, quotaExceeded } from "../../quota/denial.ts";
import { slug } from "../../quota/owner.ts";
import { podRequest } from "../../quota/pod-request.ts";
import { type Amounts, resourceNames } from "../../quota/resources.ts";
import { reasonOf } from "../lib/log.ts";
import { type GroupPolicy, memberLimits } from "./group-policy.ts";

/** Whether something may be started, and in words why not. */
export interface Fit {
  readonly fits: boolean;
  readonly reason: string | null;
}

/** What live pods take, by label-safe names. */
export interface Usage {
  total(group: string): Amounts;
  ofMember(group: string, user: string): Amounts;
}

/** The limits that hold for a member of a group, the member's first, as admission checks them. */
export function scopesOf(policy: GroupPolicy, user: string, usage: Usage): readonly [member: Scope, group: Scope] {
  const member = slug(user);
  return [
    {
      kind: "member",
      name: member,
      quota: memberLimits(policy, member),
      used: usage.ofMember(policy.slug, member),
    },
    { kind: "group", name: policy.slug, quota: policy.quota, used: usage.total(policy.slug) },
  ];
}

/** The limits of a container of this type, as Kubernetes takes them. */
export function limitsOf({ spec }: Pick<InstanceType, "spec">): Readonly<Record<string, string>> {
  const extended = Object.entries(spec.resources ?? {}).map(([name, quantity]) => [name, String(quantity)] as const);
  return { cpu: String(spec.cpu), memory: String(spec.memory), ...Object.fromEntries(extended) };
}

const refused = (reason: string): Fit => ({ fits: false, reason });

/** Whether admission would let in a notebook of this type at this moment; in its words why not. */
export function fitOf(
  type: Pick<InstanceType, "spec">,
  policy: GroupPolicy,
  scopes: readonly Scope[],
  accelerators: Accelerators,
): Fit {
  if (policy.problem !== undefined) return refused(`group "${policy.slug}" cannot be read: ${policy.problem}`);
  const mustState = resourceNames.filter(
    (name) => name === "ephemeral-storage" && scopes.some(({ quota }) => quota[name] !== null),
  );
  const containers = [{ name: "notebook", resources: { limits: limitsOf(type) } }];
  try {
    const request = podRequest({ containers }, { defaults: policy.defaults, accelerators, mustState });
    if (!("amounts" in request)) return refused(limitMissing(policy.slug, request.unstated).message);
    const short = shortages(scopes, request.amounts);
    return short.length === 0 ? { fits: true, reason: null } : refused(quotaExceeded(short, policy.slug).message);
  } catch (error) {
    return refused(`the instance type cannot be read: ${reasonOf(error)}`);
  }
}
