import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import { HubSecrets } from "../../../components/hub/secrets.ts";
import { type Recording, recordParts, resourceOf, secret } from "../../support/mocks.ts";
import { labels } from "../support.ts";

const build = (ssh = true): Promise<Recording<HubSecrets>> =>
  recordParts(
    (opts) =>
      new HubSecrets(
        "keys",
        {
          namespace: pulumi.output("library-hub"),
          oauthClientSecret: pulumi.secret("of the client"),
          apiServerSecret: pulumi.secret("of the API"),
          ssh,
        },
        opts,
      ),
  );

const key = (part: string) => ({
  type: "random:index/randomBytes:RandomBytes",
  name: `keys-${part}`,
  parent: "keys",
  provider: "",
  dependsOn: [],
  inputs: { length: 32 },
});
const stored = (part: string, values: Record<string, string>) => ({
  type: "kubernetes:core/v1:Secret",
  name: `keys-${part}`,
  parent: "keys",
  provider: "cluster",
  dependsOn: [],
  inputs: {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { namespace: "library-hub", labels: labels("hub") },
    type: "Opaque",
    immutable: true,
    stringData: secret(values),
  },
});

describe("HubSecrets", () => {
  it("makes each key once, and Secrets without a fixed name, so that new values roll the pods", async () => {
    const { resources, outputs } = await build();
    assert.deepEqual(resources, [
      { type: "carrel:hub:HubSecrets", name: "keys", parent: "", provider: "", dependsOn: [], inputs: {} },
      stored("hub", {
        JPY_COOKIE_SECRET: "hex of keys-cookie-key",
        JUPYTERHUB_CRYPT_KEY: "hex of keys-crypt-key",
        OAUTH_CLIENT_SECRET: "of the client",
        API_SERVER_SECRET: "of the API",
        CULLER_API_TOKEN: "hex of keys-culler-token",
        METRICS_API_TOKEN: "hex of keys-metrics-token",
        SSH_GATEWAY_TOKEN: "hex of keys-ssh-gateway-token",
      }),
      stored("proxy", { CONFIGPROXY_AUTH_TOKEN: "hex of keys-proxy-token" }),
      stored("ssh-gateway", { token: "hex of keys-ssh-gateway-token" }),
      ...["cookie-key", "crypt-key", "culler-token", "metrics-token", "proxy-token", "ssh-gateway-token"].map(key),
    ]);
    assert.deepEqual(outputs, {
      keys: { hub: "keys-hub-generated", proxy: "keys-proxy-generated", sshGateway: "keys-ssh-gateway-generated" },
    });
  });

  it("has no token of an SSH gateway where there is none", async () => {
    const { resources, built } = await build(false);
    assert.equal(built.sshGateway, undefined);
    assert.deepEqual(
      resources.filter((resource) => /ssh/i.test(JSON.stringify(resource))),
      [],
    );
  });

  it("gives no variable to the hub twice", async () => {
    const { resources } = await build();
    const names = ["keys-hub", "keys-proxy"].flatMap((name) => {
      const { stringData } = resourceOf(resources, name).inputs as { stringData: { secret: object } };
      return Object.keys(stringData.secret);
    });
    assert.deepEqual(names, [...new Set(names)]);
  });
});
