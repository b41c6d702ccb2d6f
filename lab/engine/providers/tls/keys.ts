import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  webcrypto,
} from "node:crypto";
import sshpk from "sshpk";
import { UserError } from "../../../../services/lib/user-error.ts";
import type { Props } from "../../values.ts";

const curves: Readonly<Record<string, string>> = {
  P224: "secp224r1",
  P256: "prime256v1",
  P384: "secp384r1",
  P521: "secp521r1",
};

function generate(inputs: Props): KeyObject {
  const algorithm = String(inputs["algorithm"]);
  if (algorithm === "RSA") {
    return generateKeyPairSync("rsa", { modulusLength: Number(inputs["rsaBits"]) }).privateKey;
  }
  if (algorithm === "ED25519") return generateKeyPairSync("ed25519").privateKey;
  const namedCurve = curves[String(inputs["ecdsaCurve"])];
  if (algorithm === "ECDSA" && namedCurve !== undefined) return generateKeyPairSync("ec", { namedCurve }).privateKey;
  throw new UserError(
    "tls-key",
    `algorithm must be RSA, ECDSA or ED25519 and ecdsaCurve P224, P256, P384 or P521, got "${algorithm}" and "${inputs["ecdsaCurve"]}"`,
  );
}

/** The PEM form that each algorithm has by tradition. */
function traditionalPem(key: KeyObject): string {
  if (key.asymmetricKeyType === "rsa") return key.export({ type: "pkcs1", format: "pem" }).toString();
  if (key.asymmetricKeyType === "ec") return key.export({ type: "sec1", format: "pem" }).toString();
  return key.export({ type: "pkcs8", format: "pem" }).toString();
}

/** A new key pair with every form that tls.PrivateKey has. */
export function newPrivateKey(inputs: Props): { id: string; outputs: Props } {
  const key = generate(inputs);
  const pkcs8 = key.export({ type: "pkcs8", format: "pem" }).toString();
  const pem = traditionalPem(key);
  // SSH knows no P-224.
  const ssh =
    inputs["algorithm"] === "ECDSA" && inputs["ecdsaCurve"] === "P224"
      ? undefined
      : sshpk.parsePrivateKey(pkcs8, "pem");
  const publicKey = createPublicKey(key);
  const outputs = {
    privateKeyPem: pem,
    privateKeyPemPkcs8: pkcs8,
    privateKeyOpenssh: ssh?.toString("openssh") ?? "",
    publicKeyPem: publicKey.export({ type: "spki", format: "pem" }).toString(),
    publicKeyOpenssh:
      ssh === undefined
        ? ""
        : `${ssh
            .toPublic()
            .toString("ssh")
            .replace(/ \(unnamed\)$/, "")}\n`,
    publicKeyFingerprintMd5: ssh?.toPublic().fingerprint("md5").toString("hex") ?? "",
    publicKeyFingerprintSha256: ssh?.toPublic().fingerprint("sha256").toString() ?? "",
  };
  const der = publicKey.export({ type: "spki", format: "der" });
  return { id: createHash("sha256").update(der).digest("hex"), outputs };
}

export interface SigningKeys {
  readonly keys: webcrypto.CryptoKeyPair;
  readonly algorithm: { readonly name: string; readonly namedCurve?: string; readonly hash?: string };
  /** RSA, ECDSA or ED25519. */
  readonly keyAlgorithm: string;
}

const webCurves: Readonly<Record<string, string>> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

function algorithmOf(key: KeyObject): SigningKeys["algorithm"] {
  if (key.asymmetricKeyType === "rsa") return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  if (key.asymmetricKeyType === "ed25519") return { name: "Ed25519" };
  const namedCurve = webCurves[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (namedCurve === undefined) {
    throw new UserError(
      "tls-key",
      "certificates need an RSA, ED25519 or P-256, P-384, P-521 key: P-224 cannot sign here",
    );
  }
  return { name: "ECDSA", namedCurve, hash: namedCurve === "P-256" ? "SHA-256" : "SHA-384" };
}

/** A PEM private key as the certificate library takes it. */
export async function signingKeys(pem: string): Promise<SigningKeys> {
  const key = createPrivateKey(pem);
  const algorithm = algorithmOf(key);
  const der = key.export({ type: "pkcs8", format: "der" });
  const spki = createPublicKey(key).export({ type: "spki", format: "der" });
  const privateKey = await webcrypto.subtle.importKey("pkcs8", der, algorithm, true, ["sign"]);
  const publicKey = await webcrypto.subtle.importKey("spki", spki, algorithm, true, ["verify"]);
  const names: Readonly<Record<string, string>> = { rsa: "RSA", ed25519: "ED25519", ec: "ECDSA" };
  return { keys: { privateKey, publicKey }, algorithm, keyAlgorithm: names[key.asymmetricKeyType ?? ""] ?? "" };
}
