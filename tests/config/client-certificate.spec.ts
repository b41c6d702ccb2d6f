import assert from "node:assert/strict";
import { checkAuthorities, checkCommonName } from "../../config/client-certificate.ts";
import { Authority } from "../services/admission/authority.ts";
import { problemsOf, productionWith, settingsOf } from "./configurations.ts";

describe("authorities of clients", () => {
  let valid: Authority;
  let ended: Authority;
  before(async () => {
    [valid, ended] = await Promise.all([Authority.create("valid"), Authority.create("ended", -2)]);
  });

  it("may be one or several, with words between them", () => {
    for (const pem of [valid.pem, `${valid.pem}\n`, `# first\n${valid.pem}\r\n# second\r\n${valid.pem}`]) {
      assert.equal(checkAuthorities(pem), undefined);
    }
  });

  it("must be there, and readable", () => {
    for (const pem of ["", "ca.crt", valid.pem.slice(0, -4)]) {
      assert.deepEqual(checkAuthorities(pem), { wrong: "must be certificates in PEM" });
    }
    const text = "-----BEGIN CERTIFICATE-----\nbm8=\n-----END CERTIFICATE-----";
    const unread = (which: string): object => ({ wrong: `must be certificates in PEM, but ${which} cannot be read` });
    assert.deepEqual(checkAuthorities(text), unread("the certificate"));
    assert.deepEqual(checkAuthorities(`${valid.pem}\n${text}`), unread("certificate 2"));
  });

  it("must be nothing but certificates of authorities that have not ended", async () => {
    const flaw = (which: string, what: string): object => ({
      wrong: `must be certificates of authorities that are valid, but ${which} ${what}`,
    });
    const client = await valid.sign("CN=a");
    assert.deepEqual(checkAuthorities(client.cert), flaw("the certificate", "is not an authority's"));
    const day = new Date(Date.now() - 2 * 86_400_000).toISOString().slice(0, 10);
    assert.deepEqual(checkAuthorities(`${valid.pem}\n${ended.pem}`), flaw("certificate 2", `has ended on ${day}`));
    assert.deepEqual(checkAuthorities(`${valid.pem}\n${client.key}`), {
      wrong: "must be certificates only, but there is a PRIVATE KEY",
      fix: "leave it out",
    });
  });

  it("are taken with the names that may call, and without names for any", () => {
    const given = (admission: object): unknown =>
      settingsOf(productionWith({ admission: { ...admission } })).admission.clients;
    const { pem: ca } = valid;
    assert.deepEqual(given({ clientCa: ca, clientNames: ["a"] }), { ca, names: ["a"] });
    assert.deepEqual(given({ clientCa: ca }), { ca, names: [] });
    assert.equal(given({}), undefined);
    assert.equal(given({ clientNames: [] }), undefined);
  });

  it("that are wrong are one problem, not two with the names", () => {
    assert.equal(problemsOf(productionWith({ admission: { clientCa: "x", clientNames: ["a"] } })).length, 1);
  });
});

describe("checkCommonName", () => {
  it("takes a name with whatever a name may have", () => {
    for (const name of ["kube-apiserver", "system:kube-apiserver", "API server 1", "*.x"]) {
      assert.equal(checkCommonName(name), undefined);
    }
  });

  const wrong = {
    "": "must be a common name without spaces around it",
    " a": "must be a common name without spaces around it",
    "a,b": "must be one common name, without a comma",
  };
  for (const [name, text] of Object.entries(wrong)) {
    it(`refuses ${JSON.stringify(name)}`, () => assert.deepEqual(checkCommonName(name), { wrong: text }));
  }

  it("proposes the name of a subject", () => {
    assert.deepEqual(checkCommonName("cn=a"), { wrong: "must be a common name alone", fix: 'write "a"' });
  });
});
