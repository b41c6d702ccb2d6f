import { X509Certificate } from "node:crypto";
import { StackBackend } from "../../lab/engine/backend.ts";
import { readProject } from "../../lab/engine/project.ts";
import { locallySigned, request } from "../../lab/engine/providers/tls/certificates.ts";
import { newPrivateKey } from "../../lab/engine/providers/tls/keys.ts";
import { type Props, revealed } from "../../lab/engine/values.ts";
import { engineEnvironment } from "../../lab/platform/engine-command.ts";
import { stackUnderTest } from "./engine.ts";

export interface ServingPair {
  readonly cert: string;
  readonly key: string;
  /** Hexadecimal, lower case, without leading zeros. */
  readonly serial: string;
}

/** What the stack under test serves webhooks with. */
export interface ServingCertificates {
  /** The platform's authority, PEM. */
  readonly ca: string;
  /** A new key and a certificate for it, made from the stack's own inputs as a renewal would. */
  issue(): Promise<ServingPair>;
}

export const serialOf = (cert: string): string =>
  new X509Certificate(cert).serialNumber.toLowerCase().replace(/^0+/, "");

/** The certificates of the admission Service, from the state of the stack under test. */
export function servingCertificatesUnderTest(): ServingCertificates {
  const target = stackUnderTest();
  const project = readProject(target.projectDir, target.stack, target.configFile);
  const { resources } = new StackBackend(project, engineEnvironment(target)).deployment;
  const inputsOf = (name: string): Props => {
    const found = resources.find(({ urn }) => urn.endsWith(`::${name}`));
    if (!found) throw new Error(`stack ${target.stack} has no ${name}`);
    return revealed(found.inputs ?? {});
  };
  const signed = inputsOf("admission-serving-certificate");
  const requested = inputsOf("admission-serving-request");
  return {
    ca: String(signed["caCertPem"]),
    issue: async () => {
      const key = String(newPrivateKey(inputsOf("admission-serving-key")).outputs["privateKeyPem"]);
      const { certRequestPem } = (await request({ ...requested, privateKeyPem: key })).outputs;
      const cert = String((await locallySigned({ ...signed, certRequestPem }, new Date())).outputs["certPem"]);
      return { cert, key, serial: serialOf(cert) };
    },
  };
}
