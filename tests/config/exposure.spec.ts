import assert from "node:assert/strict";
import { publicNames } from "../../config/exposure.ts";
import { loadSettings } from "../../config/settings.ts";
import { type Issued, issue } from "../support/public-certificates.ts";
import { lab, namesOf, problemsOf, productionWith, rawOf, settingsOf } from "./configurations.ts";

describe("publicNames", () => {
  it("leaves the port of HTTPS out of URLs, and no other", () => {
    assert.deepEqual(publicNames("a.example.org", 443), namesOf("a.example.org"));
    assert.deepEqual(publicNames("a.example.org", 8443), namesOf("a.example.org", ":8443"));
  });
});

describe("exposure", () => {
  let pair: Issued;
  before(async () => {
    pair = await issue("notebooks.example.org", { names: ["notebooks.example.org"] });
  });
  const ofTheLab = {
    publicPort: 8444,
    sshPort: 2223,
    httpPort: 8081,
    gatewayClass: "carrel-lab",
    gatewayCidrs: ["10.189.1.3/32"],
  };
  const inLab = (config: Parameters<typeof rawOf>[0] = {}) =>
    loadSettings(rawOf({ host: "a.localhost", lab: "dev", ...config }), () => ({ ...lab, exposure: ofTheLab }));

  it("takes ports, class and addresses from the lab", () => {
    const { port, ssh, names, exposure } = inLab();
    assert.deepEqual([port, ssh, names], [8444, { port: 2223 }, namesOf("a.localhost", ":8444")]);
    assert.deepEqual(exposure, {
      httpPort: 8081,
      gatewayClass: "carrel-lab",
      clients: { namespace: "carrel-gateway", cidrs: ["10.189.1.3/32"] },
      tls: { from: "authority" },
      otherHosts: [],
      metallbAddresses: [],
    });
  });

  it("lets the configuration go before the lab", () => {
    const { port, exposure } = inLab({ port: "9443", exposure: { gatewayClass: "envoy", gatewayCidrs: [] } });
    assert.deepEqual([port, exposure.gatewayClass, exposure.clients.cidrs], [9443, "envoy", []]);
  });

  it("takes a certificate with its key, a Secret, or an issuer", () => {
    const tls = (exposure: object) => settingsOf(productionWith({ exposure: { ...exposure } })).exposure.tls;
    const { pem: certificate, keyPem: privateKey } = pair;
    assert.deepEqual(tls({ certificate, privateKey }), { from: "files", certificate, privateKey });
    assert.deepEqual(tls({ tlsSecret: "public-tls" }), { from: "secret", name: "public-tls" });
    assert.deepEqual(tls({ issuer: "Issuer/site" }), { from: "issuer", kind: "Issuer", name: "site" });
  });

  it("does not take a certificate without its key, nor a key alone", () => {
    assert.deepEqual(problemsOf(productionWith({ exposure: { certificate: pair.pem } })), [
      "carrel:exposure.certificate: must not be set without carrel:exposure.privateKey; set both or none",
    ]);
    assert.deepEqual(problemsOf(productionWith({ exposure: { privateKey: pair.keyPem } })), [
      "carrel:exposure.privateKey: must not be set without carrel:exposure.certificate; set both or none",
    ]);
  });
});
