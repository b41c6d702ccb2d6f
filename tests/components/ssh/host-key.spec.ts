import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HostKey } from "../../../components/ssh/host-key.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (port: number): Promise<Recording<HostKey>> =>
  recordParts(
    (opts) => new HostKey("door", { namespace: pulumi.output("library-hub"), host: "library.test", port }, opts),
  );

describe("HostKey", () => {
  it("makes one ed25519 key and keeps it in a Secret of a fixed name", async () => {
    const inside = { parent: "door", dependsOn: [] };
    assert.deepEqual((await build(22)).resources, [
      { type: "carrel:ssh:HostKey", name: "door", parent: "", provider: "", dependsOn: [], inputs: {} },
      {
        type: "kubernetes:core/v1:Secret",
        name: "door-secret",
        ...inside,
        provider: "cluster",
        inputs: {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "ssh-host-key", namespace: "library-hub", labels: labels("ssh") },
          type: "Opaque",
          stringData: secret({ "host-key": "privateKeyOpenssh of door-key" }),
        },
      },
      {
        type: "tls:index/privateKey:PrivateKey",
        name: "door-key",
        ...inside,
        provider: "",
        inputs: { algorithm: "ED25519" },
      },
    ]);
  });

  it("tells the fingerprint and the line of known hosts, in the form of the port", async () => {
    const fingerprint = "publicKeyFingerprintSha256 of door-key";
    assert.deepEqual((await build(22)).outputs, {
      door: { fingerprint, knownHosts: "library.test publicKeyOpenssh of door-key" },
    });
    assert.deepEqual((await build(2222)).outputs, {
      door: { fingerprint, knownHosts: "[library.test]:2222 publicKeyOpenssh of door-key" },
    });
  });
});
