import { X509Certificate } from "node:crypto";
import type { Check } from "./checks.ts";
import type { ProblemList } from "./problem-list.ts";
import type { Given } from "./validate.ts";

const PEM = /-----BEGIN ([A-Z0-9 ]+)-----[\s\S]*?-----END \1-----/g;

function flawOf(certificate: X509Certificate, now: number): string | undefined {
  if (!certificate.ca) return "is not an authority's";
  const end = Date.parse(certificate.validTo);
  return end <= now ? `has ended on ${new Date(end).toISOString().slice(0, 10)}` : undefined;
}

function read(text: string): X509Certificate | undefined {
  try {
    return new X509Certificate(text);
  } catch {
    return undefined;
  }
}

/** One or more certificates of authorities in PEM that have not ended. */
export const checkAuthorities: Check<string> = (pem) => {
  const blocks = [...pem.matchAll(PEM)];
  if (blocks.length === 0) return { wrong: "must be certificates in PEM" };
  for (const [i, [text, label = ""]] of blocks.entries()) {
    const which = blocks.length === 1 ? "the certificate" : `certificate ${i + 1}`;
    if (label !== "CERTIFICATE")
      return { wrong: `must be certificates only, but there is a ${label}`, fix: "leave it out" };
    const certificate = read(text);
    if (certificate === undefined) return { wrong: `must be certificates in PEM, but ${which} cannot be read` };
    const flaw = flawOf(certificate, Date.now());
    if (flaw !== undefined)
      return { wrong: `must be certificates of authorities that are valid, but ${which} ${flaw}` };
  }
  return undefined;
};

/** A common name, as a list of them can hold it. */
export const checkCommonName: Check<string> = (name) => {
  if (name.trim() !== name || name === "") return { wrong: "must be a common name without spaces around it" };
  if (/^CN=/i.test(name)) return { wrong: "must be a common name alone", fix: `write "${name.slice(3)}"` };
  return name.includes(",") ? { wrong: "must be one common name, without a comma" } : undefined;
};

/** Names of clients mean nothing where no client has to show a certificate. */
export function checkClients(given: Given, problems: ProblemList): void {
  const names = given["admission.clientNames"] ?? [];
  const isAlone =
    names.length > 0 && given["admission.clientCa"] === undefined && !problems.blames("admission.clientCa");
  if (!isAlone) return;
  problems.addValue("admission.clientNames", names, {
    wrong: "must be empty without carrel:admission.clientCa",
    generalFix: "set carrel:admission.clientCa too, or unset the key",
  });
}
