import type { Person } from "../directory.ts";
import { builder } from "./builder.ts";
import { Group } from "./group.ts";

export const Me = builder.objectRef<Person>("Me").implement({
  description: "The person who asks",
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    email: t.exposeString("email", { nullable: true }),
    isAdmin: t.exposeBoolean("isAdmin", { description: "Whether the whole platform is theirs to administer" }),
    groups: t.field({
      type: [Group],
      resolve: ({ groups }, _, { platform }) => groups.flatMap(({ name }) => platform.policy(name) ?? []),
    }),
  }),
});
