import { readFileSync } from "node:fs";
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { loadSettings, type Settings } from "./config/settings.ts";
import { findLab } from "./lab/endpoints.ts";
import { UserError } from "./services/lib/user-error.ts";
import { admission } from "./stacks/admission.ts";
import { api } from "./stacks/api.ts";
import { exposure } from "./stacks/exposure.ts";
import { foundation } from "./stacks/foundation.ts";
import { hub } from "./stacks/hub.ts";
import { identity } from "./stacks/identity.ts";
import { serviceImages } from "./stacks/images.ts";
import { starter } from "./stacks/starter.ts";
import { storage } from "./stacks/storage.ts";

/** The stack's configuration, read once. @throws RunError with every problem, which Pulumi shows without a stack trace */
function readSettings(): Settings {
  const own = `${pulumi.getProject()}:`;
  const ownKeys = (keys: readonly string[]): string[] =>
    keys.filter((key) => key.startsWith(own)).map((key) => key.slice(own.length));
  const all = pulumi.runtime.allConfig();
  const raw = Object.fromEntries(ownKeys(Object.keys(all)).map((key) => [key, all[own + key] ?? ""]));
  // Which values are encrypted is known to the SDK alone, which has no function that tells.
  const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
  try {
    return loadSettings(raw, findLab, ownKeys(secretKeys));
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    const problems = error.problems.map((problem) => `  - ${problem}`).join("\n");
    throw new pulumi.RunError(`the stack's configuration is wrong:\n${problems}`);
  }
}

const settings = readSettings();
const { version, license, homepage } = JSON.parse(readFileSync(`${import.meta.dirname}/package.json`, "utf8")) as {
  version: string;
  license: string;
  homepage: string;
};
const provider = new k8s.Provider("cluster", {
  ...settings.cluster,
  // The platform's objects belong to this program: what somebody changed by hand is drift, and is mended.
  enablePatchForce: true,
});
const { parts } = settings;
const images = serviceImages(settings, { root: import.meta.dirname, version, license, source: homepage });
const base = foundation(settings, provider);
storage(settings, base, provider);
admission(settings, base, images.admission(), provider);
const accounts = parts.identity ? identity(settings, base, { controllers: images.controllers() }, provider) : undefined;
const graph = accounts && parts.api ? api(settings, base, accounts, images.api(), provider) : undefined;
const notebooks =
  accounts && graph && parts.hub
    ? hub(settings, base, { identity: accounts, api: graph }, { ssh: images.ssh() }, provider)
    : undefined;
if (notebooks && settings.hasStarter) starter(settings, base, provider);
if (parts.exposure) {
  const routed = { hub: parts.hub, identity: parts.identity, api: parts.api, ssh: parts.ssh };
  const ready = [accounts, graph, notebooks].flatMap((part) => part?.ready ?? []);
  exposure(settings, base, routed, provider, ready);
}

export const host: string = settings.host;
export const namespaces: Settings["namespaces"] = settings.namespaces;
export const admissionImage: pulumi.Output<string> = images.admission();
export const authorityCertificate: pulumi.Output<string> = base.authority.certPem;
export const url: string | undefined = parts.hub ? settings.names.hub.url : undefined;
export const firstAdminLink: pulumi.Output<string> | undefined = graph?.firstAdminLink;
export const sshFingerprint: pulumi.Output<string> | undefined = notebooks?.ssh?.fingerprint;
export const sshKnownHosts: pulumi.Output<string> | undefined = notebooks?.ssh?.knownHosts;
