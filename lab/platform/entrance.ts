import { chmodSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { type LabEndpoints, labStateDir } from "../endpoints.ts";
import { type AskOptions, linkState } from "./first-admin.ts";
import type { Entrance } from "./greeting.ts";
import { type PublicNames, publicNames } from "./public-names.ts";
import type { StackOutputs } from "./stack-outputs.ts";

/** Where people find the certificate of the lab's authority. */
export const authorityFile = (labName: string): string => join(labStateDir(labName), "ca.crt");

function writeAuthority(labName: string, pem: string): string {
  const file = authorityFile(labName);
  writeFileSync(file, pem);
  // Public, whatever this process's umask says.
  chmodSync(file, 0o644);
  return file;
}

/** How a deployed platform is entered; writes the authority's certificate into the lab's folder. */
export async function entranceOf(
  labName: string,
  { urls, ssh }: PublicNames,
  { authorityCertificate: ca, sshFingerprint, firstAdminLink: link }: StackOutputs,
  options: Omit<AskOptions, "ca"> = {},
): Promise<Entrance> {
  const hub = urls["hub"];
  return {
    ...(hub === undefined ? {} : { hub }),
    ...(ca === undefined ? {} : { authorityFile: writeAuthority(labName, ca) }),
    ...(ssh === undefined || sshFingerprint === undefined ? {} : { ssh: { ...ssh, fingerprint: sshFingerprint } }),
    ...(link === undefined
      ? {}
      : {
          firstAdmin: { link, state: await linkState(link, { ...options, ...(ca === undefined ? {} : { ca }) }) },
        }),
  };
}

/** The public names of the platform on a lab. */
export async function publicNamesOn({ kubeconfig, context }: LabEndpoints): Promise<PublicNames> {
  const client = new KubeClient(kubeConfigFromFile(kubeconfig, context), { timeoutMs: 10_000 });
  try {
    return await publicNames(client);
  } finally {
    client.close();
  }
}
