import { defaultFieldResolver, type GraphQLSchema, isObjectType } from "graphql";
import { UserError } from "../lib/user-error.ts";
import type { Caller } from "./auth/caller.ts";
import { administers, isSameUser } from "./directory.ts";
import { forbidden } from "./errors.ts";
import { boundTo } from "./visible.ts";

interface Asked {
  readonly caller: Caller;
  /** The object that has the field. */
  readonly parent: Readonly<Record<string, unknown>>;
  readonly args: Readonly<Record<string, unknown>>;
}

/** Whether a field may be seen. */
export type Rule = (asked: Asked) => boolean;

const anyOf =
  (...rules: readonly Rule[]): Rule =>
  (asked) =>
    rules.some((rule) => rule(asked));

const signedIn: Rule = ({ caller }) => caller.kind === "person";
const server: Rule = ({ caller }) => caller.kind === "server";
const platformAdmin: Rule = ({ caller }) => caller.kind === "person" && caller.person.isAdmin;
/** A value that is reached only by a field with a rule of its own. */
const carried: Rule = anyOf(signedIn, server);

const isMember = (caller: Caller, group: unknown): boolean =>
  caller.kind === "person" && caller.person.groups.some(({ name }) => name === group);
const isGroupAdmin = (caller: Caller, group: unknown): boolean =>
  caller.kind === "person" && typeof group === "string" && administers(caller.person, group);
const isCaller = (caller: Caller, user: unknown): boolean =>
  caller.kind === "person" && typeof user === "string" && isSameUser(caller.person.name, user);

const oneself: Rule = ({ caller, parent }) => isCaller(caller, parent["name"]);
const askingForOneself: Rule = ({ caller, args }) => isCaller(caller, args["user"]);
const insideGroup: Rule = anyOf(platformAdmin, ({ caller, parent }) => isMember(caller, parent["name"]));
const leadingGroup: Rule = anyOf(platformAdmin, ({ caller, parent }) => isGroupAdmin(caller, parent["name"]));
const leadingMembersGroup: Rule = anyOf(platformAdmin, ({ caller, parent }) =>
  isGroupAdmin(caller, (parent["group"] as { name?: unknown } | undefined)?.name),
);
/** Usage of the group for its members, of oneself for oneself, of anybody in it for its administrators. */
const accountable: Rule = anyOf(platformAdmin, ({ caller, args }) => {
  const { group, user } = args;
  if (isGroupAdmin(caller, group)) return true;
  return isMember(caller, group) && (user === undefined || user === null || isCaller(caller, user));
});

const bound = (kind: "instanceTypes" | "images" | "volumes"): Rule =>
  anyOf(platformAdmin, ({ caller, parent }) => {
    if (caller.kind !== "person") return false;
    const given = boundTo(caller.person)[kind];
    const name = String(parent["name"]);
    return "has" in given ? given.has(name) : given.includes(name);
  });

const all = (type: string, rule: Rule, ...fields: readonly string[]): [field: string, rule: Rule][] =>
  fields.map((field) => [`${type}.${field}`, rule]);

/** Who may see what, field by field. What is not here is seen by nobody, and keeps the process from starting. */
export const rules: ReadonlyMap<string, Rule> = new Map([
  ...all("Query", signedIn, "me", "groups", "instanceTypes", "images", "volumes"),
  ...all(
    "Query",
    anyOf(platformAdmin, ({ caller, args }) => isMember(caller, args["name"])),
    "group",
  ),
  ...all("Query", accountable, "usage"),
  ...all("Query", anyOf(server, platformAdmin, askingForOneself), "launchContext"),
  ...all(
    "Mutation",
    anyOf(platformAdmin, ({ caller, args }) => isGroupAdmin(caller, args["group"])),
    "invite",
  ),
  // It comes to who has made it, and to nobody else.
  ...all("Invitation", signedIn, "url", "group", "email", "expires"),
  ...all("Me", oneself, "name", "displayName", "email", "isAdmin", "groups"),
  ...all("Group", insideGroup, "name", "slug", "displayName", "problem", "isAdmin", "admins", "culling"),
  ...all("Group", insideGroup, "quota", "usage", "memberQuota", "memberUsage", "remaining"),
  ...all("Group", insideGroup, "instanceTypes", "images", "volumes"),
  ...all("Group", leadingGroup, "members"),
  ...all("Member", leadingMembersGroup, "name", "displayName", "email", "isAdmin", "usage"),
  ...all("InstanceType", bound("instanceTypes"), "name", "displayName", "description", "problem"),
  ...all("InstanceType", bound("instanceTypes"), "cpuMilli", "memoryBytes", "gpuMilli", "resources"),
  ...all("Image", bound("images"), "name", "displayName", "description", "reference", "variants", "problem"),
  ...all("Volume", bound("volumes"), "name", "displayName", "description", "kind", "mountPath", "readOnly"),
  ...all("Usage", carried, "quota", "used", "remaining"),
  ...all("Amounts", carried, "cpuMilli", "memoryBytes", "gpuMilli", "ephemeralStorageBytes", "pods"),
  ...all("Culling", carried, "policy", "idleSeconds", "maxAgeSeconds"),
  ...all("Toleration", carried, "key", "operator", "value", "effect", "tolerationSeconds"),
  ...all("ImageVariant", carried, "architecture", "accelerator", "reference"),
  ...all("LaunchContext", carried, "user", "groups"),
  ...all("LaunchUser", carried, "name", "displayName", "email", "isAdmin"),
  ...all("LaunchGroup", carried, "name", "slug", "displayName", "problem", "culling", "sharedVolume"),
  ...all("LaunchGroup", carried, "quota", "memberQuota", "usage", "memberUsage", "remaining"),
  ...all("LaunchGroup", carried, "instanceTypes", "images", "volumes"),
  ...all("LaunchInstanceType", carried, "name", "displayName", "description", "fits", "reason"),
  ...all("LaunchInstanceType", carried, "cpuMilli", "memoryBytes", "gpuMilli", "resources", "requests"),
  ...all("LaunchInstanceType", carried, "nodeSelector", "tolerations", "priorityClassName"),
  ...all("LaunchImage", carried, "name", "displayName", "description", "reference", "variants", "problem"),
  // Credentials and variables are for what starts pods, not for what shows them.
  ...all("LaunchImage", server, "pullSecret"),
  ...all("LaunchVolume", carried, "name", "displayName", "description", "kind", "mountPath", "claim", "readOnly"),
  ...all("LaunchVolume", server, "env"),
  ...all("SharedVolume", carried, "claim", "gid"),
]);

/**
 * Puts its rule before each field's resolver.
 * @throws UserError naming every field without a rule, and every rule without a field
 */
export function guardSchema(schema: GraphQLSchema, table: ReadonlyMap<string, Rule> = rules): GraphQLSchema {
  const unused = new Set(table.keys());
  const problems: string[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (!isObjectType(type) || type.name.startsWith("__")) continue;
    for (const field of Object.values(type.getFields())) {
      const name = `${type.name}.${field.name}`;
      const rule = table.get(name);
      unused.delete(name);
      if (rule === undefined) {
        problems.push(`${name} has no rule: say in access.ts who may see it`);
        continue;
      }
      const resolve = field.resolve ?? defaultFieldResolver;
      field.resolve = (parent, args, context: { caller: Caller }, info) => {
        if (!rule({ caller: context.caller, parent: parent ?? {}, args })) throw forbidden(name);
        return resolve(parent, args, context, info);
      };
    }
  }
  for (const name of unused) problems.push(`${name} has a rule and is no field: remove it from access.ts`);
  if (problems.length > 0) throw new UserError("access-rules", problems.join("; "), { problems });
  return schema;
}
