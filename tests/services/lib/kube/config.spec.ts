import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kubeConfigFromFile, kubeConfigFromText } from "../../../../services/lib/kube/config.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

/** A kubeconfig with one context, `here`, of the given parts. */
function configOf(cluster: object, user: object, context: object = {}): string {
  return JSON.stringify({
    "current-context": "here",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "here", context: { cluster: "c", user: "u", ...context } }],
  });
}

const two = `
current-context: one
clusters:
  - {name: c1, cluster: {server: "https://one:6443", certificate-authority-data: ${base64("CA é\n")}}}
  - {name: c2, cluster: {server: "http://two"}}
users:
  - {name: u1, user: {client-certificate-data: ${base64("CERT")}, client-key-data: ${base64("KEY")}}}
  - {name: u2, user: {token: secret}}
contexts:
  - {name: one, context: {cluster: c1, user: u1}}
  - {name: two, context: {cluster: c2, user: u2, namespace: work}}
  - {name: nobody, context: {cluster: c2}}
`;

describe("kubeConfigFromText", () => {
  it("takes the current context, with its data decoded", () => {
    assert.deepEqual(kubeConfigFromText(two), {
      server: "https://one:6443",
      context: "one",
      ca: "CA é\n",
      cert: "CERT",
      key: "KEY",
    });
  });

  it("takes the context that is asked for", () => {
    assert.deepEqual(kubeConfigFromText(two, "two"), {
      server: "http://two",
      context: "two",
      namespace: "work",
      token: "secret",
    });
    assert.deepEqual(kubeConfigFromText(two, "nobody"), { server: "http://two", context: "nobody" });
  });

  const refused: readonly [string, () => unknown, { code: string; message: string }][] = [
    [
      "a context that is not there",
      () => kubeConfigFromText(two, "three"),
      { code: "kubeconfig-context", message: 'kubeconfig has no context "three": use one of one, two, nobody' },
    ],
    [
      "an empty file",
      () => kubeConfigFromText(""),
      { code: "kubeconfig-context", message: 'kubeconfig has no context "": use one of none' },
    ],
    [
      "what is not YAML",
      () => kubeConfigFromText("{a: ["),
      { code: "kubeconfig-syntax", message: "kubeconfig is not YAML: correct it, or name another file" },
    ],
    [
      "a cluster without a server",
      () => kubeConfigFromText(configOf({}, {})),
      {
        code: "kubeconfig-server",
        message: 'kubeconfig context "here" has no server: set clusters[].cluster.server',
      },
    ],
    [
      "unverified TLS",
      () => kubeConfigFromText(configOf({ server: "https://x", "insecure-skip-tls-verify": true }, {})),
      {
        code: "kubeconfig-insecure",
        message:
          'kubeconfig context "here" sets insecure-skip-tls-verify: give the cluster\'s certificate-authority instead',
      },
    ],
    ...["exec", "auth-provider", "username", "tokenFile"].map(
      (key): [string, () => unknown, { code: string; message: string }] => [
        `a login by ${key}`,
        () => kubeConfigFromText(configOf({ server: "https://x" }, { [key]: {} })),
        {
          code: "kubeconfig-user",
          message: `kubeconfig context "here" logs in by ${key}, which is not supported here: use a client certificate or a token`,
        },
      ],
    ),
  ];
  for (const [what, work, error] of refused) {
    it(`refuses ${what}`, () => assert.throws(work, { name: "UserError", ...error }));
  }

  it("accepts TLS that is said to be verified", () => {
    assert.deepEqual(kubeConfigFromText(configOf({ server: "https://x", "insecure-skip-tls-verify": false }, {})), {
      server: "https://x",
      context: "here",
    });
  });
});

describe("kubeConfigFromFile", () => {
  const folder = mkdtempSync(join(tmpdir(), "carrel-kubeconfig-"));
  after(() => rmSync(folder, { recursive: true }));

  it("reads the files that it names, relative to itself or absolute", () => {
    mkdirSync(join(folder, "pki"));
    for (const name of ["ca", "cert", "key"]) writeFileSync(join(folder, "pki", name), `${name} text`);
    const path = join(folder, "config");
    const user = { "client-certificate": "pki/cert", "client-key": join(folder, "pki", "key") };
    writeFileSync(path, configOf({ server: "https://x", "certificate-authority": "./pki/ca" }, user));
    assert.deepEqual(kubeConfigFromFile(path, "here"), {
      server: "https://x",
      context: "here",
      ca: "ca text",
      cert: "cert text",
      key: "key text",
    });
  });

  it("prefers data to a file", () => {
    const ca = { "certificate-authority": "/nowhere", "certificate-authority-data": base64("DATA") };
    assert.equal(kubeConfigFromText(configOf({ server: "https://x", ...ca }, {})).ca, "DATA");
  });

  it("says which file cannot be read", () => {
    const path = join(folder, "absent");
    assert.throws(() => kubeConfigFromFile(path), {
      code: "kubeconfig-unreadable",
      message: `kubeconfig ${path} cannot be read: name a readable file`,
    });
    const named = configOf({ server: "https://x", "certificate-authority": "gone.crt" }, {});
    assert.throws(() => kubeConfigFromText(named, undefined, folder), {
      code: "kubeconfig-file",
      message: "kubeconfig names gone.crt as certificate-authority, which cannot be read: correct it",
    });
  });
});
