import assert from "node:assert/strict";
import { checkCertificate } from "../../../components/exposure/certificate-check.ts";
import { type Issued, issue } from "../../support/public-certificates.ts";

const now = new Date("2026-06-01T00:00:00Z");
const names = ["example.org", "id.example.org"];

describe("checkCertificate", () => {
  let root: Issued;
  let upper: Issued;
  let lower: Issued;
  let leaf: Issued;
  before(async () => {
    root = await issue("Root", { now });
    upper = await issue("Upper", { now }, root);
    lower = await issue("Lower", { now }, upper);
    leaf = await issue("example.org", { now, names: ["example.org", "*.example.org"], usage: "serverAuth" }, lower);
  });

  const verdict = (certificates: readonly Issued[], key: string = leaf.keyPem, at = now) =>
    checkCertificate({
      certificate: certificates.map(({ pem }) => pem).join(""),
      privateKey: key,
      names,
      now: at.getTime(),
      roots: [root.pem],
    });
  const problems = (certificates: readonly Issued[], key?: string, at?: Date): readonly string[] =>
    verdict(certificates, key, at).problems;
  const right = { problems: [], warnings: [] };

  it("finds nothing wrong with a whole chain, with its root or without", () => {
    assert.deepEqual(verdict([leaf, lower, upper]), right);
    assert.deepEqual(verdict([leaf, lower, upper, root]), right);
  });

  it("takes an authority of one's own where its certificate is at the end", async () => {
    const own = await issue("Own", { now });
    const signed = await issue("example.org", { now, names }, own);
    assert.deepEqual(verdict([signed, own], signed.keyPem), right);
    assert.deepEqual(problems([signed], signed.keyPem), [
      'the chain is not complete: nobody knows "CN=Own", which has signed "CN=example.org": append its certificate, and those up to an authority that browsers know or to your own',
    ]);
  });

  it("names the intermediate that is missing at the end", () => {
    const missing = (issuer: string, last: string): string =>
      `the chain is not complete: nobody knows "CN=${issuer}", which has signed "CN=${last}": append its certificate, and those up to an authority that browsers know or to your own`;
    assert.deepEqual(problems([leaf]), [missing("Lower", "example.org")]);
    assert.deepEqual(problems([leaf, lower]), [missing("Upper", "Lower")]);
  });

  it("names what is out of order, and what is missing between", () => {
    const gap = (i: number, issuer: string, signed: string): string =>
      `certificate ${i}, "CN=${issuer}", has not signed the one before it, "CN=${signed}": order them from the names' own to the last intermediate`;
    assert.deepEqual(problems([leaf, upper]), [gap(2, "Upper", "example.org")]);
    assert.deepEqual(problems([leaf, upper, lower]), [gap(2, "Upper", "example.org"), gap(3, "Lower", "Upper")]);
    const [first] = problems([lower, leaf]);
    assert.equal(first, 'the first certificate, "CN=Lower", is an authority\'s: put the one of the names first');
  });

  it("is not taken in by an authority of the same name", async () => {
    const impostor = await issue("Lower", { now }, upper);
    assert.deepEqual(problems([leaf, impostor, upper]), [
      'certificate 2, "CN=Lower", has not signed the one before it, "CN=example.org": order them from the names\' own to the last intermediate',
    ]);
  });

  it("holds the key to the certificate", () => {
    assert.deepEqual(problems([leaf, lower, upper], lower.keyPem), [
      'the private key is not the one of "CN=example.org": give the key that it was requested with',
    ]);
    assert.deepEqual(problems([leaf, lower, upper], "none"), [
      "its private key cannot be read: give PEM without a passphrase",
    ]);
  });

  it("names every name that is not covered; a wildcard covers one label, and a common name none", async () => {
    const narrow = await issue("id.example.org", { now, names: ["*.id.example.org", "example.com"] }, root);
    assert.deepEqual(problems([narrow], narrow.keyPem), [
      '"CN=id.example.org" is not for example.org, id.example.org: have these names, or wildcards for them, added',
    ]);
  });

  it("knows when each certificate begins and ends, and warns three weeks ahead", async () => {
    const ended = await issue("example.org", { now, names, to: 0 }, root);
    assert.deepEqual(problems([ended], ended.keyPem), ['"CN=example.org" has ended on 2026-06-01: renew it']);
    const future = await issue("example.org", { now, names, from: 1 }, root);
    assert.deepEqual(problems([future], future.keyPem), [
      '"CN=example.org" begins only on 2026-06-02: wait, or take another',
    ]);
    const in20Days = await issue("example.org", { now, names, to: 20 }, root);
    assert.deepEqual(verdict([in20Days], in20Days.keyPem), {
      problems: [],
      warnings: ['"CN=example.org" ends on 2026-06-21, in 20 days: renew it'],
    });
    const in21Days = await issue("example.org", { now, names, to: 21 }, root);
    assert.deepEqual(verdict([in21Days], in21Days.keyPem), right);
    const old = await issue("Old", { now, to: 0 }, root);
    const young = await issue("example.org", { now, names }, old);
    assert.deepEqual(problems([young, old], young.keyPem), ['"CN=Old" has ended on 2026-06-01: renew it']);
  });

  it("refuses a certificate for clients, and a short key", async () => {
    const client = await issue("example.org", { now, names, usage: "clientAuth" }, root);
    assert.deepEqual(problems([client], client.keyPem), [
      '"CN=example.org" is not for servers: have it issued for server authentication',
    ]);
    const short = await issue("example.org", { now, names, rsaBits: 1024 }, root);
    assert.deepEqual(problems([short], short.keyPem), [
      '"CN=example.org" has an RSA key of 1024 bits: take one of at least 2048',
    ]);
  });

  it("says that there is nothing to read, and nothing else", () => {
    const unread = (certificate: string) =>
      checkCertificate({ certificate, privateKey: "", names, now: now.getTime() });
    assert.deepEqual(unread("").problems, ["there is no certificate in it: give PEM"]);
    const broken = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----";
    assert.deepEqual(unread(broken).problems, ["it cannot be read: give certificates in PEM"]);
  });
});
