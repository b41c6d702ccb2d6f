import * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Part } from "./component.ts";
import { commonLabels } from "./labels.ts";

export interface ServingCertificateArgs {
  readonly namespace: pulumi.Input<string>;
  /** Name of the Service that it is for. */
  readonly service: string;
  readonly component: string;
  readonly authority: { readonly certPem: pulumi.Input<string>; readonly keyPem: pulumi.Input<string> };
  readonly validityDays: number;
  readonly renewalDays: number;
  /** Known at preview time, because names decide the certificate. */
  readonly namespaceName: string;
}

const HOURS_PER_DAY = 24;

/** A key and a certificate for a Service, signed by the platform's authority, in a Secret of its own name. */
export class ServingCertificate extends Part {
  readonly secretName: pulumi.Output<string>;

  constructor(name: string, args: ServingCertificateArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:core:ServingCertificate", name, opts);
    const { service, namespaceName, authority, validityDays, renewalDays } = args;
    const host = `${service}.${namespaceName}.svc`;
    const key = new tls.PrivateKey(this.child("key"), { algorithm: "ECDSA", ecdsaCurve: "P256" }, this.inside);
    const request = new tls.CertRequest(
      this.child("request"),
      { privateKeyPem: key.privateKeyPem, subject: { commonName: host }, dnsNames: [host, `${host}.cluster.local`] },
      this.inside,
    );
    const certificate = new tls.LocallySignedCert(
      this.child("certificate"),
      {
        certRequestPem: request.certRequestPem,
        caPrivateKeyPem: authority.keyPem,
        caCertPem: authority.certPem,
        validityPeriodHours: validityDays * HOURS_PER_DAY,
        earlyRenewalHours: renewalDays * HOURS_PER_DAY,
        allowedUses: ["digital_signature", "server_auth"],
      },
      this.inside,
    );
    const secret = new k8s.core.v1.Secret(
      this.child("tls"),
      {
        metadata: { namespace: args.namespace, labels: commonLabels(args.component) },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": certificate.certPem, "tls.key": key.privateKeyPem },
      },
      this.inside,
    );
    this.secretName = secret.metadata.name;
    this.registerOutputs({ secretName: this.secretName });
  }
}
