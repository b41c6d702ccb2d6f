import type { GroupVolume } from "../../lib/claims.ts";
import type { Fit } from "../fit.ts";
import type { LaunchContext as Context, CullingView, LaunchGroup as OneGroup } from "../launch-context.ts";
import type { ImageOffer, InstanceTypeOffer, VolumeOffer } from "../offers.ts";
import { Amounts } from "./amounts.ts";
import { builder } from "./builder.ts";
import { ImageVariant } from "./image.ts";
import { Toleration } from "./instance-type.ts";

const LaunchInstanceType = builder.objectRef<InstanceTypeOffer & Fit>("LaunchInstanceType").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    cpuMilli: t.exposeString("cpuMilli", { nullable: true }),
    memoryBytes: t.exposeString("memoryBytes", { nullable: true }),
    gpuMilli: t.exposeString("gpuMilli", { nullable: true }),
    resources: t.expose("resources", { type: "StringMap", description: "Limits as Kubernetes takes them" }),
    requests: t.expose("requests", { type: "StringMap", description: "Where they are less than the limits" }),
    nodeSelector: t.expose("nodeSelector", { type: "StringMap" }),
    tolerations: t.expose("tolerations", { type: [Toleration] }),
    priorityClassName: t.exposeString("priorityClassName", { nullable: true }),
    fits: t.exposeBoolean("fits", { description: "Whether admission would let it in at this moment" }),
    reason: t.exposeString("reason", { nullable: true, description: "Why it does not fit, in admission's words" }),
  }),
});

const LaunchImage = builder.objectRef<ImageOffer>("LaunchImage").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    reference: t.exposeString("reference", { nullable: true, description: "Null while there is none" }),
    variants: t.expose("variants", { type: [ImageVariant] }),
    pullSecret: t.exposeString("pullSecret", { nullable: true, description: "For servers only" }),
    problem: t.exposeString("problem", { nullable: true, description: "Why it cannot be started, if so" }),
  }),
});

const LaunchVolume = builder.objectRef<VolumeOffer>("LaunchVolume").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    description: t.exposeString("description", { nullable: true }),
    kind: t.exposeString("kind"),
    mountPath: t.exposeString("mountPath", { nullable: true }),
    claim: t.exposeString("claim", { nullable: true }),
    readOnly: t.exposeBoolean("readOnly"),
    env: t.expose("env", { type: "StringMap", nullable: true, description: "For servers only" }),
  }),
});

const SharedVolume = builder.objectRef<GroupVolume>("SharedVolume").implement({
  fields: (t) => ({ claim: t.exposeString("claim"), gid: t.exposeInt("gid") }),
});

const CullingPolicy = builder.enumType("CullingPolicy", { values: ["off", "idle", "maxAge"] as const });

export const Culling = builder.objectRef<CullingView>("Culling").implement({
  fields: (t) => ({
    policy: t.expose("policy", { type: CullingPolicy }),
    idleSeconds: t.exposeInt("idleSeconds", { nullable: true, description: "Without activity; null is never" }),
    maxAgeSeconds: t.exposeInt("maxAgeSeconds", { nullable: true, description: "After the start; null is never" }),
  }),
});

const LaunchGroup = builder.objectRef<OneGroup>("LaunchGroup").implement({
  fields: (t) => ({
    name: t.exposeString("name", { description: "The exact name" }),
    slug: t.exposeString("slug", { description: "The label-safe name" }),
    displayName: t.exposeString("displayName"),
    quota: t.expose("quota", { type: Amounts }),
    memberQuota: t.expose("memberQuota", { type: Amounts }),
    usage: t.expose("usage", { type: Amounts }),
    memberUsage: t.expose("memberUsage", { type: Amounts }),
    remaining: t.expose("remaining", { type: Amounts, description: "The less of what member and group have left" }),
    instanceTypes: t.expose("instanceTypes", { type: [LaunchInstanceType] }),
    images: t.expose("images", { type: [LaunchImage] }),
    volumes: t.expose("volumes", { type: [LaunchVolume] }),
    sharedVolume: t.expose("sharedVolume", { type: SharedVolume, nullable: true }),
    culling: t.expose("culling", { type: Culling }),
    problem: t.exposeString("problem", { nullable: true, description: "Why nothing can be started, if so" }),
  }),
});

const LaunchUser = builder.objectRef<Context["user"]>("LaunchUser").implement({
  fields: (t) => ({
    name: t.exposeString("name"),
    displayName: t.exposeString("displayName"),
    email: t.exposeString("email", { nullable: true }),
    isAdmin: t.exposeBoolean("isAdmin"),
  }),
});

export const LaunchContext = builder.objectRef<Context>("LaunchContext").implement({
  description: "What somebody may start, and what is left of their quotas",
  fields: (t) => ({
    user: t.expose("user", { type: LaunchUser }),
    groups: t.expose("groups", { type: [LaunchGroup] }),
  }),
});
