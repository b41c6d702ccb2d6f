import { builder } from "./builder.ts";

interface InvitationView {
  readonly url: string;
  readonly group: string;
  readonly email: string | null;
  readonly expires: string;
}

export const Invitation = builder.objectRef<InvitationView>("Invitation").implement({
  description: "A link by which one person makes an account in a group",
  fields: (t) => ({
    url: t.exposeString("url", { description: "Whoever has it may use it, once" }),
    group: t.exposeString("group", { description: "The exact name" }),
    email: t.exposeString("email", { nullable: true, description: "Of the account; null lets its owner choose" }),
    expires: t.exposeString("expires", { description: "ISO 8601, UTC" }),
  }),
});
