import "reflect-metadata";
import { webcrypto } from "node:crypto";
import * as x509 from "@peculiar/x509";

const DAY_MS = 86_400_000;

export interface IssueOptions {
  readonly names?: readonly string[];
  /** @default true for what has no names */
  readonly isAuthority?: boolean;
  /** Days from `now` at which it begins and ends. @default -1 and 90 */
  readonly from?: number;
  readonly to?: number;
  readonly now?: Date;
  readonly usage?: "serverAuth" | "clientAuth";
  /** @default P-256 */
  readonly rsaBits?: number;
}

/** A certificate with its key, which can sign others. */
export interface Issued {
  readonly subject: string;
  readonly pem: string;
  readonly keyPem: string;
  readonly keys: Keys;
}

interface Keys {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}

const algorithmOf = (rsaBits: number | undefined) =>
  rsaBits === undefined
    ? { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" }
    : {
        name: "RSASSA-PKCS1-v1_5",
        modulusLength: rsaBits,
        publicExponent: new Uint8Array([1, 0, 1]),
        hash: "SHA-256",
      };

/** A certificate of a new key, signed by `issuer` or by itself. */
export async function issue(subject: string, options: IssueOptions = {}, issuer?: Issued): Promise<Issued> {
  const { names = [], isAuthority = names.length === 0, from = -1, to = 90, now = new Date(), usage } = options;
  const algorithm = algorithmOf(options.rsaBits);
  const keys = (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"])) as Keys;
  const extensions: x509.Extension[] = [new x509.BasicConstraintsExtension(isAuthority, undefined, true)];
  if (usage !== undefined) extensions.push(new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[usage]]));
  const general = names.map((value): x509.JsonGeneralName => ({ type: "dns", value }));
  if (names.length > 0) extensions.push(new x509.SubjectAlternativeNameExtension(general));
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: `CN=${subject}`,
      issuer: `CN=${issuer?.subject ?? subject}`,
      notBefore: new Date(now.getTime() + from * DAY_MS),
      notAfter: new Date(now.getTime() + to * DAY_MS),
      publicKey: keys.publicKey,
      signingKey: (issuer?.keys ?? keys).privateKey,
      signingAlgorithm: algorithmOf(undefined),
      extensions,
    },
    webcrypto,
  );
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
  const keyPem = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64").replaceAll(/.{64}/g, "$&\n").trimEnd()}\n-----END PRIVATE KEY-----\n`;
  return { subject, pem: `${certificate.toString("pem")}\n`, keyPem, keys };
}
