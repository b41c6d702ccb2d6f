import type { ImageOffer } from "../offers.ts";
import { builder } from "./builder.ts";

export const ImageVariant = builder.objectRef<ImageOffer["variants"][number]>("ImageVariant").implement({
  description: "In place of the reference on an architecture or with an accelerator; the first that fits",
  fields: (t) => ({
    architecture: t.exposeString("architecture", { nullable: true }),
    accelerator: t.exposeString("accelerator", { nullable: true }),
    reference: t.exposeString("reference"),
  }),
});

export const Image = builder.objectRef<ImageOffer>("Image").implement({
  description: "An image that members choose for their notebooks",
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    reference: t.exposeString("reference", { nullable: true, description: "Null while there is none" }),
    variants: t.expose("variants", { type: [ImageVariant] }),
    problem: t.exposeString("problem", { nullable: true, description: "Why it cannot be started, if so" }),
  }),
});
