import "reflect-metadata";
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type X509Certificate,
  X509CertificateGenerator,
} from "@peculiar/x509";
import type { KeyPair } from "../../../services/admission/certificates.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;
const inDays = (days: number): Date => new Date(Date.now() + days * DAY_MS);

type Usage = keyof typeof ExtendedKeyUsage;
interface Keys {
  readonly privateKey: webcrypto.CryptoKey;
  readonly publicKey: webcrypto.CryptoKey;
}
const generate = (): Promise<Keys> =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<Keys>;

async function pairOf(certificate: X509Certificate, { privateKey }: Keys): Promise<KeyPair> {
  const der = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", privateKey));
  const key = `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
  return { cert: certificate.toString("pem"), key };
}

/** An authority that signs clients' certificates. */
export class Authority {
  readonly pem: string;
  readonly #keys: Keys;
  readonly #name: string;

  private constructor(name: string, pem: string, keys: Keys) {
    this.#name = name;
    this.pem = pem;
    this.#keys = keys;
  }

  /** @param days for which it is valid from now on; below 0 it has ended */
  static async create(name: string, days = 30): Promise<Authority> {
    const keys = await generate();
    const certificate = await X509CertificateGenerator.createSelfSigned(
      {
        name: `CN=${name}`,
        notBefore: inDays(Math.min(days, 0) - 1),
        notAfter: inDays(days),
        keys,
        signingAlgorithm: algorithm,
        extensions: [new BasicConstraintsExtension(true, undefined, true)],
      },
      webcrypto,
    );
    return new Authority(name, certificate.toString("pem"), keys);
  }

  /** @param usage what the certificate may be used for; undefined is anything */
  async sign(subject: string, { days = 1, usage = "clientAuth" as Usage | undefined } = {}): Promise<KeyPair> {
    const keys = await generate();
    const extensions: Extension[] = [new BasicConstraintsExtension(false)];
    if (usage !== undefined) extensions.push(new ExtendedKeyUsageExtension([ExtendedKeyUsage[usage]]));
    const certificate = await X509CertificateGenerator.create(
      {
        subject,
        issuer: `CN=${this.#name}`,
        notBefore: inDays(Math.min(days, 0) - 1),
        notAfter: inDays(days),
        publicKey: keys.publicKey,
        signingKey: this.#keys.privateKey,
        signingAlgorithm: algorithm,
        extensions,
      },
      webcrypto,
    );
    return pairOf(certificate, keys);
  }
}
