import assert from "node:assert/strict";
import type * as pulumi from "@pulumi/pulumi";
import { type CertificateSource, PublicCertificate } from "../../../components/exposure/public-certificate.ts";
import { outline, type Reads, recordParts, resourceOf, secret } from "../../support/mocks.ts";
import { type Issued, issue } from "../../support/public-certificates.ts";
import { labels } from "../support.ts";

const names = ["example.org", "id.example.org"];

async function build(source: CertificateSource, reads: Reads = {}) {
  const recording = await recordParts(
    async (opts) => {
      const certificate = new PublicCertificate(
        "tls",
        {
          namespace: "library-gateway",
          namespaceName: "library-gateway",
          source,
          names,
          authority: { certPem: "CA", keyPem: "CA key" },
          validityDays: 90,
          renewalDays: 30,
        },
        opts,
      );
      return { certificate, secretName: await settled(certificate.secretName) };
    },
    { reads },
  );
  return { ...recording, secretName: recording.built.secretName };
}

const settled = <T>(output: pulumi.Output<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    (output as unknown as { promise(): Promise<T> }).promise().then(resolve, reject);
  });

const metadata = { name: "public-tls", namespace: "library-gateway", labels: labels("exposure") };
const base64 = (text: string): string => Buffer.from(text).toString("base64");
const tlsSecret = (pair: { pem: string; keyPem: string }, type = "kubernetes.io/tls") => ({
  "library-gateway/site-tls": { type, data: { "tls.crt": base64(pair.pem), "tls.key": base64(pair.keyPem) } },
});

describe("PublicCertificate", () => {
  let right: Issued;
  let narrow: Issued;
  before(async () => {
    // Signed by itself, which is its own authority.
    right = await issue("example.org", { names });
    narrow = await issue("example.org", { names: ["example.org"] });
  });
  const refusal = (where: string): string =>
    `${where} would be refused:\n  - "CN=example.org" is not for id.example.org: have these names, or wildcards for them, added`;

  it("is signed by the platform's authority for every name", async () => {
    const { resources, secretName } = await build({ from: "authority" });
    assert.equal(secretName, "public-tls");
    assert.deepEqual(outline(resources), [
      " > carrel:exposure:PublicCertificate tls",
      "tls > kubernetes:core/v1:Secret tls-tls",
      "tls > tls:index/certRequest:CertRequest tls-signing-request",
      "tls > tls:index/locallySignedCert:LocallySignedCert tls-certificate",
      "tls > tls:index/privateKey:PrivateKey tls-key",
    ]);
    const { dnsNames } = resourceOf(resources, "tls-signing-request").inputs;
    assert.deepEqual(dnsNames, names);
    const { validityPeriodHours, earlyRenewalHours, allowedUses } = resourceOf(resources, "tls-certificate").inputs;
    assert.deepEqual([validityPeriodHours, earlyRenewalHours], [90 * 24, 30 * 24]);
    assert.deepEqual(allowedUses, ["digital_signature", "server_auth"]);
  });

  it("comes from text, with the key as a secret", async () => {
    const { resources } = await build({ from: "files", certificate: right.pem, privateKey: right.keyPem });
    assert.deepEqual(resourceOf(resources, "tls-tls").inputs, {
      apiVersion: "v1",
      kind: "Secret",
      metadata,
      type: "kubernetes.io/tls",
      stringData: secret({ "tls.crt": right.pem, "tls.key": right.keyPem }),
    });
  });

  it("refuses text that browsers would refuse", async () => {
    await assert.rejects(build({ from: "files", certificate: narrow.pem, privateKey: narrow.keyPem }), {
      message: refusal("carrel:exposure.certificate"),
    });
  });

  it("comes from a Secret that is there, and is read to be checked", async () => {
    const { resources, secretName } = await build({ from: "secret", name: "site-tls" }, tlsSecret(right));
    assert.equal(secretName, "site-tls");
    assert.deepEqual(outline(resources), [" > carrel:exposure:PublicCertificate tls"]);
  });

  it("refuses a Secret that browsers would refuse, and one of another type", async () => {
    const where = "Secret library-gateway/site-tls (carrel:exposure.tlsSecret)";
    const source = { from: "secret", name: "site-tls" } as const;
    const fails = (reads: Reads, message: string): Promise<void> =>
      assert.rejects(build(source, reads), (error: Error) => error.message.endsWith(message));
    await fails(tlsSecret(narrow), refusal(where));
    await fails(tlsSecret(right, "Opaque"), `${where} must be of type kubernetes.io/tls, got Opaque`);
  });

  it("is asked of cert-manager", async () => {
    const { resources, secretName } = await build({ from: "issuer", kind: "ClusterIssuer", name: "letsencrypt" });
    assert.equal(secretName, "public-tls");
    assert.deepEqual(resourceOf(resources, "tls-request").inputs, {
      apiVersion: "cert-manager.io/v1",
      kind: "Certificate",
      metadata,
      spec: {
        secretName: "public-tls",
        dnsNames: names,
        issuerRef: { group: "cert-manager.io", kind: "ClusterIssuer", name: "letsencrypt" },
        privateKey: { algorithm: "ECDSA", size: 256, rotationPolicy: "Always" },
      },
    });
  });
});
