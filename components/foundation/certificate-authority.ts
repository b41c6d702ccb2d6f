import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Part } from "../core/component.ts";

export interface CertificateAuthorityArgs {
  readonly commonName: string;
  readonly validityDays: number;
  readonly renewalDays: number;
}

const HOURS_PER_DAY = 24;
/** The authority outlives what it signs several times over, so that leaves are renewed without it. */
const LIFETIMES = 5;

/** The platform's own authority. Its key is a secret of the stack's state and is never on the cluster. */
export class CertificateAuthority extends Part {
  readonly certPem: pulumi.Output<string>;
  readonly keyPem: pulumi.Output<string>;

  constructor(name: string, args: CertificateAuthorityArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:foundation:CertificateAuthority", name, opts);
    const key = new tls.PrivateKey(this.child("key"), { algorithm: "ECDSA", ecdsaCurve: "P256" }, this.inside);
    const certificate = new tls.SelfSignedCert(
      this.child("certificate"),
      {
        privateKeyPem: key.privateKeyPem,
        subject: { commonName: args.commonName, organization: "Carrel" },
        isCaCertificate: true,
        allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
        validityPeriodHours: args.validityDays * HOURS_PER_DAY * LIFETIMES,
        earlyRenewalHours: (args.validityDays + args.renewalDays) * HOURS_PER_DAY,
      },
      this.inside,
    );
    this.certPem = certificate.certPem;
    this.keyPem = key.privateKeyPem;
    this.registerOutputs({ certPem: this.certPem });
  }
}
