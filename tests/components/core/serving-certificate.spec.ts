import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { ServingCertificate } from "../../../components/core/serving-certificate.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<ServingCertificate>> =>
  recordParts(
    (opts) =>
      new ServingCertificate(
        "door",
        {
          namespace: pulumi.output("reading-room"),
          namespaceName: "reading-room",
          service: "desk",
          component: "front",
          authority: { certPem: pulumi.output("authority PEM"), keyPem: pulumi.secret("authority key") },
          validityDays: 90,
          renewalDays: 30,
        },
        opts,
      ),
  );

const child = (type: string, name: string, provider: string, inputs: Record<string, unknown>) => ({
  type,
  name,
  parent: "door",
  provider,
  dependsOn: [],
  inputs,
});

const expected = [
  { type: "carrel:core:ServingCertificate", name: "door", parent: "", provider: "", dependsOn: [], inputs: {} },
  child("kubernetes:core/v1:Secret", "door-tls", "cluster", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: "reading-room", labels: labels("front") },
    type: "kubernetes.io/tls",
    stringData: secret({ "tls.crt": "certPem of door-certificate", "tls.key": "privateKeyPem of door-key" }),
  }),
  child("tls:index/certRequest:CertRequest", "door-request", "", {
    privateKeyPem: secret("privateKeyPem of door-key"),
    subject: { commonName: "desk.reading-room.svc" },
    dnsNames: ["desk.reading-room.svc", "desk.reading-room.svc.cluster.local"],
  }),
  child("tls:index/locallySignedCert:LocallySignedCert", "door-certificate", "", {
    certRequestPem: "certRequestPem of door-request",
    caPrivateKeyPem: secret("authority key"),
    caCertPem: "authority PEM",
    validityPeriodHours: 2160,
    earlyRenewalHours: 720,
    allowedUses: ["digital_signature", "server_auth"],
  }),
  child("tls:index/privateKey:PrivateKey", "door-key", "", { algorithm: "ECDSA", ecdsaCurve: "P256" }),
];

describe("ServingCertificate", () => {
  it("signs a key of its own for the names of the Service, and keeps both in a Secret", async () => {
    assert.deepEqual((await build()).resources, expected);
  });

  it("answers the name that the API server gave the Secret, so that a renewed one rolls the pods", async () => {
    const { outputs } = await build();
    assert.deepEqual(outputs, { door: { secretName: "door-tls-generated" } });
  });
});
