import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { BOOTSTRAP_SECRET, BootstrapAccount } from "../../../components/identity/bootstrap-account.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<BootstrapAccount>> =>
  recordParts(
    (opts) =>
      new BootstrapAccount(
        "first",
        { identityNamespace: pulumi.output("library-identity"), systemNamespace: pulumi.output("library-system") },
        opts,
      ),
  );

const copy = (part: string) => ({
  ...{ type: "kubernetes:core/v1:Secret", name: `first-${part}`, parent: "first", provider: "cluster" },
  dependsOn: [],
  inputs: {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: BOOTSTRAP_SECRET, namespace: `library-${part}`, labels: labels("identity") },
    type: "Opaque",
    stringData: secret({ "client-id": "carrel-bootstrap", "client-secret": "result of first-password" }),
  },
});

describe("BootstrapAccount", () => {
  it("is one client with one secret, known to Keycloak and to the reconciler", async () => {
    const { resources } = await build();
    assert.equal(BOOTSTRAP_SECRET, "keycloak-bootstrap");
    assert.deepEqual(resources, [
      {
        ...{ type: "carrel:identity:BootstrapAccount", name: "first", parent: "", provider: "", dependsOn: [] },
        inputs: {},
      },
      copy("identity"),
      copy("system"),
      {
        ...{ type: "random:index/randomPassword:RandomPassword", name: "first-password", parent: "first" },
        ...{ provider: "", dependsOn: [], inputs: { length: 48, special: false } },
      },
    ]);
  });
});
