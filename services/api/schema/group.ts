import { slug } from "../../../quota/owner.ts";
import { amountsView, remainingOf } from "../amounts.ts";
import { together } from "../bound.ts";
import { administers, type DirectoryMember, type Person } from "../directory.ts";
import { scopesOf } from "../fit.ts";
import type { GroupPolicy } from "../group-policy.ts";
import { cullingOf } from "../launch-context.ts";
import { type Offers, offersOf } from "../offers.ts";
import { pageOf } from "../page.ts";
import { personOf } from "../visible.ts";
import { Amounts } from "./amounts.ts";
import { type ApiContext, builder } from "./builder.ts";
import { Image } from "./image.ts";
import { InstanceType } from "./instance-type.ts";
import { Culling } from "./launch.ts";
import { Volume } from "./volume.ts";

/** A member, as somebody of whose group it is. */
export interface MemberOf extends DirectoryMember {
  readonly group: GroupPolicy;
}

const Member = builder.objectRef<MemberOf>("Member").implement({
  description: "A member of a group, for its administrators",
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    email: t.exposeString("email", { nullable: true }),
    isAdmin: t.boolean({
      description: "Whether the member administers the group",
      resolve: async ({ name, group }, _, { directory }) => {
        const admins = (await directory.group(group.name))?.admins ?? [];
        return admins.some((admin) => admin.toLowerCase() === name.toLowerCase());
      },
    }),
    usage: t.field({
      type: Amounts,
      resolve: ({ name, group }, _, { platform }) => amountsView(platform.usage.ofMember(group.slug, slug(name))),
    }),
  }),
});

/** What the group gives, with what everyone has; the caller's own directory entry spares a question. */
async function offersIn(policy: GroupPolicy, { caller, directory, platform, facts }: ApiContext): Promise<Offers> {
  const person = personOf(caller);
  const known = person.groups.find(({ name }) => name === policy.name) ?? (await directory.group(policy.name));
  const bounds = known === undefined ? [] : [known.bound, person.common];
  return offersOf(together(bounds), platform, facts.accelerators);
}

const scopesFor = (policy: GroupPolicy, person: Person, { platform }: ApiContext) =>
  scopesOf(policy, person.name, platform.usage);

export const Group = builder.objectRef<GroupPolicy>("Group").implement({
  description: "People who share a quota",
  fields: (t) => ({
    name: t.exposeString("name", { description: "The exact name" }),
    slug: t.exposeString("slug", { description: "The label-safe name" }),
    displayName: t.exposeString("displayName"),
    problem: t.string({ nullable: true, resolve: ({ problem }) => problem ?? null }),
    isAdmin: t.boolean({
      description: "Whether the caller administers it",
      resolve: ({ name }, _, { caller }) => administers(personOf(caller), name),
    }),
    admins: t.stringList({
      description: "User names of those to ask",
      resolve: async ({ name }, _, { directory }) => (await directory.group(name))?.admins ?? [],
    }),
    quota: t.field({ type: Amounts, resolve: ({ quota }) => amountsView(quota) }),
    usage: t.field({
      type: Amounts,
      resolve: ({ slug: group }, _, { platform }) => amountsView(platform.usage.total(group)),
    }),
    memberQuota: t.field({
      type: Amounts,
      description: "The caller's",
      resolve: (policy, _, context) => amountsView(scopesFor(policy, personOf(context.caller), context)[0].quota),
    }),
    memberUsage: t.field({
      type: Amounts,
      description: "The caller's",
      resolve: (policy, _, context) => amountsView(scopesFor(policy, personOf(context.caller), context)[0].used),
    }),
    remaining: t.field({
      type: Amounts,
      description: "For the caller",
      resolve: (policy, _, context) => amountsView(remainingOf(scopesFor(policy, personOf(context.caller), context))),
    }),
  }),
});

builder.objectFields(Group, (t) => ({
  culling: t.field({ type: Culling, resolve: (policy, _, { facts }) => cullingOf(policy, facts.culling) }),
  instanceTypes: t.field({
    type: [InstanceType],
    resolve: async (policy, _, context) => (await offersIn(policy, context)).instanceTypes,
  }),
  images: t.field({ type: [Image], resolve: async (policy, _, context) => (await offersIn(policy, context)).images }),
  volumes: t.field({
    type: [Volume],
    resolve: async (policy, _, context) => (await offersIn(policy, context)).volumes,
  }),
  members: t.field({
    type: [Member],
    args: { first: t.arg.int({ required: false }), offset: t.arg.int({ required: false }) },
    resolve: async (group, args, { directory }) =>
      (await directory.members(group.name, pageOf(args))).map((member) => ({ ...member, group })),
  }),
}));
