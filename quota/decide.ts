import { type Amounts, type Limits, type ResourceName, resourceNames } from "./resources.ts";

/** One limit that applies to a request: of the member, or of the group. */
export interface Scope {
  readonly kind: "member" | "group";
  /** Name of the group, or of the member. */
  readonly name: string;
  readonly quota: Limits;
  readonly used: Amounts;
}

/** A limit that the request would break. */
export interface Shortage {
  readonly scope: Scope["kind"];
  readonly name: string;
  readonly resource: ResourceName;
  readonly quota: bigint;
  readonly used: bigint;
  readonly requested: bigint;
}

/**
 * Every limit that the request would break, scope by scope; empty when it fits. Equality fits, a limit of 0 refuses
 * any use, and no limit is no limit. What is not asked for is not refused, also where a quota was lowered below the use.
 */
export function shortages(scopes: readonly Scope[], request: Amounts): readonly Shortage[] {
  return scopes.flatMap(({ kind, name, quota, used }) =>
    resourceNames.flatMap((resource): Shortage[] => {
      const limit = quota[resource];
      const requested = request[resource];
      if (limit === null || requested === 0n || used[resource] + requested <= limit) return [];
      return [{ scope: kind, name, resource, quota: limit, used: used[resource], requested }];
    }),
  );
}
