import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as pulumi from "@pulumi/pulumi";
import { ApiSecrets } from "../../../components/api/secrets.ts";
import { type Recording, recordParts, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const args = { namespace: pulumi.output("library-system"), clientSecret: pulumi.secret("of-the-client") };
const build = (): Promise<Recording<ApiSecrets>> => recordParts((opts) => new ApiSecrets("keys", args, opts));

const child = (type: string, part: string, provider: string, inputs: object) => ({
  ...{ type, name: `keys-${part}`, parent: "keys", provider, dependsOn: [], inputs },
});
const secretOf = (name: string, stringData: object) =>
  child("kubernetes:core/v1:Secret", name, "cluster", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name, namespace: "library-system", labels: labels("api") },
    type: "Opaque",
    stringData: secret(stringData),
  });
const PASSWORD = "random:index/randomPassword:RandomPassword";
const TOKEN = "result of keys-first-admin-token";

describe("ApiSecrets", () => {
  it("is what the API is known by, and what it knows links by: of the first administrator's, the hash alone", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:api:ApiSecrets", name: "keys", parent: "", provider: "", dependsOn: [], inputs: {} },
      secretOf("api", { "client-secret": "of-the-client", "server-secret": "result of keys-server-secret" }),
      secretOf("welcome", {
        "first-admin-hash": createHash("sha256").update(TOKEN).digest("hex"),
        "invitation-key": "hex of keys-invitation-key",
      }),
      child("random:index/randomBytes:RandomBytes", "invitation-key", "", { length: 32 }),
      child(PASSWORD, "first-admin-token", "", { length: 48, special: false }),
      child(PASSWORD, "server-secret", "", { length: 48, special: false }),
    ]);
    assert.deepEqual(outputs, { keys: { secretName: "api", welcomeName: "welcome" } });
  });

  it("gives the token and the shared secret away as secrets", async () => {
    const { built } = await recordParts(async (opts) => {
      const { serverSecret, firstAdminToken } = new ApiSecrets("keys", args, opts);
      const told = [serverSecret, firstAdminToken].map(
        async (output) => [await new Promise((tell) => output.apply(tell)), await pulumi.isSecret(output)] as const,
      );
      return Promise.all(told);
    });
    assert.deepEqual(built, [
      ["result of keys-server-secret", true],
      [TOKEN, true],
    ]);
  });
});
