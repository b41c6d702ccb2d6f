import "reflect-metadata";
import { randomBytes } from "node:crypto";
import * as x509 from "@peculiar/x509";
import { UserError } from "../../../../services/lib/user-error.ts";
import { isRecord, type Props } from "../../values.ts";
import { signingKeys } from "./keys.ts";

const HOUR_MS = 3_600_000;
const SUBJECT_ALTERNATIVE_NAME = "2.5.29.17";

const keyUsages: Readonly<Record<string, x509.KeyUsageFlags>> = {
  digital_signature: x509.KeyUsageFlags.digitalSignature,
  content_commitment: x509.KeyUsageFlags.nonRepudiation,
  key_encipherment: x509.KeyUsageFlags.keyEncipherment,
  data_encipherment: x509.KeyUsageFlags.dataEncipherment,
  key_agreement: x509.KeyUsageFlags.keyAgreement,
  cert_signing: x509.KeyUsageFlags.keyCertSign,
  crl_signing: x509.KeyUsageFlags.cRLSign,
  encipher_only: x509.KeyUsageFlags.encipherOnly,
  decipher_only: x509.KeyUsageFlags.decipherOnly,
};
const extendedUsages: Readonly<Record<string, string>> = {
  any_extended: "2.5.29.37.0",
  server_auth: "1.3.6.1.5.5.7.3.1",
  client_auth: "1.3.6.1.5.5.7.3.2",
  code_signing: "1.3.6.1.5.5.7.3.3",
  email_protection: "1.3.6.1.5.5.7.3.4",
  timestamping: "1.3.6.1.5.5.7.3.8",
  ocsp_signing: "1.3.6.1.5.5.7.3.9",
};
const subjectFields: Readonly<Record<string, string>> = {
  commonName: "CN",
  organization: "O",
  organizationalUnit: "OU",
  country: "C",
  province: "ST",
  locality: "L",
  postalCode: "2.5.4.17",
  serialNumber: "2.5.4.5",
};

const list = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

/** As a string the library would look for quotes and escapes in it. */
const asn1Text = (text: string): x509.JsonAttributeObject =>
  /^[A-Za-z0-9 '()+,./:=?-]*$/.test(text) ? { printableString: text } : { utf8String: text };

function subjectName(subject: unknown): x509.Name {
  const given = isRecord(subject) ? subject : {};
  const isSupported = (field: string): boolean =>
    field in subjectFields || (field === "streetAddresses" && list(given[field]).length === 0);
  const unknown = Object.keys(given).filter((field) => !isSupported(field));
  if (unknown.length > 0)
    throw new UserError("tls-subject", `subject: ${unknown.join(", ")} is not supported by the lab's engine`);
  const names = Object.entries(subjectFields).flatMap(([field, type]) =>
    typeof given[field] === "string" ? [{ [type]: [asn1Text(given[field])] }] : [],
  );
  return new x509.Name(names);
}

function alternativeNames(inputs: Props): x509.Extension[] {
  const names: x509.JsonGeneralName[] = [
    ...list(inputs["dnsNames"]).map((value) => ({ type: "dns", value }) as const),
    ...list(inputs["ipAddresses"]).map((value) => ({ type: "ip", value }) as const),
    ...list(inputs["uris"]).map((value) => ({ type: "url", value }) as const),
  ];
  return names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)];
}

function usageExtensions(inputs: Props): x509.Extension[] {
  const uses = list(inputs["allowedUses"]);
  const unknown = uses.filter((use) => !(use in keyUsages) && !(use in extendedUsages));
  if (unknown.length > 0)
    throw new UserError("tls-usage", `allowedUses: ${unknown.join(", ")} is not supported by the lab's engine`);
  const flags = uses.reduce((sum, use) => sum | (keyUsages[use] ?? 0), 0);
  const extended = uses.flatMap((use) => extendedUsages[use] ?? []);
  const isCa = inputs["isCaCertificate"] === true;
  return [
    ...(flags === 0 ? [] : [new x509.KeyUsagesExtension(flags, true)]),
    ...(extended.length === 0 ? [] : [new x509.ExtendedKeyUsageExtension(extended)]),
    ...(isCa ? [new x509.BasicConstraintsExtension(true, inputs["maxPathLength"] as number | undefined, true)] : []),
  ];
}

function validity(inputs: Props, now: Date): { notBefore: Date; notAfter: Date } {
  const start = new Date(Math.floor(now.getTime() / 1000) * 1000);
  return { notBefore: start, notAfter: new Date(start.getTime() + Number(inputs["validityPeriodHours"]) * HOUR_MS) };
}

/** 16 random bytes, positive, as RFC 5280 asks. */
function serialNumber(): string {
  const bytes = randomBytes(16);
  bytes.writeUInt8(bytes.readUInt8(0) & 0x7f || 1, 0);
  return bytes.toString("hex");
}

function created(certificate: x509.X509Certificate, more: Props): { id: string; outputs: Props } {
  const outputs = {
    certPem: `${certificate.toString("pem").trim()}\n`,
    validityStartTime: certificate.notBefore.toISOString(),
    validityEndTime: certificate.notAfter.toISOString(),
    readyForRenewal: false,
    ...more,
  };
  return { id: BigInt(`0x${certificate.serialNumber}`).toString(), outputs };
}

/** tls.SelfSignedCert */
export async function selfSigned(inputs: Props, now: Date): Promise<{ id: string; outputs: Props }> {
  const { keys, algorithm, keyAlgorithm } = await signingKeys(String(inputs["privateKeyPem"]));
  const isCa = inputs["isCaCertificate"] === true;
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: subjectName(inputs["subject"]),
    keys,
    signingAlgorithm: algorithm,
    ...validity(inputs, now),
    extensions: [
      ...usageExtensions(inputs),
      ...(isCa || inputs["setSubjectKeyId"] === true
        ? [await x509.SubjectKeyIdentifierExtension.create(keys.publicKey)]
        : []),
      ...(inputs["setAuthorityKeyId"] === true
        ? [await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey)]
        : []),
      ...alternativeNames(inputs),
    ],
  });
  return created(certificate, { keyAlgorithm });
}

/** tls.CertRequest */
export async function request(inputs: Props): Promise<{ id: string; outputs: Props }> {
  const { keys, algorithm, keyAlgorithm } = await signingKeys(String(inputs["privateKeyPem"]));
  const csr = await x509.Pkcs10CertificateRequestGenerator.create({
    name: subjectName(inputs["subject"]),
    keys,
    signingAlgorithm: algorithm,
    extensions: alternativeNames(inputs),
  });
  const pem = `${csr.toString("pem").trim()}\n`;
  return { id: Buffer.from(csr.rawData).subarray(-20).toString("hex"), outputs: { certRequestPem: pem, keyAlgorithm } };
}

/** tls.LocallySignedCert */
export async function locallySigned(inputs: Props, now: Date): Promise<{ id: string; outputs: Props }> {
  const { keys, algorithm, keyAlgorithm } = await signingKeys(String(inputs["caPrivateKeyPem"]));
  const authority = new x509.X509Certificate(String(inputs["caCertPem"]));
  const csr = new x509.Pkcs10CertificateRequest(String(inputs["certRequestPem"]));
  if (!(await csr.verify())) throw new UserError("tls-request", "certRequestPem: its signature does not verify");
  const names = csr.getExtension(SUBJECT_ALTERNATIVE_NAME);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: serialNumber(),
    subject: csr.subjectName,
    issuer: authority.subjectName,
    publicKey: csr.publicKey,
    signingKey: keys.privateKey,
    signingAlgorithm: algorithm,
    ...validity(inputs, now),
    extensions: [
      ...usageExtensions(inputs),
      await x509.AuthorityKeyIdentifierExtension.create(authority, false),
      ...(inputs["setSubjectKeyId"] === true ? [await x509.SubjectKeyIdentifierExtension.create(csr.publicKey)] : []),
      ...(names ? [names] : []),
    ],
  });
  return created(certificate, { caKeyAlgorithm: keyAlgorithm });
}
