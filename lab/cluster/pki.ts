import "reflect-metadata";
import { webcrypto } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as x509 from "@peculiar/x509";
import type { LabLayout } from "./layout.ts";

type KeyPair = webcrypto.CryptoKeyPair;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: KeyPair;
}

interface Subject {
  readonly commonName: string;
  readonly organization?: string;
  readonly names?: readonly x509.JsonGeneralName[];
  readonly usage: "client" | "server";
}

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
const DAY_MS = 86_400_000;

function pem(label: string, der: ArrayBuffer): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const newKeys = (): Promise<KeyPair> =>
  webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]) as Promise<KeyPair>;

async function keyPem(keys: KeyPair): Promise<string> {
  return pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
}

function validity(): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - 3_600_000), notAfter: new Date(Date.now() + 3650 * DAY_MS) };
}

async function newAuthority(commonName: string): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=${commonName}`,
    keys,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function issue(authority: Authority, subject: Subject): Promise<{ cert: string; key: string }> {
  const keys = await newKeys();
  const purpose = subject.usage === "client" ? x509.ExtendedKeyUsage.clientAuth : x509.ExtendedKeyUsage.serverAuth;
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject.commonName}${subject.organization === undefined ? "" : `, O=${subject.organization}`}`,
    issuer: authority.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    ...validity(),
    extensions: [
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([purpose]),
      ...(subject.names === undefined ? [] : [new x509.SubjectAlternativeNameExtension([...subject.names])]),
    ],
  });
  return { cert: certificate.toString("pem"), key: await keyPem(keys) };
}

const dns = (value: string): x509.JsonGeneralName => ({ type: "dns", value });
const ip = (value: string): x509.JsonGeneralName => ({ type: "ip", value });

function subjects(layout: LabLayout): Record<string, Subject> {
  const kubernetesNames = [
    "kubernetes",
    "kubernetes.default",
    "kubernetes.default.svc",
    "kubernetes.default.svc.cluster.local",
    "localhost",
  ];
  return {
    apiserver: {
      commonName: "kube-apiserver",
      usage: "server",
      names: [...kubernetesNames.map(dns), ...["127.0.0.1", layout.nodeAddress, layout.apiServiceAddress].map(ip)],
    },
    "apiserver-kubelet-client": {
      commonName: "kube-apiserver-kubelet-client",
      organization: "system:masters",
      usage: "client",
    },
    kubelet: { commonName: layout.nodeName, usage: "server", names: [dns(layout.nodeName), ip(layout.nodeAddress)] },
    admin: { commonName: "lab-admin", organization: "system:masters", usage: "client" },
    "controller-manager": { commonName: "system:kube-controller-manager", usage: "client" },
    scheduler: { commonName: "system:kube-scheduler", usage: "client" },
    "kube-proxy": { commonName: "system:kube-proxy", usage: "client" },
    node: { commonName: `system:node:${layout.nodeName}`, organization: "system:nodes", usage: "client" },
  };
}

function kubeconfig(layout: LabLayout, ca: string, { cert, key }: { cert: string; key: string }): string {
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  const name = `carrel-${layout.name}`;
  return `${JSON.stringify(
    {
      apiVersion: "v1",
      kind: "Config",
      "current-context": name,
      clusters: [{ name, cluster: { server: layout.apiServer, "certificate-authority-data": base64(ca) } }],
      users: [{ name, user: { "client-certificate-data": base64(cert), "client-key-data": base64(key) } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
    },
    null,
    2,
  )}\n`;
}

/** Clients that get a kubeconfig instead of bare files. */
const kubeconfigs = ["admin", "controller-manager", "scheduler", "kube-proxy", "node"];

/** Writes every key, certificate and kubeconfig of a lab below `<state>/pki`; private ones are readable by the owner alone. */
export async function writePki(layout: LabLayout): Promise<void> {
  const folder = join(layout.stateDir, "pki");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const write = (file: string, text: string): void => writeFileSync(join(folder, file), text, { mode: 0o600 });

  const ca = await newAuthority("carrel-lab-ca");
  const frontProxy = await newAuthority("carrel-lab-front-proxy-ca");
  const caPem = ca.certificate.toString("pem");
  write("ca.crt", caPem);
  write("ca.key", await keyPem(ca.keys));
  write("front-proxy-ca.crt", frontProxy.certificate.toString("pem"));
  const proxyClient = await issue(frontProxy, { commonName: "front-proxy-client", usage: "client" });
  write("front-proxy-client.crt", proxyClient.cert);
  write("front-proxy-client.key", proxyClient.key);

  const accounts = await newKeys();
  write("sa.key", await keyPem(accounts));
  write("sa.pub", pem("PUBLIC KEY", await webcrypto.subtle.exportKey("spki", accounts.publicKey)));

  for (const [name, subject] of Object.entries(subjects(layout))) {
    const pair = await issue(ca, subject);
    if (kubeconfigs.includes(name)) write(`${name}.kubeconfig`, kubeconfig(layout, caPem, pair));
    else {
      write(`${name}.crt`, pair.cert);
      write(`${name}.key`, pair.key);
    }
  }
}
