import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";
import { Part } from "../core/component.ts";
import { commonLabels } from "../core/labels.ts";
import { checkCertificate } from "./certificate-check.ts";

/** Where the certificate comes from. */
export type CertificateSource =
  | { readonly from: "authority" }
  | { readonly from: "files"; readonly certificate: string; readonly privateKey: string }
  | { readonly from: "secret"; readonly name: string }
  | { readonly from: "issuer"; readonly kind: "ClusterIssuer" | "Issuer"; readonly name: string };

export interface PublicCertificateArgs {
  readonly namespace: pulumi.Input<string>;
  /** Of `namespace`, known at preview time. */
  readonly namespaceName: string;
  readonly source: CertificateSource;
  /** Every name that a browser opens; the first is the canonical one. */
  readonly names: readonly string[];
  /** Signs what `authority` asks for. */
  readonly authority: { readonly certPem: pulumi.Input<string>; readonly keyPem: pulumi.Input<string> };
  readonly validityDays: number;
  readonly renewalDays: number;
  /** Milliseconds since the epoch. @default now */
  readonly now?: number;
}

const SECRET = "public-tls";
const HOURS_PER_DAY = 24;

interface Pair {
  readonly certificate: string;
  readonly privateKey: string;
}

/** A certificate and its key for all public names, in a Secret; what browsers would refuse fails the preview. */
export class PublicCertificate extends Part {
  readonly secretName: pulumi.Output<string>;

  /** @throws ResourceError for a given certificate that browsers would refuse */
  constructor(name: string, args: PublicCertificateArgs, opts: pulumi.ComponentResourceOptions) {
    super("carrel:exposure:PublicCertificate", name, opts);
    this.secretName = this.#secretName(args);
    this.registerOutputs({ secretName: this.secretName });
  }

  #secretName(args: PublicCertificateArgs): pulumi.Output<string> {
    const { source } = args;
    if (source.from === "secret") return this.#existing(source.name, args);
    if (source.from === "issuer") return this.#requested(source, args);
    if (source.from === "authority") return this.#secret(this.#signed(args), args);
    this.#verify(source, "carrel:exposure.certificate", args);
    return this.#secret({ certificate: source.certificate, privateKey: pulumi.secret(source.privateKey) }, args);
  }

  /** @throws ResourceError with every problem, each in a line */
  #verify(pair: Pair, where: string, { names, now = Date.now() }: PublicCertificateArgs): void {
    const { problems, warnings } = checkCertificate({ ...pair, names, now });
    for (const warning of warnings) void pulumi.log.warn(`${where}: ${warning}`, this);
    if (problems.length === 0) return;
    throw new pulumi.ResourceError(
      `${where} would be refused:\n${problems.map((line) => `  - ${line}`).join("\n")}`,
      this,
      true,
    );
  }

  /** Read at preview, too; whoever renews it keeps its name. */
  #existing(name: string, args: PublicCertificateArgs): pulumi.Output<string> {
    const id = `${args.namespaceName}/${name}`;
    const secret = k8s.core.v1.Secret.get(this.child("existing"), id, this.inside);
    return pulumi.all([secret.type, secret.data]).apply(([type, data]) => {
      const where = `Secret ${id} (carrel:exposure.tlsSecret)`;
      if (type !== "kubernetes.io/tls")
        throw new pulumi.ResourceError(`${where} must be of type kubernetes.io/tls, got ${type}`, this, true);
      const text = (key: string): string => Buffer.from(data?.[key] ?? "", "base64").toString("utf8");
      this.#verify({ certificate: text("tls.crt"), privateKey: text("tls.key") }, where, args);
      return name;
    });
  }

  /** By cert-manager, which renews it too. */
  #requested(
    issuer: { readonly kind: string; readonly name: string },
    args: PublicCertificateArgs,
  ): pulumi.Output<string> {
    const request = new k8s.apiextensions.CustomResource(
      this.child("request"),
      {
        apiVersion: "cert-manager.io/v1",
        kind: "Certificate",
        metadata: { name: SECRET, namespace: args.namespace, labels: commonLabels("exposure") },
        spec: {
          secretName: SECRET,
          dnsNames: args.names,
          issuerRef: { group: "cert-manager.io", kind: issuer.kind, name: issuer.name },
          privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
        },
      },
      this.inside,
    );
    return request.metadata.apply(() => SECRET);
  }

  #signed(args: PublicCertificateArgs): { certificate: pulumi.Input<string>; privateKey: pulumi.Input<string> } {
    const { names, authority, validityDays, renewalDays } = args;
    const key = new tls.PrivateKey(this.child("key"), { algorithm: "ECDSA", ecdsaCurve: "P256" }, this.inside);
    const request = new tls.CertRequest(
      this.child("signing-request"),
      { privateKeyPem: key.privateKeyPem, subject: { organization: "Carrel" }, dnsNames: [...names] },
      this.inside,
    );
    const signed = new tls.LocallySignedCert(
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
    return { certificate: signed.certPem, privateKey: key.privateKeyPem };
  }

  #secret(
    { certificate, privateKey }: { certificate: pulumi.Input<string>; privateKey: pulumi.Input<string> },
    { namespace }: PublicCertificateArgs,
  ): pulumi.Output<string> {
    const secret = new k8s.core.v1.Secret(
      this.child("tls"),
      {
        metadata: { name: SECRET, namespace, labels: commonLabels("exposure") },
        type: "kubernetes.io/tls",
        stringData: { "tls.crt": certificate, "tls.key": privateKey },
      },
      this.inside,
    );
    return secret.metadata.name;
  }
}
