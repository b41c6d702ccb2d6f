import { createPrivateKey, X509Certificate } from "node:crypto";
import { isIP } from "node:net";
import { type Check, checkCallerCidr, checkHost, type Flaw } from "./checks.ts";
import { parseCidr } from "./cidr.ts";

const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

/** A name of an object, as Kubernetes allows most of them. */
export const checkObjectName: Check<string> = (name) =>
  OBJECT_NAME.test(name) ? undefined : { wrong: "must be a name of lower-case letters, digits, dashes and dots" };

/** Where a gateway's requests come from: what would be wrong with a caller of webhooks, and never everybody. */
export const checkGatewayCidr: Check<string> = (text) =>
  parseCidr(text)?.prefixLength === 0
    ? { wrong: "must not be every address, because every pod could then pass for the gateway" }
    : checkCallerCidr(text);

/** A second name of the platform; what is wrong with it is what would be wrong with the first. */
export const checkOtherHost: Check<string> = (host) => checkHost(host);

/** `ClusterIssuer/NAME` or `Issuer/NAME`. */
export const checkIssuer: Check<string> = (issuer) => {
  const [kind = "", name = "", ...rest] = issuer.split("/");
  const isValid = ["ClusterIssuer", "Issuer"].includes(kind) && OBJECT_NAME.test(name) && rest.length === 0;
  return isValid ? undefined : { wrong: "must be ClusterIssuer/NAME or Issuer/NAME" };
};

function isReadable(text: string): boolean {
  try {
    new X509Certificate(text);
    return true;
  } catch {
    return false;
  }
}

/** One or more certificates in PEM that can be read; whether they fit is found out with the names and the key. */
export const checkCertificates: Check<string> = (pem) => {
  const blocks = [...pem.matchAll(PEM)];
  if (blocks.length === 0) return { wrong: "must be certificates in PEM" };
  const other = blocks.find(([, label]) => label !== "CERTIFICATE");
  if (other !== undefined)
    return { wrong: `must be certificates only, but there is a ${other[1]}`, fix: "leave it out" };
  const bad = blocks.findIndex(([text]) => !isReadable(text));
  return bad < 0 ? undefined : { wrong: `must be certificates in PEM, but certificate ${bad + 1} cannot be read` };
};

/** A private key in PEM without a passphrase. */
export const checkPrivateKey: Check<string> = (pem) => {
  if (pem.includes("ENCRYPTED")) return { wrong: "must be a private key without a passphrase" };
  try {
    createPrivateKey(pem);
    return undefined;
  } catch {
    return { wrong: "must be a private key in PEM" };
  }
};

function fromTo(first: string, last: string, ...rest: readonly string[]): Flaw | undefined {
  const isRange = rest.length === 0 && isIP(first) !== 0 && isIP(first) === isIP(last);
  return isRange ? undefined : { wrong: "must be a range of addresses, FIRST-LAST or ADDRESS/LENGTH" };
}

/** Addresses as MetalLB takes them: a range with a prefix, or from one to another. */
export const checkAddressRange: Check<string> = (text) => {
  if (text.includes("-")) return fromTo(...(text.split("-") as [string, string]));
  const cidr = parseCidr(text);
  if (cidr === undefined) return { wrong: "must be a range of addresses, FIRST-LAST or ADDRESS/LENGTH" };
  return cidr.hasHostBits
    ? { wrong: "must have no bits set behind the prefix", fix: `write "${cidr.network}"` }
    : undefined;
};
