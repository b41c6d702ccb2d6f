import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { CLIENT_SECRETS, ClientSecrets, realmClients } from "../../../components/identity/client-secrets.ts";
import { secretClients } from "../../../services/controllers/realm/standard.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (): Promise<Recording<ClientSecrets>> =>
  recordParts((opts) => new ClientSecrets("keys", { namespace: pulumi.output("library-system") }, opts));

const password = (client: string) => ({
  type: "random:index/randomPassword:RandomPassword",
  name: `keys-${client}`,
  parent: "keys",
  provider: "",
  dependsOn: [],
  inputs: { length: 48, special: false },
});

describe("ClientSecrets", () => {
  it("has a secret for each client that the reconciler asks for", () => {
    assert.deepEqual(realmClients, secretClients);
  });

  it("makes letters and digits for each client, in one Secret with a file for each", async () => {
    const { resources, outputs } = await build();
    const stringData = Object.fromEntries(realmClients.map((client) => [client, `result of keys-${client}`]));
    assert.deepEqual(resources, [
      {
        ...{ type: "carrel:identity:ClientSecrets", name: "keys", parent: "", provider: "", dependsOn: [] },
        inputs: {},
      },
      {
        ...{ type: "kubernetes:core/v1:Secret", name: "keys-secret", parent: "keys", provider: "cluster" },
        dependsOn: [],
        inputs: {
          apiVersion: "v1",
          kind: "Secret",
          metadata: { name: "realm-clients", namespace: "library-system", labels: labels("identity") },
          type: "Opaque",
          stringData: secret(stringData),
        },
      },
      ...[...realmClients].sort().map(password),
    ]);
    assert.deepEqual(outputs, { keys: { secretName: CLIENT_SECRETS } });
  });

  it("gives the secret of a client away as a secret, and no other one's", async () => {
    const values = await recordParts(async (opts) => {
      const secrets = new ClientSecrets("keys", { namespace: "library-system" }, opts);
      const of = (client: "hub" | "carrel-api") =>
        new Promise((tell) => secrets.of(client).apply((value) => tell(value)));
      const areSecret = await Promise.all(realmClients.map((client) => pulumi.isSecret(secrets.of(client))));
      return [await of("hub"), await of("carrel-api"), ...new Set(areSecret)];
    });
    assert.deepEqual(values.built, ["result of keys-hub", "result of keys-carrel-api", true]);
  });
});
