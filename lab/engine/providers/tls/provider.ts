import type { Existing } from "../../provider.ts";
import { ValueProvider, type ValueType } from "../value-provider.ts";
import { locallySigned, request, selfSigned } from "./certificates.ts";
import { newPrivateKey } from "./keys.ts";

const HOUR_MS = 3_600_000;
const names = { subject: undefined, dnsNames: undefined, ipAddresses: undefined, uris: undefined };
const certificate = {
  earlyRenewalHours: 0,
  isCaCertificate: false,
  maxPathLength: undefined,
  setSubjectKeyId: false,
};

/** Why a certificate has to be made again, if it has to. */
export function renewalReason({ inputs, outputs }: Existing, now: Date): string | undefined {
  const end = Date.parse(String(outputs["validityEndTime"]));
  const renewAt = end - Number(inputs["earlyRenewalHours"] ?? 0) * HOUR_MS;
  if (Number.isNaN(end) || now.getTime() < renewAt) return undefined;
  return `expires ${new Date(end).toISOString()}, renewed from ${new Date(renewAt).toISOString()}`;
}

function types(now: () => Date): Readonly<Record<string, ValueType>> {
  const expired = (existing: Existing): string | undefined => renewalReason(existing, now());
  return {
    "tls:index/privateKey:PrivateKey": {
      required: ["algorithm"],
      defaults: { ecdsaCurve: "P224", rsaBits: 2048 },
      secrets: ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"],
      make: newPrivateKey,
    },
    "tls:index/selfSignedCert:SelfSignedCert": {
      required: ["privateKeyPem", "validityPeriodHours", "allowedUses"],
      defaults: { ...names, ...certificate, setAuthorityKeyId: false },
      secrets: ["privateKeyPem"],
      make: (inputs) => selfSigned(inputs, now()),
      expired,
    },
    "tls:index/certRequest:CertRequest": {
      required: ["privateKeyPem"],
      defaults: names,
      secrets: ["privateKeyPem"],
      make: request,
    },
    "tls:index/locallySignedCert:LocallySignedCert": {
      required: ["certRequestPem", "caPrivateKeyPem", "caCertPem", "validityPeriodHours", "allowedUses"],
      defaults: certificate,
      secrets: ["caPrivateKeyPem"],
      make: (inputs) => locallySigned(inputs, now()),
      expired,
    },
  };
}

/** @pulumi/tls by node:crypto and an X.509 library. */
export class TlsProvider extends ValueProvider {
  protected readonly package = "tls";
  protected readonly types: Readonly<Record<string, ValueType>>;

  constructor(now: () => Date) {
    super();
    this.types = types(now);
  }
}
