import "reflect-metadata";
import assert from "node:assert/strict";
import { createHash, createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import { X509Certificate as Parsed, Pkcs10CertificateRequest, SubjectAlternativeNameExtension } from "@peculiar/x509";
import { renewalReason, TlsProvider } from "../../lab/engine/providers/tls/provider.ts";
import type { Props } from "../../lab/engine/values.ts";

const now = new Date("2026-03-04T05:06:07.890Z");
const provider = new TlsProvider(() => now);
const types = {
  key: "tls:index/privateKey:PrivateKey",
  own: "tls:index/selfSignedCert:SelfSignedCert",
  request: "tls:index/certRequest:CertRequest",
  signed: "tls:index/locallySignedCert:LocallySignedCert",
} as const;

async function create(type: keyof typeof types, inputs: Props): Promise<{ id: string; outputs: Props }> {
  const checked = await provider.check({ urn: "urn", type: types[type], name: "n", olds: undefined, news: inputs });
  assert.deepEqual(checked.failures, []);
  const context = { timeoutMs: undefined, signal: new AbortController().signal, status: () => undefined };
  return provider.create({
    ...{ urn: "urn", type: types[type], inputs: checked.inputs, preview: false, recovering: false },
    ...context,
  });
}
const text = (outputs: Props, name: string): string => String(outputs[name]);

const algorithms = [
  { inputs: { algorithm: "RSA", rsaBits: 2048 }, pem: "RSA PRIVATE KEY", ssh: "ssh-rsa", kind: "rsa" },
  { inputs: { algorithm: "ED25519" }, pem: "PRIVATE KEY", ssh: "ssh-ed25519", kind: "ed25519" },
  ...(["P256", "P384", "P521"] as const).map((ecdsaCurve) => ({
    inputs: { algorithm: "ECDSA", ecdsaCurve },
    pem: "EC PRIVATE KEY",
    ssh: `ecdsa-sha2-nistp${ecdsaCurve.slice(1)}`,
    kind: "ec",
  })),
];

const names = {
  dnsNames: ["a.example", "*.b.example"],
  ipAddresses: ["10.0.0.1", "fd00::1"],
  uris: ["spiffe://x/y"],
};
const signing = {
  validityPeriodHours: 12,
  allowedUses: ["key_encipherment", "server_auth", "client_auth"],
  setSubjectKeyId: true,
};

describe("tls.PrivateKey", () => {
  for (const { inputs, pem, ssh, kind } of algorithms) {
    it(`gives one ${Object.values(inputs).join(" ")} key in every form`, async () => {
      const { id, outputs } = await create("key", inputs);
      const key = createPrivateKey(text(outputs, "privateKeyPem"));
      assert.equal(key.asymmetricKeyType, kind);
      assert.match(text(outputs, "privateKeyPem"), new RegExp(`^-----BEGIN ${pem}-----\n`));
      assert.match(text(outputs, "privateKeyPemPkcs8"), /^-----BEGIN PRIVATE KEY-----\n/);
      assert.equal(createPrivateKey(text(outputs, "privateKeyPemPkcs8")).equals(key), true);
      assert.match(text(outputs, "privateKeyOpenssh"), /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
      assert.equal(createPublicKey(text(outputs, "publicKeyPem")).equals(createPublicKey(key)), true);
      const [name, blob = "", ...comment] = text(outputs, "publicKeyOpenssh").split(/[ \n]/);
      assert.deepEqual([name, comment], [ssh, [""]]);
      const hash = (algorithm: string): Buffer => createHash(algorithm).update(Buffer.from(blob, "base64")).digest();
      const sha = hash("sha256").toString("base64").replace(/=+$/, "");
      assert.equal(outputs["publicKeyFingerprintSha256"], `SHA256:${sha}`);
      const md5 = hash("md5")
        .toString("hex")
        .replaceAll(/..(?!$)/g, "$&:");
      assert.equal(outputs["publicKeyFingerprintMd5"], md5);
      const der = createPublicKey(key).export({ type: "spki", format: "der" });
      assert.equal(id, createHash("sha256").update(der).digest("hex"));
    });
  }

  it("has no SSH form on P224, and refuses what it does not know", async () => {
    const { outputs } = await create("key", { algorithm: "ECDSA" });
    assert.equal(createPrivateKey(text(outputs, "privateKeyPem")).asymmetricKeyDetails?.namedCurve, "secp224r1");
    assert.deepEqual(
      ["privateKeyOpenssh", "publicKeyOpenssh", "publicKeyFingerprintMd5", "publicKeyFingerprintSha256"].map(
        (name) => outputs[name],
      ),
      ["", "", "", ""],
    );
    assert.equal(
      createPublicKey(text(outputs, "publicKeyPem")).equals(createPublicKey(text(outputs, "privateKeyPem"))),
      true,
    );
    await assert.rejects(create("key", { algorithm: "DSA" }), {
      message: 'algorithm must be RSA, ECDSA or ED25519 and ecdsaCurve P224, P256, P384 or P521, got "DSA" and "P224"',
    });
    assert.deepEqual(provider.secretOutputs(types.key), ["privateKeyPem", "privateKeyPemPkcs8", "privateKeyOpenssh"]);
  });
});

interface Authority {
  readonly privateKeyPem: string;
  readonly certPem: string;
  readonly outputs: Props;
  readonly id: string;
}

async function authority(algorithm: Props, more: Props = {}): Promise<Authority> {
  const privateKeyPem = text((await create("key", algorithm)).outputs, "privateKeyPem");
  const { id, outputs } = await create("own", {
    privateKeyPem,
    subject: { commonName: "Lab CA", organization: 'Carrel, "quoted"' },
    validityPeriodHours: 48,
    allowedUses: ["cert_signing", "crl_signing", "digital_signature"],
    isCaCertificate: true,
    ...more,
  });
  return { privateKeyPem, certPem: text(outputs, "certPem"), outputs, id };
}

describe("tls certificates", () => {
  for (const { inputs } of algorithms) {
    it(`of a ${Object.values(inputs).join(" ")} authority verify, with names, uses and validity`, async () => {
      const ca = await authority(inputs);
      const root = new X509Certificate(ca.certPem);
      assert.equal(root.verify(createPublicKey(ca.privateKeyPem)), true);
      assert.equal(root.checkIssued(root), true);
      assert.deepEqual([root.ca, root.subject], [true, 'CN=Lab CA\nO=Carrel\\, \\"quoted\\"']);
      assert.equal(ca.id, BigInt(`0x${root.serialNumber}`).toString());
      const { certPem: _pem, privateKeyPem: _key, subject: _subject, ...outputs } = ca.outputs;
      assert.deepEqual(outputs, {
        ...{ earlyRenewalHours: 0, isCaCertificate: true, setSubjectKeyId: false, setAuthorityKeyId: false },
        ...{ validityPeriodHours: 48, allowedUses: ["cert_signing", "crl_signing", "digital_signature"] },
        validityStartTime: "2026-03-04T05:06:07.000Z",
        validityEndTime: "2026-03-06T05:06:07.000Z",
        readyForRenewal: false,
        keyAlgorithm: inputs.algorithm,
      });
    });
  }

  it("are signed for a request: its key and names, the authority's issuer and signature", async () => {
    const ca = await authority({ algorithm: "ECDSA", ecdsaCurve: "P256" });
    const key = await create("key", { algorithm: "RSA", rsaBits: 2048 });
    const privateKeyPem = text(key.outputs, "privateKeyPem");
    const request = await create("request", { privateKeyPem, subject: { commonName: "server" }, ...names });
    const csr = new Pkcs10CertificateRequest(text(request.outputs, "certRequestPem"));
    assert.equal(await csr.verify(), true);
    assert.deepEqual([csr.subject, request.outputs["keyAlgorithm"]], ["CN=server", "RSA"]);
    assert.equal(csr.extensions.find((each) => each instanceof SubjectAlternativeNameExtension)?.names.items.length, 5);
    const certRequestPem = text(request.outputs, "certRequestPem");
    const by = { caPrivateKeyPem: ca.privateKeyPem, caCertPem: ca.certPem };
    const { outputs } = await create("signed", { certRequestPem, ...by, ...signing });
    const [leaf, root] = [new X509Certificate(text(outputs, "certPem")), new X509Certificate(ca.certPem)];
    assert.equal(leaf.verify(root.publicKey), true);
    assert.equal(leaf.checkIssued(root), true);
    assert.equal(leaf.checkPrivateKey(createPrivateKey(privateKeyPem)), true);
    assert.deepEqual([leaf.ca, leaf.subject, leaf.issuer], [false, "CN=server", root.subject]);
    assert.equal(
      leaf.subjectAltName,
      "DNS:a.example, DNS:*.b.example, IP Address:10.0.0.1, IP Address:FD00:0:0:0:0:0:0:1, URI:spiffe://x/y",
    );
    assert.equal(leaf.checkHost("x.b.example"), "*.b.example");
    assert.deepEqual(leaf.keyUsage, ["1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2"]);
    assert.deepEqual(
      [leaf.validFromDate, leaf.validToDate].map((date) => date.toISOString()),
      ["2026-03-04T05:06:07.000Z", "2026-03-04T17:06:07.000Z"],
    );
    assert.equal(outputs["caKeyAlgorithm"], "ECDSA");
    assert.deepEqual(extensionIds(text(outputs, "certPem")), [
      "2.5.29.14",
      "2.5.29.15",
      "2.5.29.17",
      "2.5.29.35",
      "2.5.29.37",
    ]);
  });

  it("carry the extensions that are asked for, and no others", async () => {
    const plain = { isCaCertificate: false, allowedUses: [] };
    assert.deepEqual(extensionIds((await authority({ algorithm: "ED25519" }, plain)).certPem), []);
    const full = { maxPathLength: 1, setAuthorityKeyId: true, dnsNames: ["ca.example"] };
    const { certPem } = await authority({ algorithm: "ED25519" }, full);
    assert.deepEqual(extensionIds(certPem), ["2.5.29.14", "2.5.29.15", "2.5.29.17", "2.5.29.19", "2.5.29.35"]);
    const critical = Array.from(new Parsed(certPem).extensions).filter((each) => each.critical);
    assert.deepEqual(critical.map(({ type }) => type).sort(), ["2.5.29.15", "2.5.29.19"]);
  });

  it("refuse uses, subjects and keys that they cannot carry", async () => {
    await assert.rejects(authority({ algorithm: "ED25519" }, { allowedUses: ["server_auth", "netscape"] }), {
      message: "allowedUses: netscape is not supported by the lab's engine",
    });
    await assert.rejects(authority({ algorithm: "ED25519" }, { subject: { nickname: "x" } }), {
      message: "subject: nickname is not supported by the lab's engine",
    });
    await assert.rejects(authority({ algorithm: "ED25519" }, { subject: { streetAddresses: ["x"] } }), {
      message: "subject: streetAddresses is not supported by the lab's engine",
    });
    await assert.rejects(authority({ algorithm: "ECDSA" }), {
      message: "certificates need an RSA, ED25519 or P-256, P-384, P-521 key: P-224 cannot sign here",
    });
  });
});

const extensionIds = (pem: string): string[] => Array.from(new Parsed(pem).extensions, ({ type }) => type).sort();

describe("the renewal of certificates", () => {
  const existing = {
    urn: "urn",
    type: types.own,
    id: "1",
    inputs: { earlyRenewalHours: 2 },
    outputs: { validityEndTime: "2026-03-04T12:00:00.000Z" },
  };
  const reason = "expires 2026-03-04T12:00:00.000Z, renewed from 2026-03-04T10:00:00.000Z";

  it("begins exactly `earlyRenewalHours` before the end", () => {
    assert.equal(renewalReason(existing, new Date("2026-03-04T09:59:59.999Z")), undefined);
    assert.equal(renewalReason(existing, new Date("2026-03-04T10:00:00.000Z")), reason);
    const late = { ...existing, inputs: {} };
    assert.equal(renewalReason(late, new Date("2026-03-04T11:59:59.999Z")), undefined);
    assert.equal(
      renewalReason(late, new Date("2026-03-04T12:00:00.000Z")),
      "expires 2026-03-04T12:00:00.000Z, renewed from 2026-03-04T12:00:00.000Z",
    );
    assert.equal(renewalReason({ ...existing, outputs: {} }, now), undefined);
  });

  it("is a replacement in the diff", async () => {
    const at = (time: string): TlsProvider => new TlsProvider(() => new Date(time));
    assert.deepEqual(await at("2026-03-04T10:00:00Z").diff(existing, existing.inputs), {
      changes: [{ path: "readyForRenewal", kind: "update", old: false, new: reason, replaces: true }],
      replace: true,
      deleteBeforeReplace: false,
    });
    const none = { changes: [], replace: false, deleteBeforeReplace: false };
    assert.deepEqual(await at("2026-03-04T09:00:00Z").diff(existing, existing.inputs), none);
  });
});
