import { ApiError } from "../errors.ts";
import { launchContext } from "../launch-context.ts";
import { offersOf } from "../offers.ts";
import { pageOf } from "../page.ts";
import { groupsOf, personOf, visibleTo } from "../visible.ts";
import { type ApiContext, builder } from "./builder.ts";
import { Group } from "./group.ts";
import { Image } from "./image.ts";
import { InstanceType } from "./instance-type.ts";
import { LaunchContext } from "./launch.ts";
import { Me } from "./me.ts";
import { Usage, usageView } from "./usage.ts";
import { Volume } from "./volume.ts";

const offersFor = ({ caller, platform, facts }: ApiContext) =>
  offersOf(visibleTo(personOf(caller), platform), platform, facts.accelerators);

builder.queryType({
  fields: (t) => ({
    me: t.field({ type: Me, resolve: (_, __, { caller }) => personOf(caller) }),
    groups: t.field({
      type: [Group],
      description: "The caller's groups; all of them for platform administrators",
      args: { first: t.arg.int({ required: false }), offset: t.arg.int({ required: false }) },
      resolve: (_, args, { caller, platform }) => {
        const { first, offset } = pageOf(args);
        return groupsOf(personOf(caller), platform).slice(offset, offset + first);
      },
    }),
    group: t.field({
      type: Group,
      nullable: true,
      args: { name: t.arg.string({ required: true, description: "The exact name" }) },
      resolve: (_, { name }, { platform }) => platform.policy(name) ?? null,
    }),
    instanceTypes: t.field({ type: [InstanceType], resolve: (_, __, context) => offersFor(context).instanceTypes }),
    images: t.field({ type: [Image], resolve: (_, __, context) => offersFor(context).images }),
    volumes: t.field({ type: [Volume], resolve: (_, __, context) => offersFor(context).volumes }),
  }),
});

builder.queryFields((t) => ({
  usage: t.field({
    type: Usage,
    nullable: true,
    args: {
      group: t.arg.string({ required: true, description: "The exact name" }),
      user: t.arg.string({ required: false, description: "One member; without it the whole group" }),
    },
    resolve: (_, { group, user }, context) => {
      const policy = context.platform.policy(group);
      return policy === undefined ? null : usageView(policy, user ?? undefined, context);
    },
  }),
  launchContext: t.field({
    type: LaunchContext,
    args: {
      user: t.arg.string({ required: true }),
      group: t.arg.string({ required: false, description: "The exact name; without it all of the user's groups" }),
    },
    resolve: async (_, { user, group }, { directory, facts }) => {
      const person = await directory.person(user);
      if (person === undefined) throw new ApiError("NOT_FOUND", `there is no user "${user}", or it is disabled`);
      return launchContext(person, facts, group ?? undefined);
    },
  }),
}));
