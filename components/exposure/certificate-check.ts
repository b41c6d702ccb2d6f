import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { rootCertificates } from "node:tls";

export interface CertificateToCheck {
  /** The certificate itself, then each intermediate after what it has signed; PEM. */
  readonly certificate: string;
  /** PEM, without a passphrase. */
  readonly privateKey: string;
  /** Every name that a browser opens. */
  readonly names: readonly string[];
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** PEM of authorities that clients know. @default those of Node */
  readonly roots?: readonly string[];
}

export interface CertificateVerdict {
  /** Each is a sentence with what to do; with any of them browsers refuse the certificate. */
  readonly problems: readonly string[];
  /** What will be a problem soon. */
  readonly warnings: readonly string[];
}

const BLOCK = /-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/g;
const SERVER_AUTH = "1.3.6.1.5.5.7.3.1";
const DAY_MS = 86_400_000;
const WARNING_DAYS = 21;
const LEAST_RSA_BITS = 2048;

const dayOf = (time: number): string => new Date(time).toISOString().slice(0, 10);
const nameOf = ({ subject }: X509Certificate): string => `"${subject.replaceAll("\n", ", ")}"`;

function isSignedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

function chainProblems(chain: readonly X509Certificate[]): string[] {
  const [leaf] = chain;
  if (leaf?.ca && chain.length > 1)
    return [`the first certificate, ${nameOf(leaf)}, is an authority's: put the one of the names first`];
  return chain.slice(1).flatMap((issuer, i) => {
    const signed = chain[i];
    if (signed === undefined || isSignedBy(signed, issuer)) return [];
    return [
      `certificate ${i + 2}, ${nameOf(issuer)}, has not signed the one before it, ${nameOf(signed)}: order them from the names' own to the last intermediate`,
    ];
  });
}

/** A chain ends where a client goes on by itself: at what a known authority has signed, or at an authority. */
function endProblems(chain: readonly X509Certificate[], roots: readonly string[]): string[] {
  const last = chain.at(-1);
  if (last === undefined || isSignedBy(last, last)) return [];
  const isKnown = roots.some((pem) => isSignedBy(last, new X509Certificate(pem)));
  if (isKnown) return [];
  const issuer = last.issuer.replaceAll("\n", ", ");
  return [
    `the chain is not complete: nobody knows "${issuer}", which has signed ${nameOf(last)}: append its certificate, and those up to an authority that browsers know or to your own`,
  ];
}

function timeProblems(chain: readonly X509Certificate[], now: number): CertificateVerdict {
  const problems: string[] = [];
  const warnings: string[] = [];
  for (const certificate of chain) {
    const [from, to] = [Date.parse(certificate.validFrom), Date.parse(certificate.validTo)];
    if (to <= now) problems.push(`${nameOf(certificate)} has ended on ${dayOf(to)}: renew it`);
    else if (from > now) problems.push(`${nameOf(certificate)} begins only on ${dayOf(from)}: wait, or take another`);
    else if (to - now < WARNING_DAYS * DAY_MS)
      warnings.push(
        `${nameOf(certificate)} ends on ${dayOf(to)}, in ${Math.floor((to - now) / DAY_MS)} days: renew it`,
      );
  }
  return { problems, warnings };
}

function leafProblems(leaf: X509Certificate, names: readonly string[]): string[] {
  const uncovered = names.filter((name) => leaf.checkHost(name, { subject: "never" }) === undefined);
  const bits = leaf.publicKey.asymmetricKeyDetails?.modulusLength ?? LEAST_RSA_BITS;
  const usages: readonly string[] | undefined = leaf.keyUsage;
  return [
    ...(uncovered.length === 0
      ? []
      : [`${nameOf(leaf)} is not for ${uncovered.join(", ")}: have these names, or wildcards for them, added`]),
    ...(usages === undefined || usages.length === 0 || usages.includes(SERVER_AUTH)
      ? []
      : [`${nameOf(leaf)} is not for servers: have it issued for server authentication`]),
    ...(bits >= LEAST_RSA_BITS ? [] : [`${nameOf(leaf)} has an RSA key of ${bits} bits: take one of at least 2048`]),
  ];
}

function readChain(pem: string): readonly X509Certificate[] | string {
  try {
    const chain = [...pem.matchAll(BLOCK)].map(([text]) => new X509Certificate(text));
    return chain.length === 0 ? "there is no certificate in it: give PEM" : chain;
  } catch {
    return "it cannot be read: give certificates in PEM";
  }
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function keyProblems(leaf: X509Certificate, pem: string): string[] {
  const key = readKey(pem);
  if (key === undefined) return ["its private key cannot be read: give PEM without a passphrase"];
  return leaf.checkPrivateKey(key)
    ? []
    : [`the private key is not the one of ${nameOf(leaf)}: give the key that it was requested with`];
}

/** What browsers would find wrong with a certificate and its key, before anything serves them. */
export function checkCertificate(given: CertificateToCheck): CertificateVerdict {
  const { certificate, privateKey, names, now, roots = rootCertificates } = given;
  const chain = readChain(certificate);
  if (typeof chain === "string") return { problems: [chain], warnings: [] };
  const [leaf] = chain;
  if (leaf === undefined) return { problems: [], warnings: [] };
  const order = chainProblems(chain);
  const { problems, warnings } = timeProblems(chain, now);
  return {
    problems: [
      ...order,
      ...(order.length === 0 ? endProblems(chain, roots) : []),
      ...keyProblems(leaf, privateKey),
      ...leafProblems(leaf, names),
      ...problems,
    ],
    warnings,
  };
}
