import type { InstanceTypeOffer } from "../offers.ts";
import { builder } from "./builder.ts";

export const Toleration = builder.objectRef<InstanceTypeOffer["tolerations"][number]>("Toleration").implement({
  fields: (t) => ({
    key: t.exposeString("key", { nullable: true }),
    operator: t.exposeString("operator", { nullable: true }),
    value: t.exposeString("value", { nullable: true }),
    effect: t.exposeString("effect", { nullable: true }),
    tolerationSeconds: t.exposeInt("tolerationSeconds", { nullable: true }),
  }),
});

export const InstanceType = builder.objectRef<InstanceTypeOffer>("InstanceType").implement({
  description: "A size that members choose for their notebooks",
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    cpuMilli: t.exposeString("cpuMilli", { nullable: true, description: "Null where it cannot be read" }),
    memoryBytes: t.exposeString("memoryBytes", { nullable: true }),
    gpuMilli: t.exposeString("gpuMilli", { nullable: true }),
    resources: t.expose("resources", { type: "StringMap", description: "Limits as Kubernetes takes them" }),
    problem: t.exposeString("problem", { nullable: true }),
  }),
});
