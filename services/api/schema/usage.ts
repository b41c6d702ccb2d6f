import { type AmountsView, amountsView, remainingOf } from "../amounts.ts";
import { scopesOf } from "../fit.ts";
import type { GroupPolicy } from "../group-policy.ts";
import { Amounts } from "./amounts.ts";
import { type ApiContext, builder } from "./builder.ts";

interface UsageView {
  readonly quota: AmountsView;
  readonly used: AmountsView;
  readonly remaining: AmountsView;
}

export const Usage = builder.objectRef<UsageView>("Usage").implement({
  description: "Of a group, or of one member in it",
  fields: (t) => ({
    quota: t.expose("quota", { type: Amounts }),
    used: t.expose("used", { type: Amounts }),
    remaining: t.expose("remaining", { type: Amounts, description: "Of a member, also what the group has left" }),
  }),
});

/** @param user of one member; of the whole group without */
export function usageView(policy: GroupPolicy, user: string | undefined, { platform }: ApiContext): UsageView {
  const [member, group] = scopesOf(policy, user ?? "", platform.usage);
  const scopes = user === undefined ? [group] : [member, group];
  const { quota, used } = user === undefined ? group : member;
  return { quota: amountsView(quota), used: amountsView(used), remaining: amountsView(remainingOf(scopes)) };
}
