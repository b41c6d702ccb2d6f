import assert from "node:assert/strict";
import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TLSSocket } from "node:tls";
import { type LabLayout, labLayout } from "../../lab/cluster/layout.ts";
import { writePki } from "../../lab/cluster/pki.ts";
import { KubeClient } from "../../services/lib/kube/client.ts";
import { kubeConfigFromFile } from "../../services/lib/kube/config.ts";
import { Scratch } from "./environment.ts";

const clientUse = "1.3.6.1.5.5.7.3.2";
const serverUse = "1.3.6.1.5.5.7.3.1";

describe("the certificates of a lab", () => {
  let scratch: Scratch;
  let layout: LabLayout;
  before(async () => {
    scratch = new Scratch();
    layout = labLayout("spec", 1, scratch.folder);
    await writePki(layout);
  });
  after(() => scratch.restore());

  const file = (name: string): string => readFileSync(join(scratch.folder, "pki", name), "utf8");
  const config = (name: string) => kubeConfigFromFile(join(scratch.folder, "pki", `${name}.kubeconfig`));
  const ca = (): X509Certificate => new X509Certificate(file("ca.crt"));

  /** What matters of a certificate, after its signature and its key were checked. */
  function checked(cert: string, key: string, authority = ca()): unknown[] {
    const certificate = new X509Certificate(cert);
    assert.ok(certificate.verify(authority.publicKey), "its signature");
    assert.ok(certificate.checkIssued(authority), "its issuer");
    assert.ok(certificate.checkPrivateKey(createPrivateKey(key)), "its key");
    const years = (certificate.validToDate.getTime() - Date.now()) / (365 * 86_400_000);
    assert.ok(certificate.validFromDate.getTime() < Date.now() && years > 9.9 && years < 10.1, "its validity");
    return [certificate.subject, certificate.keyUsage, certificate.subjectAltName, certificate.ca];
  }

  it("are these files, for the owner alone", () => {
    const pairs = ["apiserver", "apiserver-kubelet-client", "ca", "front-proxy-client", "kubelet"];
    const configs = ["admin", "controller-manager", "kube-proxy", "node", "scheduler"];
    const folder = join(scratch.folder, "pki");
    assert.deepEqual(
      readdirSync(folder).sort(),
      [
        ...pairs.flatMap((name) => [`${name}.crt`, `${name}.key`]),
        ...configs.map((name) => `${name}.kubeconfig`),
        ...["front-proxy-ca.crt", "sa.key", "sa.pub"],
      ].sort(),
    );
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    assert.deepEqual([new Set(modes), statSync(folder).mode & 0o777], [new Set([0o600]), 0o700]);
  });

  it("have two authorities that know nothing of each other", () => {
    const front = new X509Certificate(file("front-proxy-ca.crt"));
    for (const [authority, name] of [
      [ca(), "carrel-lab-ca"],
      [front, "carrel-lab-front-proxy-ca"],
    ] as const) {
      assert.deepEqual([authority.subject, authority.issuer, authority.ca], [`CN=${name}`, `CN=${name}`, true]);
      assert.ok(authority.verify(authority.publicKey));
    }
    assert.equal(front.verify(ca().publicKey), false);
    assert.ok(ca().checkPrivateKey(createPrivateKey(file("ca.key"))));
    assert.deepEqual(checked(file("front-proxy-client.crt"), file("front-proxy-client.key"), front), [
      ...["CN=front-proxy-client", [clientUse], undefined, false],
    ]);
  });

  it("name the API server and the kubelet by all their names", () => {
    const names = ["", ".default", ".default.svc", ".default.svc.cluster.local"].map((end) => `DNS:kubernetes${end}`);
    assert.deepEqual(checked(file("apiserver.crt"), file("apiserver.key")), [
      "CN=kube-apiserver",
      [serverUse],
      [...names, "DNS:localhost", "IP Address:127.0.0.1", "IP Address:10.189.1.2", "IP Address:10.221.0.1"].join(", "),
      false,
    ]);
    assert.deepEqual(checked(file("kubelet.crt"), file("kubelet.key")), [
      ...["CN=carrel-spec", [serverUse], "DNS:carrel-spec, IP Address:10.189.1.2", false],
    ]);
  });

  it("tell each client apart, by user and group", () => {
    const clients: Record<string, string> = {
      admin: "CN=lab-admin\nO=system:masters",
      "controller-manager": "CN=system:kube-controller-manager",
      scheduler: "CN=system:kube-scheduler",
      "kube-proxy": "CN=system:kube-proxy",
      node: "CN=system:node:carrel-spec\nO=system:nodes",
    };
    for (const [name, subject] of Object.entries(clients)) {
      const { cert = "", key = "", ...rest } = config(name);
      assert.deepEqual(rest, { server: "https://10.189.1.2:6443", context: "carrel-spec", ca: file("ca.crt") });
      assert.deepEqual(checked(cert, key), [subject, [clientUse], undefined, false], name);
    }
    assert.deepEqual(checked(file("apiserver-kubelet-client.crt"), file("apiserver-kubelet-client.key")), [
      ...["CN=kube-apiserver-kubelet-client\nO=system:masters", [clientUse], undefined, false],
    ]);
  });

  it("sign service account tokens with a key of their own", () => {
    const data = Buffer.from("token");
    const signature = sign("sha256", data, createPrivateKey(file("sa.key")));
    assert.ok(verify("sha256", data, createPublicKey(file("sa.pub")), signature));
    assert.equal(ca().checkPrivateKey(createPrivateKey(file("sa.key"))), false);
  });

  it("let the administrator in over TLS, and nobody without a certificate", async () => {
    const tls = { cert: file("apiserver.crt"), key: file("apiserver.key"), ca: file("ca.crt") };
    const server = createServer({ ...tls, requestCert: true, rejectUnauthorized: false }, (request, response) => {
      const socket = request.socket as TLSSocket;
      response.end(socket.authorized ? String(socket.getPeerCertificate().subject.CN) : "stranger");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const admin = new KubeClient({ ...config("admin"), server: address });
    const stranger = new KubeClient({ server: address, ca: file("ca.crt") });
    const distrustful = new KubeClient({ server: address, ca: file("front-proxy-ca.crt") });
    try {
      const names = [await admin.request("GET", "/"), await stranger.request("GET", "/")];
      assert.deepEqual(names, ["lab-admin", "stranger"]);
      await assert.rejects(distrustful.request("GET", "/"), { code: "SELF_SIGNED_CERT_IN_CHAIN" });
    } finally {
      for (const client of [admin, stranger, distrustful]) client.close();
      server.close();
      server.closeAllConnections();
    }
  });
});
