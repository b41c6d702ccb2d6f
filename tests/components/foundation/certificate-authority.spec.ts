import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { CertificateAuthority } from "../../../components/foundation/certificate-authority.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";

const build = (): Promise<Recording<CertificateAuthority>> =>
  recordParts(
    (opts) =>
      new CertificateAuthority("root", { commonName: "library authority", validityDays: 90, renewalDays: 30 }, opts),
  );

describe("CertificateAuthority", () => {
  it("is a key and a certificate for itself, longer-lived than what it signs", async () => {
    const { resources } = await build();
    const child = { parent: "root", provider: "", dependsOn: [] };
    assert.deepEqual(resources, [
      {
        type: "carrel:foundation:CertificateAuthority",
        name: "root",
        parent: "",
        provider: "",
        dependsOn: [],
        inputs: {},
      },
      {
        ...child,
        type: "tls:index/privateKey:PrivateKey",
        name: "root-key",
        inputs: { algorithm: "ECDSA", ecdsaCurve: "P256" },
      },
      {
        ...child,
        type: "tls:index/selfSignedCert:SelfSignedCert",
        name: "root-certificate",
        inputs: {
          privateKeyPem: secret("privateKeyPem of root-key"),
          subject: { commonName: "library authority", organization: "Carrel" },
          isCaCertificate: true,
          allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
          validityPeriodHours: 10_800,
          // Renewed while its newest leaf still has its whole life and a renewal before it.
          earlyRenewalHours: 2_880,
        },
      },
    ]);
  });

  it("puts nothing on the cluster", async () => {
    const { resources } = await build();
    assert.deepEqual(
      resources.filter(({ type }) => type.startsWith("kubernetes:")),
      [],
    );
  });

  it("answers its key as a secret, and registers only the certificate", async () => {
    const { built, outputs } = await build();
    assert.deepEqual(outputs, { root: { certPem: "certPem of root-certificate" } });
    assert.deepEqual([await pulumi.isSecret(built.keyPem), await pulumi.isSecret(built.certPem)], [true, false]);
  });
});
