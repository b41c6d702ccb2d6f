import type { Shortage } from "./decide.ts";
import { formatAmount, type ResourceName } from "./resources.ts";

/** Machine-readable kinds of refusals. */
export type DenialReason =
  | "QuotaExceeded"
  | "GroupMissing"
  | "GroupUnknown"
  | "OwnerConflict"
  | "OwnerChanged"
  | "LimitMissing"
  | "QuantityInvalid"
  | "StateUnknown";

export interface DenialCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

/** A refusal: one line for people, and its causes for programs. */
export interface Denial {
  readonly reason: DenialReason;
  readonly message: string;
  readonly causes: readonly DenialCause[];
}

export function denial(reason: DenialReason, message: string, field?: string): Denial {
  return { reason, message, causes: [{ reason, message, ...(field === undefined ? {} : { field }) }] };
}

function shortageText({ resource, quota, used, requested }: Shortage): string {
  const amount = (value: bigint): string => formatAmount(resource, value);
  return `${resource} quota ${amount(quota)}, used ${amount(used)}, requested ${amount(requested)}`;
}

/** @param group the group in which a member's quota stands */
export function quotaExceeded(shortages: readonly Shortage[], group: string): Denial {
  const causes = shortages.map((shortage) => {
    const of = shortage.scope === "member" ? `member "${shortage.name}" of group "${group}"` : `group "${group}"`;
    return {
      reason: `${shortage.scope === "member" ? "Member" : "Group"}QuotaExceeded`,
      message: `${of}: ${shortageText(shortage)}`,
      field: shortage.resource,
    };
  });
  return {
    reason: "QuotaExceeded",
    message: `quota exceeded: ${causes.map(({ message }) => message).join("; ")}`,
    causes,
  };
}

export function limitMissing(
  group: string,
  unstated: readonly { container: string; resource: ResourceName }[],
): Denial {
  const causes = unstated.map(({ container, resource }) => ({
    reason: "LimitMissing",
    message: `container "${container}" states no ${resource} limit, and group "${group}" has no default for it`,
    field: `spec.containers{${container}}.resources.limits.${resource}`,
  }));
  const message = `${causes.map((cause) => cause.message).join("; ")}: set resources.limits`;
  return { reason: "LimitMissing", message, causes };
}
