import type { VolumeOffer } from "../offers.ts";
import { builder } from "./builder.ts";

export const Volume = builder.objectRef<VolumeOffer>("Volume").implement({
  description: "Data that groups may read, or read and write",
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    kind: t.exposeString("kind"),
    mountPath: t.exposeString("mountPath", { nullable: true }),
    readOnly: t.exposeBoolean("readOnly"),
  }),
});
