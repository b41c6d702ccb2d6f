import { isPrivateRegistry } from "./checks.ts";
import { exposure } from "./exposure.ts";
import { parts } from "./parts.ts";
import { setCommand } from "./paths.ts";
import type { ProblemList } from "./problem-list.ts";
import { type KeyPath, keys } from "./schema.ts";
import { services } from "./services.ts";
import type { LabDefaults, Settings } from "./settings.ts";
import type { Given } from "./validate.ts";

/** A configuration's right values, and the lab that fills their gaps. */
export interface Sources {
  readonly given: Given;
  readonly lab: LabDefaults | undefined;
  readonly problems: ProblemList;
}

/** The lab that the configuration names; one that does not run is a problem. */
export function labOf(
  { lab: name }: Given,
  findLab: (name: string) => LabDefaults | undefined,
  problems: ProblemList,
): LabDefaults | undefined {
  const lab = name === undefined ? undefined : findLab(name);
  if (name !== undefined && lab === undefined) {
    const prefix = name === "dev" ? "" : `LAB_NAME=${name} `;
    const generalFix = "start it with `make up`";
    problems.addValue("lab", name, {
      wrong: "must name a lab that is running",
      fix: `start it with \`${prefix}make up\``,
      generalFix,
    });
  }
  return lab;
}

/** Records a key that nothing gives a value to, unless a problem that is already known explains it. */
function reportMissing(path: KeyPath, { given, problems }: Sources): void {
  // A lab that does not run would have given all but the host.
  const isForTheLab = path !== "host" && (given.lab !== undefined || problems.blames("lab"));
  if (isForTheLab || problems.blames(path)) return;
  const source = path === "host" ? "" : " and no carrel:lab gives it";
  problems.add(path, `is not set${source}`, `set it with ${setCommand(path)}`);
}

/** `value`, or an empty one with the key reported as missing: settings with a problem are never handed out. */
function needed<T>(path: KeyPath, value: T | undefined, empty: T, sources: Sources): T {
  if (value === undefined) reportMissing(path, sources);
  return value ?? empty;
}

function namespaces(prefix: string): Settings["namespaces"] {
  return {
    system: `${prefix}-system`,
    identity: `${prefix}-identity`,
    hub: `${prefix}-hub`,
    work: `${prefix}-work`,
    storage: `${prefix}-storage`,
    monitoring: `${prefix}-monitoring`,
    energy: `${prefix}-energy`,
    gateway: `${prefix}-gateway`,
  };
}

function cluster({ given, lab }: Sources): Settings["cluster"] {
  const kubeconfig = given["cluster.kubeconfig"];
  // A lab's context means nothing in another kubeconfig; a lab on a given cluster may name none.
  const labContext = kubeconfig === undefined ? lab?.context || undefined : undefined;
  return { kubeconfig: kubeconfig ?? lab?.kubeconfig, context: given["cluster.context"] ?? labContext };
}

function images(sources: Sources): Settings["images"] {
  const { given, lab, problems } = sources;
  const registry = needed("images.registry", given["images.registry"] ?? lab?.registry.host, "", sources);
  const isOfTheLab = registry === lab?.registry.host;
  if (given["images.plainHttp"] && registry !== "" && !isOfTheLab && !isPrivateRegistry(registry)) {
    problems.addValue("images.plainHttp", true, {
      wrong: "must be false for a registry that is neither private nor a lab's",
      generalFix: "serve the registry over TLS and unset the key",
    });
  }
  return {
    registry,
    repositoryPrefix: given["images.repositoryPrefix"] ?? keys["images.repositoryPrefix"].default,
    base: needed("images.base", given["images.base"] ?? lab?.nodeBase, "", sources),
    plainHttp: given["images.plainHttp"] ?? (isOfTheLab && lab.registry.plainHttp),
  };
}

function network(sources: Sources): Settings["network"] {
  const path = "network.controlPlaneCidrs";
  // A lab's ranges are taken as they are: a lab on kind cannot know them and says every address.
  return { controlPlaneCidrs: [...needed(path, sources.given[path] ?? sources.lab?.controlPlaneCidrs, [], sources)] };
}

function certificates({ given, problems }: Sources): Settings["certificates"] {
  const validityDays = given["certificates.validityDays"] ?? keys["certificates.validityDays"].default;
  const renewalDays = given["certificates.renewalDays"] ?? keys["certificates.renewalDays"].default;
  const isKnown = !problems.blames("certificates.validityDays") && !problems.blames("certificates.renewalDays");
  if (isKnown && renewalDays >= validityDays) {
    problems.addValue("certificates.renewalDays", renewalDays, {
      wrong: "must be less than carrel:certificates.validityDays",
      fix: `set it below ${validityDays} or raise carrel:certificates.validityDays`,
      generalFix: keys["certificates.renewalDays"].fix,
    });
  }
  return { validityDays, renewalDays };
}

/** Complete settings from what is given, the lab and the defaults; gaps and contradictions go to `problems`. */
export function derive(sources: Sources): Settings {
  const { given } = sources;
  const prefix = given.prefix ?? keys.prefix.default;
  const host = needed("host", given.host, "", sources);
  const roles = namespaces(prefix);
  return {
    host,
    prefix,
    namespaces: roles,
    cluster: cluster(sources),
    images: images(sources),
    network: network(sources),
    ...exposure(sources, host, roles.gateway),
    ...parts(sources),
    ...services(given),
    certificates: certificates(sources),
  };
}
