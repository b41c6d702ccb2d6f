import { UserError } from "../../services/lib/user-error.ts";
import type { Goal } from "./goal.ts";
import { propsFrom, type Resource, UNKNOWN_STRING } from "./protocol.ts";
import { childUrn, formatUrn, parseUrn } from "./urn.ts";

type Request = Resource.RegisterResourceRequest;

/** `30s`, `5m`, `1h30m` in milliseconds; nothing for an empty text. */
export function durationMs(text: string): number | undefined {
  const units: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (parts.length === 0) return undefined;
  return parts.reduce((sum, [, amount, unit = ""]) => sum + Number(amount) * (units[unit] ?? 0), 0);
}

const orNothing = (text: string): string | undefined => (text === "" ? undefined : text);

/** Options that the engine cannot honour; one that is set is refused, because ignoring it would make the preview lie. */
function refuseUnsupported(request: Request): void {
  const set: Readonly<Record<string, boolean>> = {
    remote: request.getRemote(),
    replaceWith: request.getReplaceWithList().length > 0,
    replacementTrigger: request.hasReplacementTrigger(),
    hooks: hooksOf(request) > 0,
    envVarMappings: request.getEnvvarmappingsMap().getLength() > 0,
    pluginDownloadURL:
      request.getPlugindownloadurl() !== "" && request.getCustom() && !request.getType().startsWith("kubernetes:"),
    stateMigrations: request.getStateMigrationsList().length > 0,
    packageRef: request.getPackageref() !== "",
  };
  const names = Object.keys(set).filter((name) => set[name]);
  if (names.length === 0) return;
  throw new UserError(
    "unsupported-option",
    `resource "${request.getName()}" of type ${request.getType()} sets ${names.join(", ")}, which the lab's engine does not support: use Pulumi's CLI (ENGINE=pulumi)`,
  );
}

function hooksOf(request: Request): number {
  const hooks = request.getHooks()?.toObject();
  return Object.values(hooks ?? {}).reduce((count, list) => count + (Array.isArray(list) ? list.length : 0), 0);
}

/** Every name that the resource may have had, from alias URNs and alias specs. */
function aliasUrns(request: Request, stack: string, project: string): string[] {
  const parent = orNothing(request.getParent());
  const ownType = request.getType();
  const specs = request.getAliasesList().map((alias) => {
    const urn = alias.getUrn();
    if (urn !== "") return urn;
    const spec = alias.getSpec();
    const aliasParent = spec?.getNoparent() ? undefined : (orNothing(spec?.getParenturn() ?? "") ?? parent);
    const [aliasStack, aliasProject] = [
      orNothing(spec?.getStack() ?? "") ?? stack,
      orNothing(spec?.getProject() ?? "") ?? project,
    ];
    return childUrn(
      aliasStack,
      aliasProject,
      aliasParent,
      orNothing(spec?.getType() ?? "") ?? ownType,
      orNothing(spec?.getName() ?? "") ?? request.getName(),
    );
  });
  return [...new Set([...request.getAliasurnsList(), ...specs])];
}

/** A renamed or moved parent takes its children along: their old URN is below the parent's. */
export function inheritedAliases(goal: Goal, parentAliases: readonly string[]): string[] {
  const { stack, project } = parseUrn(goal.urn);
  return parentAliases.map((alias) => {
    const parent = parseUrn(alias);
    const renamed = goal.parent === undefined ? "" : parseUrn(goal.parent).name;
    const name = goal.name.startsWith(renamed) ? parent.name + goal.name.slice(renamed.length) : goal.name;
    const qualifiedType = childUrn(stack, project, alias, goal.type, name);
    return formatUrn({ ...parseUrn(qualifiedType), stack: parent.stack, project: parent.project });
  });
}

/** @throws UserError for an option that the engine does not support */
export function goalFrom(request: Request, stack: string, project: string): Goal {
  refuseUnsupported(request);
  const [type, name, parent] = [request.getType(), request.getName(), orNothing(request.getParent())];
  const timeouts = request.getCustomtimeouts();
  const timeout = (key: "create" | "update" | "delete", text: string | undefined): object => {
    const ms = durationMs(text ?? "");
    return ms === undefined ? {} : { [key]: ms };
  };
  const properties: [string, string[]][] = [];
  request.getPropertydependenciesMap().forEach((value, key) => {
    properties.push([key, [...value.getUrnsList()].sort()]);
  });
  return {
    urn: childUrn(stack, project, parent, type, name),
    type,
    name,
    custom: request.getCustom(),
    parent,
    inputs: propsFrom(request.getObject()),
    dependencies: [...request.getDependenciesList()].sort(),
    propertyDependencies: Object.fromEntries(properties.sort(([a], [b]) => (a < b ? -1 : 1))),
    provider: providerOf(request, type),
    protect: request.getProtect() === true,
    retainOnDelete: request.getRetainondelete() === true,
    deletedWith: orNothing(request.getDeletedwith()),
    ignoreChanges: request.getIgnorechangesList(),
    replaceOnChanges: request.getReplaceonchangesList(),
    deleteBeforeReplace: request.getDeletebeforereplacedefined() ? request.getDeletebeforereplace() : undefined,
    aliases: aliasUrns(request, stack, project),
    importId: orNothing(request.getImportid()),
    additionalSecretOutputs: request.getAdditionalsecretoutputsList(),
    timeoutsMs: {
      ...timeout("create", timeouts?.getCreate()),
      ...timeout("update", timeouts?.getUpdate()),
      ...timeout("delete", timeouts?.getDelete()),
    },
  };
}

function providerOf(request: Request, type: string): string | undefined {
  const single = orNothing(request.getProvider());
  if (single !== undefined) return single.endsWith("::") ? `${single}${UNKNOWN_STRING}` : single;
  return orNothing(request.getProvidersMap().get(type.split(":")[0] ?? "") ?? "");
}
